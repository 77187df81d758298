//! What the kernel shows of links as files, `/sys/class/net`, of one network namespace after another.
//!
//! A mount of sysfs shows the namespace of the thread that makes it. It is made over `/sys` in a mount namespace that only
//! this thread is in, so that the machine's own `/sys` stays as it is. Must not know what is set, nor why. The invariant:
//! what was written is read back.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::netns;
use crate::error::{Act, Error, Result};

/// Where it is mounted.
const PLACE: &str = "/sys";

/// Where cgroups are below it: nothing of a network namespace's.
const CGROUPS: &str = "/sys/fs/cgroup";

/// A setting of a link that only sysfs has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knob {
    /// The CPUs that its first receive queue is spread over, as a mask.
    Rps,
    /// Whether it is polled by kernel threads of its own. Refused (`EOPNOTSUPP`) while it is not polled at all.
    ThreadedNapi,
}

impl Knob {
    fn file(self, folder: &Path, link: &str) -> PathBuf {
        let name = match self {
            Self::Rps => "queues/rx-0/rps_cpus",
            Self::ThreadedNapi => "threaded",
        };
        folder.join(link).join(name)
    }

    fn act(self) -> Act {
        match self {
            Self::Rps => Act::SetRps,
            Self::ThreadedNapi => Act::SetThreadedNapi,
        }
    }
}

/// The right to mount sysfs, on the thread that it was given to.
#[derive(Debug)]
pub struct Sysfs(());

impl Sysfs {
    /// Gives the calling thread a mount namespace of its own, for good.
    ///
    /// # Errors
    /// `EPERM` without the right to.
    pub fn on_this_thread() -> Result<Self> {
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        netns::part_from_mounts()
            .and_then(|()| Ok(mount::<str, str, str, str>(None, "/", None, private, None)?))
            .map_err(|source| Error::kernel("create mount namespace", "for sysfs", source))?;
        Ok(Self(()))
    }

    /// Shows the network namespace that the calling thread is in.
    ///
    /// # Errors
    /// `EPERM` where an ordinary user's `/sys` has parts hidden, as in many containers.
    pub fn show(&self) -> Result<Shown<'_>> {
        mount_here()
            .map_err(|errno| Error::kernel(Act::MountSysfs, format!("on {PLACE}"), errno.into()))?;
        Ok(Shown { _sysfs: self })
    }
}

fn mount_here() -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount::<str, str, str, str>(Some("sysfs"), PLACE, Some("sysfs"), flags, None)
}

/// Shows the network namespace that the calling thread is in, to it and to whatever it becomes, as `ip netns exec` does. The
/// cgroups stay as they are seen outside.
///
/// # Errors
/// `EPERM` as for [`Sysfs::show`].
pub fn show_for_good() -> io::Result<()> {
    netns::part_from_mounts()?;
    // What the machine mounts later is to be seen here, and nothing of here is to be seen there.
    let following = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    mount::<str, str, str, str>(None, "/", None, following, None)?;
    let cgroups = File::open(CGROUPS);
    mount_here()?;
    if let Ok(cgroups) = cgroups {
        let covered = format!("/proc/self/fd/{}", cgroups.as_raw_fd());
        let again = MsFlags::MS_REC | MsFlags::MS_BIND;
        mount::<str, str, str, str>(Some(&covered), CGROUPS, None, again, None)?;
    }
    Ok(())
}

/// The links of one namespace, as files, for as long as this lives.
#[derive(Debug)]
pub struct Shown<'a> {
    _sysfs: &'a Sysfs,
}

impl Shown<'_> {
    /// Whether a link has this setting.
    #[must_use]
    pub fn has(&self, knob: Knob, link: &str) -> bool {
        knob.file(&Self::folder(), link).exists()
    }

    /// What a link has of this setting; absent where the kernel is built without such a thing.
    #[must_use]
    pub fn get(&self, knob: Knob, link: &str) -> Option<String> {
        let text = fs::read_to_string(knob.file(&Self::folder(), link)).ok()?;
        Some(text.trim().to_owned())
    }

    /// Sets a link, and reads back whether it is set; `owner` is whose it is. Values are hexadecimal digits in lower case
    /// without a zero in front.
    ///
    /// # Errors
    /// What the kernel refuses, `ENOENT` where it is built without such a thing; and when it makes another value of it.
    pub fn set(&self, knob: Knob, (link, owner): (&str, &str), value: &str) -> Result<()> {
        set(&knob.file(&Self::folder(), link), value).map_err(|fault| {
            let object = format!("{link} of {owner}");
            match fault {
                Fault::Kernel(source) => Error::kernel(knob.act(), object, source),
                Fault::Other(made) => Error::refused(
                    knob.act().words(),
                    object,
                    format!("the kernel set {made} instead of {value}"),
                ),
            }
        })
    }

    fn folder() -> PathBuf {
        Path::new(PLACE).join("class/net")
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        // Nobody else sees it, and it goes with the thread at the latest.
        let _ = umount2(PLACE, MntFlags::MNT_DETACH);
    }
}

/// Why a setting did not come about.
enum Fault {
    Kernel(io::Error),
    /// It holds this instead.
    Other(String),
}

/// A mask is written in groups of 32 bits, and read in as many as the machine has CPUs for.
fn set(file: &Path, value: &str) -> Result<(), Fault> {
    fs::write(file, grouped(value)).map_err(Fault::Kernel)?;
    let text = fs::read_to_string(file).map_err(Fault::Kernel)?;
    let made = text.trim().replace(',', "");
    match made.trim_start_matches('0') {
        made if made == value => Ok(()),
        made => Err(Fault::Other(format!("{made:0>1}"))),
    }
}

fn grouped(digits: &str) -> String {
    let first = digits.len() % 8;
    let (head, rest) = digits.split_at(first);
    let rest = rest.as_bytes().chunks(8);
    let groups = rest.map(|group| String::from_utf8_lossy(group).into_owned());
    let head = (first > 0).then(|| head.to_owned());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_grouped_by_32_bits() {
        for (digits, groups) in [
            ("3", "3"),
            ("ffffffff", "ffffffff"),
            ("1ffffffff", "1,ffffffff"),
            ("123456789abcdef01", "1,23456789,abcdef01"),
        ] {
            assert_eq!(grouped(digits), groups);
        }
    }

    #[test]
    fn what_was_written_is_held_against_what_is_there_and_a_missing_file_is_the_kernels_answer() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rps_cpus");
        assert!(matches!(
            set(&folder.path().join("none/rps_cpus"), "3"),
            Err(Fault::Kernel(error)) if error.kind() == io::ErrorKind::NotFound
        ));
        assert!(set(&file, "1ffffffff").is_ok());
        assert_eq!(fs::read_to_string(&file).unwrap(), "1,ffffffff");
    }

    #[test]
    fn what_a_kernel_was_built_without_is_said_with_what_has_it() {
        for (knob, option) in [(Knob::Rps, "CONFIG_RPS"), (Knob::ThreadedNapi, "5.12")] {
            let missing = io::Error::from_raw_os_error(nix::libc::ENOENT);
            let error = Error::kernel(knob.act(), "eth0 of container 0", missing);
            let hint = error.hint().unwrap();
            assert!(
                hint.starts_with("not available: ") && hint.contains(option),
                "{hint}"
            );
        }
    }
}
