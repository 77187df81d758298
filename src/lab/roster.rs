//! What a lab tells those who come into it from outside: which descriptors of its process are whose namespaces.
//!
//! Must not know who comes, or why. The invariant: the roster is a file without a name, held as the namespaces are, so
//! that it is gone when they are, and nobody finds a lab that has ended.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::Path;
use std::str::FromStr;

use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::{Deserialize, Serialize};

use super::Lab;
use super::netns::Namespace;
use crate::error::{Error, Remedy, Result};
use crate::files;

/// Bytes of a roster at most; one of 20,000 containers has a tenth of it.
const MOST: u64 = 1 << 20;

/// The roster of a lab, as others read it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Roster {
    /// The lab's process.
    process: u32,
    /// By container, the descriptor there of the namespace that its traffic begins or ends in.
    containers: Vec<RawFd>,
    /// The same of the host side.
    hosts: Vec<RawFd>,
}

/// A roster that is out: as long as this is held it can be found.
#[derive(Debug)]
pub struct Posted {
    file: File,
    process: u32,
}

/// Where in a lab somebody wants to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// A container, by its number.
    Container(u32),
    /// A namespace of the host side, by its number.
    Host(u32),
}

impl Posted {
    /// Puts out the roster of a lab of this process.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn of(lab: &Lab) -> Result<Self> {
        let process = std::process::id();
        let containers = (0..lab.layout.seats.len()).filter_map(|it| u32::try_from(it).ok());
        let roster = Roster {
            process,
            containers: containers
                .map(|container| lab.seat(container).0.as_raw_fd())
                .collect(),
            hosts: lab.hosts.iter().map(|it| it.as_fd().as_raw_fd()).collect(),
        };
        let said = |source| Error::kernel("write", "the roster of the lab", source);
        let file = memfd_create(c"kilonet-lab", MFdFlags::MFD_CLOEXEC);
        let mut file = File::from(file.map_err(|errno| said(errno.into()))?);
        let text = serde_json::to_vec(&roster).map_err(|error| said(error.into()))?;
        file.write_all(&text).map_err(said)?;
        Ok(Self { file, process })
    }

    /// Where it is found, for [`Roster::find`].
    #[must_use]
    pub fn place(&self) -> String {
        path(self.process, self.file.as_raw_fd())
    }
}

/// A descriptor of another process, as a file. Opening it takes that process to be one's own, or root.
fn path(process: u32, descriptor: RawFd) -> String {
    format!("/proc/{process}/fd/{descriptor}")
}

impl Roster {
    /// Reads the roster at a place. None when the lab that it named has ended.
    #[must_use]
    pub fn find(place: &str) -> Option<Self> {
        // Of a process that ended and whose number was given again, the descriptor is something else: a pipe, or a device.
        let text = files::read(Path::new(place), MOST).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Opens a room's namespace.
    ///
    /// # Errors
    /// When the lab has no such room, or ends this moment.
    pub fn open(&self, room: Room) -> Result<Namespace> {
        let (rooms, number, name) = match room {
            Room::Container(number) => (&self.containers, number, "container"),
            Room::Host(number) => (&self.hosts, number, "host"),
        };
        let object = format!("{name} {number} of the lab");
        let Some(descriptor) = rooms.get(number as usize) else {
            return Err(Error::refused("enter", object, "there is none")
                .with_remedy(Remedy::Rooms(self.rooms())));
        };
        files::open_regular(Path::new(&path(self.process, *descriptor)))
            .map(Namespace::from)
            .map_err(|source| Error::kernel("enter", object, source))
    }

    /// Which rooms there are, for people.
    #[must_use]
    pub fn rooms(&self) -> String {
        let last = |rooms: &[RawFd]| rooms.len().saturating_sub(1);
        let containers = format!("containers are 0 to {}", last(&self.containers));
        match &self.hosts[..] {
            [] => format!("{containers}, and there is no host"),
            [_] => format!("{containers}, and there is host0"),
            hosts => format!("{containers}, hosts are host0 to host{}", last(hosts)),
        }
    }
}

impl FromStr for Room {
    type Err = String;

    /// A container by its number, `3`, or a namespace of the host side, `host0`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = |text: &str| text.parse().ok();
        let room = match text.strip_prefix("host") {
            Some(host) => number(host).map(Self::Host),
            None => number(text).map(Self::Container),
        };
        room.ok_or_else(|| "allowed: a container's number, such as 0, or host0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_lab_without_hosts_says_so_to_who_asks_for_one() {
        let roster = Roster {
            process: std::process::id(),
            containers: vec![0, 1],
            hosts: Vec::new(),
        };
        let hint = roster.open(Room::Host(9)).unwrap_err().hint();
        let expected = "containers are 0 to 1, and there is no host";
        assert_eq!(hint.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_roster_is_none_and_is_waited_for_by_nobody() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        for place in [pipe.to_str().unwrap(), "/dev/zero"] {
            assert!(Roster::find(place).is_none());
        }
    }
}
