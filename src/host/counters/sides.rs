//! What the host sides of a lab count together: read at the edges of a trial's phases, never in its window.
//!
//! Must not know topologies. The invariant: a new namespace begins at 0, so what one has counted at all is the lab's; of one that was
//! there before, what it had counted by then is taken off.

use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;

use super::stack::Stack;
use crate::error::{Error, Result};
use crate::lab::netns;
use crate::lab::sample::evenly;
use crate::plan::WATCHED_HOST_SIDES;
use crate::store::record::{Counts, HostSides};

/// A namespace of the host side. It pins it.
#[derive(Debug)]
pub struct HostSide {
    stack: Stack,
    /// What it had counted before the trial, where it was there.
    before: Option<Counts>,
}

impl HostSide {
    /// One that was there before: what it counts from now on.
    ///
    /// # Errors
    /// When it may not be entered, or descriptors have run out.
    pub fn found(namespace: BorrowedFd<'_>) -> Result<Self> {
        let mut stack = netns::visit(|visitor| {
            visitor.enter(namespace).map_err(refused)?;
            Stack::open()
        })?;
        let before = Some(stack.read());
        Ok(Self { stack, before })
    }

    fn read(&mut self) -> Counts {
        let now = self.stack.read();
        match &self.before {
            Some(before) => now.since(before),
            None => now,
        }
    }
}

fn refused(source: std::io::Error) -> Error {
    Error::kernel("enter", "a namespace of the host side", source)
}

/// The namespaces of a lab, as far as they are watched. It pins those of the host side, so it must be gone before teardown.
#[derive(Debug)]
pub struct Sides {
    watched: Vec<HostSide>,
    /// Host sides that there are.
    of: usize,
    namespaces: BTreeSet<u64>,
    unwatched: Option<Error>,
}

impl Sides {
    /// Opens the counters of the host sides that were made for the lab: of many an even sample. `inside` are the namespaces of the
    /// containers, which are known by their numbers alone.
    ///
    /// # Errors
    /// When descriptors have run out, or a namespace may not be entered.
    pub fn open(hosts: &[BorrowedFd<'_>], inside: &[BorrowedFd<'_>]) -> Result<Self> {
        let watched = netns::visit(|visitor| {
            let watched = evenly(hosts, WATCHED_HOST_SIDES as usize).map(|host| {
                visitor.enter(host).map_err(refused)?;
                let stack = Stack::open()?;
                Ok(HostSide {
                    stack,
                    before: None,
                })
            });
            watched.collect()
        })?;
        Ok(Self {
            watched,
            of: hosts.len(),
            namespaces: numbers(hosts.iter().chain(inside))?,
            unwatched: None,
        })
    }

    /// Those of containers that somebody else has joined, in one namespace: with its counters, or why they cannot be read; absent
    /// where they are not joined by way of any.
    ///
    /// # Errors
    /// When the kernel does not say which namespaces the containers are in.
    pub fn found(host: Option<Result<HostSide>>, namespaces: &[BorrowedFd<'_>]) -> Result<Self> {
        let of = usize::from(host.is_some());
        let (watched, unwatched) = match host.transpose() {
            Ok(watched) => (watched, None),
            Err(error) => (None, Some(error)),
        };
        Ok(Self {
            watched: watched.into_iter().collect(),
            of,
            namespaces: numbers(namespaces)?,
            unwatched,
        })
    }

    /// What they have counted since they were made, or found; nothing where there is no host side.
    pub fn read(&mut self) -> Counts {
        let counts = self.watched.iter_mut().map(HostSide::read);
        counts.fold(Counts::default(), |sum, one| sum.beside(&one))
    }

    /// How many of how many are read; absent where there is no host side.
    #[must_use]
    pub fn extent(&self) -> Option<HostSides> {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        (self.of > 0).then(|| HostSides {
            read: number(self.watched.len()),
            of: number(self.of),
        })
    }

    /// Why the host side is not read, where it should be.
    #[must_use]
    pub fn unwatched(&self) -> Option<&Error> {
        self.unwatched.as_ref()
    }

    /// Whether a namespace is the lab's, by the number that the kernel has for it.
    #[must_use]
    pub fn own(&self, namespace: u64) -> bool {
        self.namespaces.contains(&namespace)
    }
}

/// The numbers by which the kernel's log names namespaces.
fn numbers<'a>(namespaces: impl IntoIterator<Item = &'a BorrowedFd<'a>>) -> Result<BTreeSet<u64>> {
    namespaces.into_iter().map(netns::identity).collect()
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::lab::netns::Visitor;
    use crate::lab::tests::kernel;
    use crate::store::record::Counter;

