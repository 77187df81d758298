//! Whether kernel threads poll the veths that they are to poll: by what veths report, and by the threads that are there.
//!
//! Read only where that is asked for, as a mount of sysfs for each namespace is dear. The invariant: threads that are not shown are
//! absent, as in a namespace of processes of its own.

use std::collections::BTreeSet;
use std::fs;

use super::super::netns::Visitor;
use super::super::sample::evenly;
use super::super::setup;
use super::super::sysfs::{Knob, Sysfs};
use super::super::topology::Place;
use super::{Look, containers};
use crate::error::Result;
use crate::scenario::Napi;

/// Namespaces whose veths are looked at.
const LOOKED_AT: usize = 4;

/// The name of the parent of all the kernel's threads, and how those are called that poll a link (`napi/eth0-8193`).
const PARENT: &str = "kthreadd";
const POLLING: &str = "napi/";

impl Look<'_> {
    pub(super) fn see_polling(&mut self, visitor: &Visitor) -> Result<()> {
        match self.cell.wiring.napi {
            Napi::None | Napi::Polled => return Ok(()),
            Napi::Threaded => {}
        }
        let sampled: BTreeSet<Place> =
            evenly(containers(self.lab).into_keys(), LOOKED_AT).collect();
        let sysfs = Sysfs::on_this_thread()?;
        let threads = threads();
        let seen = self.seen.polling.get_or_insert_default();
        seen.threads = threads;
        let veths = self.lab.layout.veths().into_iter();
        for veths in veths.filter(|veths| sampled.contains(&veths.place)) {
            setup::enter(visitor, self.lab.namespace(veths.place))?;
            let shown = sysfs.show()?;
            for name in &veths.names {
                seen.links += 1;
                let threaded = shown.get(Knob::ThreadedNapi, name);
                seen.threaded += u32::from(threaded.as_deref() == Some("1"));
            }
        }
        Ok(())
    }
}

/// Threads of the kernel that poll links.
fn threads() -> Option<u32> {
    let name = |process: &str| fs::read_to_string(format!("/proc/{process}/comm")).ok();
    name("2").filter(|name| name.trim() == PARENT)?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let numbers = numbers.filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
    let polling = numbers.filter(|it| name(it).is_some_and(|name| name.starts_with(POLLING)));
    Some(u32::try_from(polling.count()).unwrap_or(u32::MAX))
}
