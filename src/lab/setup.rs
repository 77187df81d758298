//! Raising a lab: from paper to kernel, as fast as the kernel's one lock allows.
//!
//! A few threads take containers one after another; each makes the namespace, its link and what is in it, so that one can
//! be creating a namespace while another holds the lock for links. Nothing is opened under `/proc/sys` per container: all
//! namespaces' entries of one name share a hash chain, and a look-up walks it (measured on 2 CPUs: 94 s against 19 s at
//! 10,000).

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::netlink::{Conversation, message};
use super::netns::{Namespace, Visitor};
use super::topology::{BridgePlan, Cable, Layout, Port, Wiring};
use crate::error::{Error, Result};

/// Threads that raise containers. One leaves the kernel's lock idle while it creates namespaces, and more than two
/// contend for it: 1,000 containers took 1.00 with two, 1.3 with one and 1.0 with four on two CPUs.
const BUILDERS: u32 = 2;

/// Wall time of each phase: the busy time of all builders over their number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Phases {
    /// Creating namespaces and opening a conversation in each.
    pub netns: Duration,
    /// Creating and raising links and bridges.
    pub links: Duration,
    /// Addresses and routes.
    pub addresses: Duration,
    /// Permanent neighbour and forwarding entries.
    pub neighbours: Duration,
}

/// Whether a set-up should be given up.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// The namespaces of a lab being raised.
#[derive(Debug, Default)]
pub(super) struct Raised {
    /// The containers', by number where set-up came to its end.
    pub(super) containers: Vec<Namespace>,
    /// The bridges', by number.
    pub(super) hosts: Vec<Namespace>,
    /// Where the time went.
    pub(super) phases: Phases,
}

/// Raises a layout. What was raised is returned even when set-up failed half way, to be torn down.
pub(super) fn raise(layout: &Layout, stop: Stop) -> (Raised, Result<()>) {
    let mut raised = Raised::default();
    let result = thread::scope(|scope| {
        let work = scope.spawn(|| raise_here(layout, stop, &mut raised));
        work.join()
            .unwrap_or_else(|_| Err(Error::refused("set up", "the lab", "a builder panicked")))
    });
    (raised, result)
}

/// Raises a layout, moving the calling thread from namespace to namespace.
fn raise_here(layout: &Layout, stop: Stop, raised: &mut Raised) -> Result<()> {
    let visitor = Visitor::new()?;
    let mut bridges = Vec::new();
    if let Wiring::Bridges(plans) = &layout.wiring {
        for plan in plans {
            let start = Instant::now();
            let (host, conversation) = create_namespace(&visitor)?;
            raised.hosts.push(host);
            raised.phases.netns += start.elapsed();
            bridges.push(raise_host_side(plan, conversation, &mut raised.phases)?);
        }
    }
    raise_containers(layout, stop, raised)?;
    bridges
        .into_iter()
        .try_for_each(|(plan, conversation)| open_bridge(plan, conversation, &mut raised.phases))
}

/// Tells a bridge who is behind which port, and raises it. Both wait until all ports are on it: a live bridge floods what
/// each new port announces, and one that has entries goes through all of them for every port it is given.
fn open_bridge(
    plan: &BridgePlan,
    mut conversation: Conversation,
    phases: &mut Phases,
) -> Result<()> {
    let talkers = (0..)
        .zip(&plan.ports)
        .filter(|(_, port)| !port.interface.neighbours.is_empty());
    let entries = talkers
        .map(|(number, port)| message::pin_forwarding((number, &port.name), port.interface.mac));
    timed(&mut phases.neighbours, || {
        conversation.ask(entries.collect())
    })?;
    timed(&mut phases.links, || {
        conversation.ask(message::raise_bridge(&plan.name))
    })
}

/// A bridge, still down, in the host-side namespace in which the thread is.
fn raise_host_side<'a>(
    plan: &'a BridgePlan,
    mut conversation: Conversation,
    phases: &mut Phases,
) -> Result<(&'a BridgePlan, Conversation)> {
    timed(&mut phases.links, || {
        show_no_frame_to_iptables();
        conversation.ask(vec![message::raise_lo(), message::create_bridge(plan)])?;
        quiet_ports()
    })?;
    timed(&mut phases.addresses, || {
        conversation.ask(message::address_bridge(plan))
    })?;
    Ok((plan, conversation))
}

/// Where `br_netfilter` is built in, it may be on in every new namespace. Where it is absent there is nothing to turn off.
fn show_no_frame_to_iptables() {
    for name in [
        "bridge-nf-call-iptables",
        "bridge-nf-call-ip6tables",
        "bridge-nf-call-arptables",
    ] {
        let _ = fs::write(format!("/proc/sys/net/bridge/{name}"), "0");
    }
}

/// Gives the ports that come next no IPv6: each would announce itself to all the others. The bridge, made before, keeps
/// its own. A kernel without IPv6 has nothing to turn off.
fn quiet_ports() -> Result<()> {
    match fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1") {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::kernel(
            "set",
            "net.ipv6.conf.default.disable_ipv6 of a host side",
            error,
        )),
        _ => Ok(()),
    }
}

/// Creates a namespace and opens a conversation with it; the thread stays inside.
fn create_namespace(visitor: &Visitor) -> Result<(Namespace, Conversation)> {
    let namespace = visitor
        .create()
        .map_err(|source| Error::kernel("create namespace", "of the lab", source))?;
    Ok((namespace, Conversation::open()?))
}

