//! Raises the kernel's limits on this process, and restores the user's own for what the user runs.
//!
//! Must not know what a run needs. The invariant: what may be raised is raised, so that only what cannot be is ever refused or
//! advised about.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource as Rlimit, getrlimit, setrlimit};

use crate::error::{Error, Result};
use crate::host::{privilege, pseudo};

/// What is raised, with what errors call it.
const RAISED: [(Rlimit, &str); 2] = [
    (Rlimit::RLIMIT_NOFILE, "the limit of open files"),
    (Rlimit::RLIMIT_NPROC, "the limit of threads"),
];

/// The soft and the hard limit.
type Pair = (u64, u64);

/// The limits that this process was started with: of open files and of threads. Written as `1024:4096,500:500`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found([Pair; 2]);

static FOUND: OnceLock<Found> = OnceLock::new();

/// Raises the limits of open files and of threads as far as may be, for this process and those it starts: the soft ones to
/// the hard ones, and the hard ones too where the process has `CAP_SYS_RESOURCE` over the machine.
///
/// # Errors
/// The kernel's refusal, which only a security module can cause.
pub fn raise() -> Result<Found> {
    let mut kernel = |limit, (soft, hard)| setrlimit(limit, soft, hard);
    let found = raise_by(&mut kernel, privilege::may_raise_limits().then(ceilings))?;
    // What is found by a second call is what the first has raised.
    Ok(*FOUND.get_or_init(|| found))
}

/// What [`raise`] found; none where it was not called.
#[must_use]
pub fn found() -> Option<Found> {
    FOUND.get().copied()
}

/// How a limit is set.
type Set<'a> = &'a mut dyn FnMut(Rlimit, Pair) -> nix::Result<()>;

/// The same by a kernel that may stand in for this one. `ceilings` are those of hard limits, where they may be raised.
fn raise_by(set: Set<'_>, ceilings: Option<[u64; 2]>) -> Result<Found> {
    let mut found = [(0, 0); 2];
    for (at, (limit, name)) in RAISED.into_iter().enumerate() {
        let refused = |act, errno: Errno| Error::kernel(act, name, errno.into());
        found[at] = getrlimit(limit).map_err(|errno| refused("read", errno))?;
        let most = ceilings.map_or(0, |most| most[at]).max(found[at].1);
        if found[at] != (most, most) {
            set(limit, (most, most)).map_err(|errno| refused("raise", errno))?;
        }
    }
    Ok(Found(found))
}

/// The most that the kernel takes as hard limits. Of open files none beyond this sysctl, whoever asks (`do_prlimit`).
fn ceilings() -> [u64; 2] {
    let files = pseudo::number(pseudo::sysctl_path("fs.nr_open"));
    [files.unwrap_or(0), RLIM_INFINITY]
}

impl Found {
    /// Puts the limits back to what they were, for a program of the user's. It is safe between fork and exec.
    ///
    /// # Errors
    /// None where they were raised: everybody may lower.
    pub fn give_back(self) -> nix::Result<()> {
        let mut pairs = RAISED.into_iter().zip(self.0);
        pairs.try_for_each(|((limit, _), (soft, hard))| setrlimit(limit, soft, hard))
    }
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [files, threads] = self.0.map(|(soft, hard)| format!("{soft}:{hard}"));
        write!(out, "{files},{threads}")
    }
}

impl FromStr for Found {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pair = |text: &str| {
            let (soft, hard) = text.split_once(':')?;
            Some((soft.parse().ok()?, hard.parse().ok()?))
        };
        text.split_once(',')
            .and_then(|(files, threads)| Some(Self([pair(files)?, pair(threads)?])))
            .ok_or_else(|| format!("{text} is not two pairs of limits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::alone;

    fn now() -> Found {
        Found(RAISED.map(|(limit, _)| getrlimit(limit).unwrap()))
    }

    #[test]
    fn soft_limits_are_raised_to_the_hard_ones_and_given_back() {
        let pid = alone::start(|| {
            let (_, hard) = getrlimit(Rlimit::RLIMIT_NOFILE).unwrap();
            setrlimit(Rlimit::RLIMIT_NOFILE, 64, hard).unwrap();
            let before = now();
            let mut kernel = |limit, (soft, hard)| setrlimit(limit, soft, hard);
            let found = raise_by(&mut kernel, None).unwrap();
            assert_eq!(found, before);
            assert!(now().0.iter().all(|(soft, hard)| soft == hard));
            found.give_back().unwrap();
            assert_eq!(now().0.map(|pair| pair.0), before.0.map(|pair| pair.0));
        });
        assert_eq!(alone::exit_code(pid), 0);
    }

    /// A kernel stands in: the machine that this was written on does not have the capability.
    #[test]
    fn who_may_raise_hard_limits_has_them_raised_as_far_as_the_kernel_goes() {
        let mut asked = Vec::new();
        let mut kernel = |limit, pair| {
            asked.push((limit, pair));
            Ok(())
        };
        let files = now().0[0].1 + 1;
        let found = raise_by(&mut kernel, Some([files, RLIM_INFINITY])).unwrap();
        assert_eq!(found, now(), "only the stand-in was asked");
        assert_eq!(asked[0], (Rlimit::RLIMIT_NOFILE, (files, files)));
        let all = (RLIM_INFINITY, RLIM_INFINITY);
        let threads = found.0[1] != all;
        assert_eq!(
            asked.get(1),
            threads.then_some(&(Rlimit::RLIMIT_NPROC, all))
        );
    }

    #[test]
    fn who_may_not_raise_hard_limits_does_not_try_to() {
        let mut asked = Vec::new();
        let mut kernel = |_, (_, hard)| {
            asked.push(hard);
            Ok(())
        };
        let found = raise_by(&mut kernel, None).unwrap();
        assert!(
            asked
                .iter()
                .all(|hard| found.0.iter().any(|it| it.1 == *hard))
        );
    }

    #[test]
    fn limits_are_handed_on_as_words() {
        let found = Found([(1024, 524_288), (500, RLIM_INFINITY)]);
        assert_eq!(found.to_string().parse(), Ok(found));
        assert!("1024".parse::<Found>().is_err());
    }
}
