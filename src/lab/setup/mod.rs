//! Raising a lab: from paper to kernel, as fast as the kernel's one lock allows.
//!
//! A few threads take containers one after another; each makes the namespace, its link and what is in it, so that one can
//! be creating a namespace while another holds the lock for links. Nothing is opened under `/proc/sys` per container,
//! unless a scenario sets sysctls of its namespace: all namespaces' entries of one name share a hash chain, and a look-up walks it (measured on 2 CPUs: 94 s against 19 s at
//! 10,000).

mod builder;
mod host;
mod raised;
mod receive;
mod steps;

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use super::netns::Visitor;
use crate::error::{Error, Result};
use builder::Builder;
use host::HostSide;
use raised::Made;
use steps::timed;

pub use steps::Phases;

pub(super) use raised::{Drawn, Raised};
pub(super) use steps::enter;

/// Threads that raise containers. One leaves the kernel's lock idle while it creates namespaces, and more than two
/// contend for it: 1,000 containers took 1.00 with two, 1.3 with one and 1.0 with four on two CPUs.
const BUILDERS: u32 = 2;

/// Whether a set-up should be given up.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Raises a layout. What was raised is returned even when set-up failed half way, to be torn down.
pub(super) fn raise(drawn: Drawn<'_>, stop: Stop) -> (Raised, Result<()>) {
    let mut raised = Raised::default();
    let result = thread::scope(|scope| {
        let work = scope.spawn(|| raise_here(drawn, stop, &mut raised));
        work.join()
            .unwrap_or_else(|_| Err(Error::refused("set up", "the lab", "a builder panicked")))
    });
    (raised, result)
}

/// Raises a layout, moving the calling thread from namespace to namespace.
fn raise_here(drawn: Drawn<'_>, stop: Stop, raised: &mut Raised) -> Result<()> {
    let visitor = Visitor::new()?;
    let mut sides = Vec::new();
    for plan in &drawn.layout.hosts {
        let (host, side) = HostSide::create(plan, &visitor, &mut raised.phases)?;
        raised.hosts.push(host);
        sides.push(side);
    }
    for (side, host) in sides.iter_mut().zip(&raised.hosts) {
        enter(&visitor, host)?;
        side.found(&raised.hosts, &mut raised.phases)?;
    }
    raise_containers(drawn, stop, raised)?;
    for (side, host) in sides.iter_mut().zip(&raised.hosts) {
        enter(&visitor, host)?;
        side.finish(&raised.hosts, &mut raised.phases)?;
    }
    for (host, ruleset) in &drawn.rules.host_sides {
        enter(&visitor, &raised.hosts[*host as usize])?;
        timed(&mut raised.phases.firewall, || ruleset.load())?;
    }
    let start = Instant::now();
    receive::set(drawn.layout, raised, drawn.wiring)?;
    raised.phases.links += start.elapsed();
    Ok(())
}

/// All containers, by a few builders side by side.
fn raise_containers(drawn: Drawn<'_>, stop: Stop, raised: &mut Raised) -> Result<()> {
    let next = AtomicU32::new(0);
    let failed = AtomicU32::new(0);
    let hosts = &raised.hosts;
    let stop = || failed.load(Ordering::Relaxed) > 0 || stop();
    let build = || {
        let mut builder = Builder::new(drawn, hosts)?;
        let result = builder.build_all(&next, &stop);
        if result.is_err() {
            failed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(builder.into_made(result))
    };
    let outcomes: Vec<Result<_>> = thread::scope(|scope| {
        let builders: Vec<_> = (0..BUILDERS).map(|_| scope.spawn(build)).collect();
        let panicked = || Err(Error::refused("set up", "containers", "a builder panicked"));
        builders
            .into_iter()
            .map(|builder| builder.join().unwrap_or_else(|_| panicked()))
            .collect()
    });
    gather(outcomes, raised)
}

/// Puts the builders' namespaces in order; the first real error is the error (the others were told to stop).
fn gather(outcomes: Vec<Result<Made>>, raised: &mut Raised) -> Result<()> {
    let mut numbered = Vec::new();
    let mut first = Ok(());
    for outcome in outcomes {
        let result = outcome.and_then(|(made, phases, result)| {
            numbered.extend(made);
            raised.phases.add_share(phases);
            result
        });
        if first.is_ok() || matches!(first, Err(Error::Interrupted)) && result.is_err() {
            first = result;
        }
    }
    numbered.sort_by_key(|(number, _)| *number);
    raised.containers = numbered
        .into_iter()
        .map(|(_, namespace)| namespace)
        .collect();
    first
}

impl Phases {
    fn add_share(&mut self, other: Self) {
        self.netns += other.netns / BUILDERS;
        self.links += other.links / BUILDERS;
        self.addresses += other.addresses / BUILDERS;
        self.neighbours += other.neighbours / BUILDERS;
        self.firewall += other.firewall / BUILDERS;
    }
}
