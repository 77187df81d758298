//! The veth between the containers of a pair, pushed between two that are running, as one does by hand with `ip link`.
//!
//! Must not know the engine, which never learns of it. The invariant: the containers are those of a network `none`, so `eth0`
//! is free in both. Neighbours are left to be resolved, as they are when it is done by hand.

use std::net::IpAddr;
use std::os::fd::BorrowedFd;

use crate::error::{Act, Error, Result};
use crate::lab::netlink::{Conversation, message};
use crate::lab::netns::{self, Visitor};
use crate::lab::topology::{End, Layout, Part};
use crate::scenario::Cell;

/// A container's number, and the addresses that it now has.
pub(super) type Joined = (u32, Vec<IpAddr>);

/// Joins every pair of a cell's containers, whose namespaces are given by number.
pub(super) fn join_all(cell: &Cell, namespaces: &[BorrowedFd<'_>]) -> Result<Vec<Joined>> {
    let layout = Layout::of(cell);
    netns::visit(|visitor| {
        let mut joined = Vec::new();
        for part in &layout.parts {
            if let Part::Cable(ends) = part {
                join(visitor, ends, namespaces)?;
                joined.extend(ends.iter().map(addressed));
            }
        }
        Ok(joined)
    })
}

fn join(visitor: &Visitor, [even, odd]: &[End; 2], namespaces: &[BorrowedFd<'_>]) -> Result<()> {
    let name = format!(
        "between containers {} and {}",
        even.container, odd.container
    );
    let of = |end: &End| namespaces[end.container as usize];
    let mut here = converse(visitor, of(even), &name)?;
    let mut there = converse(visitor, of(odd), &name)?;
    here.ask(vec![message::create_cable(
        &even.link,
        (&odd.link, of(odd)),
        &name,
    )])?;
    for (inside, end) in [(&mut here, even), (&mut there, odd)] {
        inside.ask(message::raise(&end.link, &name))?;
        inside.ask(message::address(&end.link, &name))?;
    }
    Ok(())
}

fn converse(visitor: &Visitor, namespace: BorrowedFd<'_>, name: &str) -> Result<Conversation> {
    visitor.enter(namespace).map_err(|source| {
        let object = format!("containers to join, {name}");
        Error::kernel(Act::EnterContainer, object, source)
    })?;
    Conversation::open()
}

fn addressed(end: &End) -> Joined {
    let addresses = end.link.addresses.iter().map(|it| it.address);
    (end.container, addresses.collect())
}
