//! The rights to make network namespaces and what is in them: found, or acquired in a user namespace of our own.
//!
//! Must not know what they are used for. The invariant: [`acquire`] either returns with the rights proven by use of
//! them or leaves with an error that says what to allow; it never returns half a privilege.

use std::fs;
use std::io;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::pseudo;
use crate::error::{Error, Remedy, Result};

/// What this process may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// `CAP_SYS_ADMIN` and `CAP_NET_ADMIN` over the machine itself.
    Root,
    /// The same over namespaces of our own only. The main thread has left the machine's network namespace for an empty
    /// one, because only a namespace that we own lets a thread come back to it.
    UserNamespace,
}

impl Privilege {
    /// What cannot be done with it, each as a phrase that `doctor` and the run's output show.
    #[must_use]
    pub fn missing(self) -> &'static [&'static str] {
        match self {
            Self::Root => &[],
            Self::UserNamespace => &[
                "sysctls of the initial namespace (`[sysctls]` in a scenario)",
                "real-time priority for the thread that reads the window's edges",
                "kernel modules loaded on demand",
            ],
        }
    }

    /// As manifests show it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::UserNamespace => "user-namespace",
        }
    }
}

const CAP_NET_ADMIN: u64 = 1 << 12;
const CAP_SYS_ADMIN: u64 = 1 << 21;
const CAP_SYS_RESOURCE: u64 = 1 << 24;

/// Makes sure of the rights, by entering a user namespace where the process does not have them. To be called from
/// `main` before there is any second thread: a user namespace can only be entered by a process of one thread.
///
/// # Errors
/// `Refused` when there is another thread already, or when the rights do not come with the namespace; the kernel's
/// refusal of the namespace or of its user map. In these cases the process is to end: it may stand in a user namespace
/// without rights.
pub fn acquire() -> Result<Privilege> {
    if has_rights(&pseudo::text("/proc/self/status")?) {
        return Ok(Privilege::Root);
    }
    only_thread(&pseudo::text("/proc/self/status")?)?;
    enter_user_namespace()?;
    if !has_rights(&pseudo::text("/proc/self/status")?) || !geteuid().is_root() {
        return Err(
            Error::refused("enter", "a user namespace", "it came without rights")
                .with_remedy(Remedy::AllowUserNamespaces),
        );
    }
    // AppArmor lets the user namespace be made and then denies its rights one by one; only using them tells.
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| {
        refused(
            "create",
            "a network namespace in the user namespace",
            errno.into(),
        )
    })?;
    Ok(Privilege::UserNamespace)
}

/// Our user becomes root there; nobody else exists. Groups must be given up before a group may be mapped without rights
/// outside (`setgroups` would otherwise shed a group that denies access).
fn enter_user_namespace() -> Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)
        .map_err(|errno| refused("enter", "a user namespace", errno.into()))?;
    map("/proc/self/setgroups", "deny")?;
    map("/proc/self/uid_map", &format!("0 {user} 1"))?;
    map("/proc/self/gid_map", &format!("0 {group} 1"))
}

fn map(file: &str, line: &str) -> Result<()> {
    fs::write(file, line).map_err(|source| refused("write", file, source))
}

fn refused(act: &str, object: &str, source: io::Error) -> Error {
    Error::kernel(act, object, source).with_remedy(Remedy::AllowUserNamespaces)
}

/// Whether this process is in a user namespace other than the initial one, which alone maps every id there is.
pub(crate) fn in_own_user_namespace() -> bool {
    let whole = ["0", "0", "4294967295"];
    pseudo::word("/proc/self/uid_map").is_some_and(|map| !map.split_whitespace().eq(whole))
}

/// Whether this process may raise hard limits (`CAP_SYS_RESOURCE`), which only counts over the machine itself.
pub(super) fn may_raise_limits() -> bool {
    let status = pseudo::text("/proc/self/status").unwrap_or_default();
    holds(&status, CAP_SYS_RESOURCE) && !in_own_user_namespace()
}

fn has_rights(status: &str) -> bool {
    holds(status, CAP_NET_ADMIN | CAP_SYS_ADMIN)
}

