//! What the host sides of a lab count together: read at the edges of a trial's phases, never in its window.
//!
//! Must not know topologies. The invariant: a new namespace begins at 0, so what one has counted at all is the lab's.

use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;

use nix::sys::stat::fstat;

use super::stack::Stack;
use crate::error::{Error, Result};
use crate::lab::netns;
use crate::store::record::Counts;

/// The namespaces of a lab, as far as they are watched. It pins those of the host side, so it must be gone before teardown.
#[derive(Debug)]
pub struct Sides {
    stacks: Vec<Stack>,
    namespaces: BTreeSet<u64>,
}

impl Sides {
    /// Opens the counters of the host sides; `inside` are the namespaces of the containers, which are known by their numbers alone.
    ///
    /// # Errors
    /// When descriptors have run out, or a namespace may not be entered.
    pub fn open(hosts: &[BorrowedFd<'_>], inside: &[BorrowedFd<'_>]) -> Result<Self> {
        let namespaces = hosts.iter().chain(inside).map(|it| number(*it));
        let namespaces = namespaces.collect::<Result<_>>()?;
        let stacks = netns::visit(|visitor| {
            let stacks = hosts.iter().map(|host| {
                visitor.enter(host).map_err(|source| {
                    Error::kernel("enter", "a namespace of the host side", source)
                })?;
                Stack::open()
            });
            stacks.collect()
        })?;
        Ok(Self { stacks, namespaces })
    }

    /// What they have counted since they were made; nothing where there is no host side.
    pub fn read(&mut self) -> Counts {
        let counts = self.stacks.iter_mut().map(Stack::read);
        counts.fold(Counts::default(), |sum, one| sum.beside(&one))
    }

    /// Whether a namespace is the lab's, by the number that the kernel has for it.
    #[must_use]
    pub fn own(&self, namespace: u64) -> bool {
        self.namespaces.contains(&namespace)
    }
}

/// The number by which the kernel's log names a namespace.
fn number(namespace: BorrowedFd<'_>) -> Result<u64> {
    let seen = fstat(namespace)
        .map_err(|errno| Error::kernel("look at", "a namespace of the lab", errno.into()))?;
    Ok(seen.st_ino)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::lab::netns::Visitor;
    use crate::lab::tests::kernel;

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
}