    #[test]
    fn a_namespace_is_known_by_the_number_that_its_link_shows() {
        let Some(_alone) = kernel() else {
            return;
        };
        let (one, other) = std::thread::spawn(|| {
            let visitor = Visitor::new().unwrap();
            (visitor.create().unwrap(), visitor.create().unwrap())
        })
        .join()
        .unwrap();
        let shown = |namespace: &netns::Namespace| {
            use std::os::fd::AsRawFd;
            let link = format!("/proc/self/fd/{}", namespace.as_fd().as_raw_fd());
            let link = std::fs::read_link(link).unwrap();
            let digits = link
                .to_str()
                .unwrap()
                .trim_matches(|it: char| !it.is_ascii_digit());
            digits.parse::<u64>().unwrap()
        };
        let sides = Sides::open(&[one.as_fd()], &[]).unwrap();
        assert!(sides.own(shown(&one)));
        assert!(!sides.own(shown(&other)));
    }

    #[test]
    fn of_many_host_sides_an_even_sample_is_read_and_it_is_said_of_how_many() {
        let Some(_alone) = kernel() else {
            return;
        };
        let host = netns::visit(|visitor| Ok(visitor.create().unwrap())).unwrap();
        for (of, read) in [(0, None), (3, Some((3, 3))), (200, Some((16, 200)))] {
            let hosts = vec![host.as_fd(); of];
            let sides = Sides::open(&hosts, &[]).unwrap();
            let extent = sides.extent().map(|it| (it.read, it.of));
            assert_eq!(extent, read, "{of}");
        }
    }

    #[test]
    fn what_one_that_was_there_had_counted_before_is_taken_off() {
        let Some(_alone) = kernel() else {
            return;
        };
        let (before, after, new) = netns::visit(|visitor| {
            let namespace = visitor.create().unwrap();
            overflow();
            let mut found = Sides::found(Some(HostSide::found(namespace.as_fd())), &[])?;
            let mut new = Sides::open(&[namespace.as_fd()], &[])?;
            let before = found.read().of(Counter::UdpReceiveBufferErrors);
            overflow();
            let after = found.read().of(Counter::UdpReceiveBufferErrors);
            let new = new.read().of(Counter::UdpReceiveBufferErrors);
            Ok((before, after, new))
        })
        .unwrap();
        assert_eq!(before, Some(0));
        assert!(after > Some(0), "{after:?}");
        assert!(
            new > after,
            "{new:?} since it was made, {after:?} since it was found"
        );
    }

    /// Sends as many datagrams to a socket of the thread's namespace as find no room in its buffer.
    fn overflow() {
        let up = std::process::Command::new("ip")
            .args(["link", "set", "lo", "up"])
            .status();
        assert!(up.unwrap().success());
        let receiver = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket2::SockRef::from(&receiver)
            .set_recv_buffer_size(4096)
            .unwrap();
        let there = receiver.local_addr().unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..64 {
            sender.send_to(&[0; 1000], there).unwrap();
        }
    }

    #[test]
    fn a_host_side_that_cannot_be_read_is_one_of_which_none_is() {
        let why = Error::refused("enter", "the engine's namespace", "it is gone");
        let mut sides = Sides::found(Some(Err(why)), &[]).unwrap();
        assert_eq!(sides.extent().map(|it| (it.read, it.of)), Some((0, 1)));
        assert_eq!(sides.read(), Counts::default());
        assert!(sides.unwatched().is_some());
        assert_eq!(Sides::found(None, &[]).unwrap().extent(), None);
    }
}