fn holds(status: &str, needed: u64) -> bool {
    let effective =
        status_field(status, "CapEff").and_then(|mask| u64::from_str_radix(mask, 16).ok());
    effective.is_some_and(|mask| mask & needed == needed)
}

fn only_thread(status: &str) -> Result<()> {
    match status_field(status, "Threads") {
        Some("1") => Ok(()),
        threads => {
            let reason = format!(
                "the process has {} threads, and only one of one may",
                threads.unwrap_or("unknown")
            );
            Err(Error::refused("enter", "a user namespace", reason))
        }
    }
}

fn status_field<'a>(status: &'a str, key: &str) -> Option<&'a str> {
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(value.trim())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use nix::sys::prctl::set_dumpable;
    use nix::unistd::{setgroups, setresgid, setresuid};

    use super::*;
    use crate::host::alone;
    use crate::lab::netns::Visitor;

    #[test]
    fn rights_are_both_capabilities_or_none() {
        let status = |mask| format!("Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t{mask}\n");
        assert!(has_rights(&status("000001ffffffffff")));
        assert!(has_rights(&status("0000000000201000")));
        assert!(!has_rights(&status("0000000000200000")));
        assert!(!has_rights(&status("0000000000001000")));
        assert!(!has_rights("Name:\tx\n"));
        assert!(holds(&status("0000000001000000"), CAP_SYS_RESOURCE));
        assert!(!holds(&status("000001fffeffffff"), CAP_SYS_RESOURCE));
    }

    #[test]
    fn a_second_thread_is_refused_with_the_count() {
        assert!(only_thread("Threads:\t1\n").is_ok());
        let error = only_thread("Threads:\t3\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "enter a user namespace: the process has 3 threads, and only one of one may"
        );
    }

    #[test]
    fn an_ordinary_user_gets_rights_over_namespaces_of_its_own() {
        if !user_namespaces_are_allowed() {
            return;
        }
        let pid = alone::start(|| {
            become_ordinary();
            let (user, network) = (namespace("self", "user"), namespace("self", "net"));
            assert!(!in_own_user_namespace());
            assert_eq!(acquire().unwrap(), Privilege::UserNamespace);
            assert!(in_own_user_namespace());
            assert_ne!(namespace("self", "user"), user);
            assert_ne!(namespace("self", "net"), network);
            std::thread::spawn(visit_and_come_home).join().unwrap();
        });
        assert_eq!(alone::exit_code(pid), 0);
    }

    /// Where they must be (`KILONET_REQUIRE_KERNEL`), it is a failure that they are not.
    pub(crate) fn user_namespaces_are_allowed() -> bool {
        let mut probe = std::process::Command::new("unshare");
        let allowed = probe.args(["--user", "true"]).output().unwrap();
        if !allowed.status.success() {
            assert!(
                std::env::var_os("KILONET_REQUIRE_KERNEL").is_none(),
                "user namespaces are required here: {allowed:?}"
            );
            eprintln!("SKIPPED: no user namespaces for this user");
        }
        allowed.status.success()
    }

    fn namespace(task: &str, kind: &str) -> PathBuf {
        fs::read_link(format!("/proc/{task}/ns/{kind}")).unwrap()
    }

    fn visit_and_come_home() {
        let home = namespace("thread-self", "net");
        let visitor = Visitor::new().unwrap();
        let _namespace = visitor.create().unwrap();
        assert_ne!(
            namespace("thread-self", "net"),
            home,
            "it is really another one"
        );
        drop(visitor);
        assert_eq!(namespace("thread-self", "net"), home);
    }

    /// The user `nobody`, where the tests run as root.
    fn become_ordinary() {
        if geteuid().is_root() {
            setgroups(&[]).unwrap();
            let nobody = 65_534;
            setresgid(nobody.into(), nobody.into(), nobody.into()).unwrap();
            setresuid(nobody.into(), nobody.into(), nobody.into()).unwrap();
            // A process that changed its user does not own its files in /proc; one that was started by the user does.
            set_dumpable(true).unwrap();
        }
    }
}
