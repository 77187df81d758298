//! How veths take in what they are sent: coalescing, polling, and the CPUs that the work is spread over.
//!
//! These are set once a lab is whole, since a veth that is down is not polled, and only where a cell asks for it: a mount
//! of sysfs for each namespace is dear. Must not know topologies. The invariant: every veth of a lab is set alike.

use super::raised::Raised;
use super::steps::enter;
use crate::cpu;
use crate::error::Result;
use crate::lab::netlink::Conversation;
use crate::lab::netns::{self, Visitor};
use crate::lab::sysfs::{Knob, Sysfs};
use crate::lab::topology::{Layout, Place, Veths};
use crate::scenario::{Napi, Rps, Wiring};

/// Sets every veth of a lab as its cell has it.
pub(super) fn set(layout: &Layout, raised: &Raised, wiring: &Wiring) -> Result<()> {
    let mut values = Vec::new();
    if wiring.napi == Napi::Threaded {
        values.push((Knob::ThreadedNapi, "1".to_owned()));
    }
    values.extend(mask(&wiring.rps)?.map(|mask| (Knob::Rps, mask)));
    let polled = wiring.napi != Napi::None;
    if !polled && values.is_empty() {
        return Ok(());
    }
    netns::visit(|visitor| {
        let sysfs = (!values.is_empty())
            .then(Sysfs::on_this_thread)
            .transpose()?;
        for veths in layout.veths() {
            enter_place(visitor, raised, veths.place)?;
            if polled {
                coalesce(&veths)?;
            }
            if let Some(sysfs) = &sysfs {
                turn(sysfs, &veths, &values)?;
            }
        }
        Ok(())
    })
}

fn enter_place(visitor: &Visitor, raised: &Raised, place: Place) -> Result<()> {
    match place {
        Place::Host(number) => enter(visitor, &raised.hosts[number as usize]),
        Place::Container(number) => enter(visitor, &raised.containers[number as usize]),
    }
}

/// A veth that coalesces what it receives is polled, and no other is.
fn coalesce(veths: &Veths) -> Result<()> {
    let conversation = Conversation::open()?;
    veths
        .names
        .iter()
        .try_for_each(|name| conversation.switch_gro_on(name, &veths.owner))
}

fn turn(sysfs: &Sysfs, veths: &Veths, values: &[(Knob, String)]) -> Result<()> {
    let shown = sysfs.show()?;
    for name in &veths.names {
        for (knob, value) in values {
            shown.set(*knob, (name, &veths.owner), value)?;
        }
    }
    Ok(())
}

/// The mask to be set, in hexadecimal; none where none is.
fn mask(rps: &Rps) -> Result<Option<String>> {
    match rps {
        Rps::Off => Ok(None),
        Rps::Cpus(digits) => Ok(Some(digits.clone())),
        Rps::All => cpu::online_mask().map(Some),
    }
}