/// All containers, by a few builders side by side.
fn raise_containers(layout: &Layout, stop: Stop, raised: &mut Raised) -> Result<()> {
    let next = AtomicU32::new(0);
    let failed = AtomicU32::new(0);
    let hosts = &raised.hosts;
    let stop = || failed.load(Ordering::Relaxed) > 0 || stop();
    let build = || {
        let mut builder = Builder::new(layout, hosts)?;
        let result = builder.build_all(&next, &stop);
        if result.is_err() {
            failed.fetch_add(1, Ordering::Relaxed);
        }
        Ok((builder.made, builder.phases, result))
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

/// What one builder has to show: numbered namespaces, its times, and how it ended.
type Made = (Vec<(u32, Namespace)>, Phases, Result<()>);

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
    }
}

/// One of the threads that raise containers.
struct Builder<'a> {
    visitor: Visitor,
    layout: &'a Layout,
    hosts: &'a [Namespace],
    /// The conversation with the host side of the bridge whose ports are being made.
    host: Option<(u32, Conversation)>,
    made: Vec<(u32, Namespace)>,
    phases: Phases,
}

impl<'a> Builder<'a> {
    fn new(layout: &'a Layout, hosts: &'a [Namespace]) -> Result<Self> {
        let phases = Phases::default();
        Ok(Self {
            visitor: Visitor::new()?,
            layout,
            hosts,
            host: None,
            made: Vec::new(),
            phases,
        })
    }

    /// Takes numbers until there are none left.
    fn build_all(&mut self, next: &AtomicU32, stop: &dyn Fn() -> bool) -> Result<()> {
        let units = self.layout.units();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= units {
                return Ok(());
            }
            if stop() {
                return Err(Error::Interrupted);
            }
            self.build(number)?;
        }
    }

    fn build(&mut self, number: u32) -> Result<()> {
        match &self.layout.wiring {
            Wiring::Lo => self.build_bare(number),
            Wiring::Cables(cables) => self.build_cable(number, &cables[number as usize]),
            Wiring::Bridges(bridges) => {
                let per_bridge = u32::try_from(bridges[0].ports.len()).unwrap_or(u32::MAX);
                let (bridge, port) = (number / per_bridge, number % per_bridge);
                self.build_port(bridge, &bridges[bridge as usize], port)
            }
        }
    }

    fn build_bare(&mut self, number: u32) -> Result<()> {
        let mut inside = self.create(number)?;
        timed(&mut self.phases.links, || {
            inside.ask(vec![message::raise_lo()])
        })
    }

    fn build_cable(&mut self, number: u32, cable: &Cable) -> Result<()> {
        let [even, odd] = &cable.ends;
        let name = format!("between containers {} and {}", 2 * number, 2 * number + 1);
        let mut there = self.create(2 * number + 1)?;
        let mut here = self.create(2 * number)?;
        let far = &self.made[self.made.len() - 2].1;
        let create = message::create_cable(even, (odd, far), &name);
        timed(&mut self.phases.links, || {
            here.ask(vec![create])?;
            here.ask(message::raise_links(&name))?;
            there.ask(message::raise_links(&name))
        })?;
        for (inside, end) in [(&mut here, even), (&mut there, odd)] {
            timed(&mut self.phases.addresses, || {
                inside.ask(message::address_eth0(end, &name))
            })?;
            timed(&mut self.phases.neighbours, || {
                inside.ask(message::introduce(end, &name))
            })?;
        }
        Ok(())
    }

    fn build_port(&mut self, bridge: u32, plan: &BridgePlan, number: u32) -> Result<()> {
        let Port {
            name,
            container,
            interface,
        } = &plan.ports[number as usize];
        let label = format!("container {container}");
        let mut inside = self.create(*container)?;
        let mut host = self.host_side(bridge)?;
        let namespace = &self.made[self.made.len() - 1].1;
        let create = message::create_port(&plan.name, (number, name), interface, namespace);
        timed(&mut self.phases.links, || {
            host.ask(vec![create])?;
            inside.ask(message::raise_links(&label))
        })?;
        timed(&mut self.phases.addresses, || {
            inside.ask(message::address_eth0(interface, &label))
        })?;
        timed(&mut self.phases.neighbours, || {
            inside.ask(message::introduce(interface, &label))
        })?;
        self.host = Some((bridge, host));
        Ok(())
    }

    /// A namespace for the container with this number, and a conversation with it.
    fn create(&mut self, number: u32) -> Result<Conversation> {
        let (namespace, inside) =
            timed(&mut self.phases.netns, || create_namespace(&self.visitor))?;
        self.made.push((number, namespace));
        Ok(inside)
    }

    /// The conversation with a bridge's host side: the one at hand, or a new one.
    fn host_side(&mut self, bridge: u32) -> Result<Conversation> {
        match self.host.take() {
            Some((current, conversation)) if current == bridge => Ok(conversation),
            _ => {
                let namespace = &self.hosts[bridge as usize];
                self.visitor.enter(namespace).map_err(|source| {
                    Error::kernel("enter", format!("the host side of bridge {bridge}"), source)
                })?;
                Conversation::open()
            }
        }
    }
}

/// Runs a step and adds its time to a phase.
fn timed<T>(phase: &mut Duration, step: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = step();
    *phase += start.elapsed();
    result
}
