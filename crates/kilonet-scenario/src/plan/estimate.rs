//! What a plan will take: resources at its worst moment, and time.
//!
//! Pure, from figures measured once (Linux 6.18, 2 cores); the machine's limits are for `host` to know. Estimates err
//! upwards in resources, since what is refused in vain can be asked for again and what was begun in vain cannot.

use serde::Serialize;

use std::num::NonZeroU32;
use std::time::Duration;

use super::layout::{Plan, Trial};
use crate::scenario::pairs;
use crate::scenario::registry::routers::host_sides;
use crate::scenario::takes::Takes;
use crate::scenario::{
    Cell, Driver, Entries, Path, Testbed, registry, running_time, topology::Joined,
};
use crate::store::record::Resource;

/// Kernel memory of a namespace with nothing but lo in it.
const BARE_NAMESPACE_BYTES: u64 = 200_000;

/// Kernel memory of a container with its namespace, its veth and addresses of both families.
const WIRED_CONTAINER_BYTES: u64 = 330_000;

/// What kilonet itself may take for a flow, both ends together.
const FLOW_BYTES: u64 = 64 << 10;

/// What a process of somebody else's generator takes for itself: 0.7 MiB of its own were seen, and what the kernel keeps of it.
const GENERATOR_BYTES: u64 = 2 << 20;

/// The same of sockperf, whose clients have room for 600,000 messages of each second from the first on: 70 MB were seen for 6 s.
const SOCKPERF_BYTES: u64 = 64 << 20;

/// Starting one, and hearing its end.
const GENERATOR: Duration = Duration::from_millis(2);

/// Descriptors beside those of namespaces and flows: standard streams, results, netlink, epoll, `/proc`.
const FIXED_DESCRIPTORS: u64 = 64;

/// Host sides whose counters are read at the edges of phases: of more an even sample, as each is held open and takes its part of the
/// time that watching may.
pub const WATCHED_HOST_SIDES: u32 = 16;

/// Descriptors that watching holds open for each: the files in which a namespace counts.
pub const WATCHING_DESCRIPTORS: usize = 4;

/// Threads beside those of flows: main, signals, netlink, progress; and the `workers`, which are few.
const FIXED_THREADS: u64 = 8;

/// Mappings that a thread's stack takes: the stack and its guard, which differ in rights and so are never merged.
const MAPPINGS_PER_THREAD: u64 = 2;

/// Namespaces beside those of containers and bridges: the two that tell when a teardown is over.
const FIXED_NAMESPACES: u64 = 2;

/// Setting up a namespace with what is in it.
const SETUP: Duration = Duration::from_millis(1);

/// Taking it down again, until the kernel is done with it.
const TEARDOWN: Duration = Duration::from_millis(1);

/// An engine's making and removing of a container, several at once.
const ENGINE_CONTAINER: Duration = Duration::from_millis(600);

/// What the engine and the program inside take for a container.
const ENGINE_CONTAINER_BYTES: u64 = 24 << 20;

/// Descriptors that kilonet holds of a container of an engine: its agent's link, its interfaces and its namespace.
const ENGINE_CONTAINER_DESCRIPTORS: u64 = 3;

/// What the process of a container takes beside its flows, with its control groups and what the kernel keeps for it.
const PROCESS_BYTES: u64 = 1 << 20;

/// Draining, reading witnesses and the kernel's grace periods, however small the lab.
const OVERHEAD: Duration = Duration::from_millis(100);

/// What a trial needs of the machine at its worst moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Need {
    /// Network namespaces.
    pub namespaces: u64,
    /// Open descriptors of the process.
    pub descriptors: u64,
    /// Threads of the process, and processes that it starts; for the driver `workers`, without those it has for each CPU.
    pub threads: u64,
    /// Memory of kernel and process together, in bytes, without what sockets hold.
    pub memory_bytes: u64,
    /// Ports of the largest bridge; 0 without bridges.
    pub bridge_ports: u64,
    /// Ports that flows are listened for on one address.
    pub local_ports: u64,
    /// Neighbours that are resolved rather than entered as permanent.
    pub neighbours: u64,
    /// Bytes that all TCP sockets together hold in their queues.
    pub tcp_memory_bytes: u64,
    /// Connections that one host side tracks; 0 without rules.
    pub tracked: u64,
}

impl Need {
    /// What one cell needs.
    #[must_use]
    pub fn of(cell: &Cell) -> Self {
        match (cell.testbed, cell.driver) {
            (Testbed::Kernel, Driver::Processes) => Self::of_processes(cell),
            (Testbed::Kernel, _) => Self::of_kernel(cell),
            (Testbed::Docker, _) => Self::of_engine(cell),
        }
    }

    /// What any of some cells needs: the most of each resource.
    #[must_use]
    pub fn of_any<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let needs = cells.into_iter().map(Self::of);
        needs.fold(Self::default(), Self::max)
    }

    /// Sockets are with the processes, which the system counts with their threads as one user's.
    fn of_processes(cell: &Cell) -> Self {
        let containers = u64::from(cell.containers);
        let namespaces = namespaces(cell) + FIXED_NAMESPACES;
        let kernel = Self::of_kernel(cell);
        Self {
            descriptors: namespaces + containers + watching_descriptors(cell) + FIXED_DESCRIPTORS,
            threads: FIXED_THREADS + containers + 2 * u64::from(cell.flows()),
            memory_bytes: kernel.memory_bytes + containers * PROCESS_BYTES,
            ..kernel
        }
    }

    /// Sockets and threads are with the processes inside, which have limits of their own.
    fn of_engine(cell: &Cell) -> Self {
        let containers = u64::from(cell.containers);
        Self {
            descriptors: ENGINE_CONTAINER_DESCRIPTORS * containers
                + watched(1, true)
                + FIXED_DESCRIPTORS,
            threads: FIXED_THREADS,
            memory_bytes: containers * (WIRED_CONTAINER_BYTES + ENGINE_CONTAINER_BYTES)
                + u64::from(cell.flows()) * (FLOW_BYTES + taken(cell).flow_bytes),
            ..Self::of_kernel(cell)
        }
    }

    fn of_kernel(cell: &Cell) -> Self {
        let flows = u64::from(cell.flows());
        let namespaces = namespaces(cell);
        let is_wired = cell.topology.makes_links();
        let wired = if is_wired {
            u64::from(cell.containers)
        } else {
            0
        };
        let bare = namespaces + FIXED_NAMESPACES - wired;
        let processes = generators(cell);
        let taken = taken(cell);
        let tunnels = u64::from(cell.topology.joined() == Joined::Nodes);
        Self {
            namespaces: namespaces + FIXED_NAMESPACES,
            // A process has two pipes; what flows there are, it has itself.
            descriptors: namespaces
                + FIXED_NAMESPACES
                + flow_descriptors(cell).max(2 * processes)
                + watching_descriptors(cell)
                + FIXED_DESCRIPTORS,
            threads: FIXED_THREADS
                + match cell.driver {
                    Driver::Threads => 2 * flows,
                    Driver::Workers | Driver::Processes => 0,
                    Driver::Iperf3 | Driver::Netperf | Driver::Sockperf => processes,
                },
            memory_bytes: bare * BARE_NAMESPACE_BYTES
                + wired * WIRED_CONTAINER_BYTES
                + flows * (FLOW_BYTES + taken.flow_bytes)
                + processes * generator_bytes(cell.driver),
            bridge_ports: bridge_ports(cell, tunnels + taken.bridge_ports),
            local_ports: listened(cell),
            neighbours: resolved(cell),
            tcp_memory_bytes: flows * taken.queued_bytes,
            // The table slows before it is full, and what closed stays in it for a while.
            tracked: if cell.has_rules() { 2 * flows } else { 0 },
        }
    }

    /// How much of a resource that is.
    #[must_use]
    pub fn amount(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Descriptors => self.descriptors,
            Resource::Threads => self.threads,
            Resource::Mappings => self.threads.saturating_mul(MAPPINGS_PER_THREAD),
            Resource::Namespaces => self.namespaces,
            Resource::Memory => self.memory_bytes,
            Resource::BridgePorts => self.bridge_ports,
            Resource::LocalPorts => self.local_ports,
            Resource::Neighbours => self.neighbours,
            Resource::TcpMemory => self.tcp_memory_bytes,
            Resource::Tracked => self.tracked,
        }
    }

    /// The greater of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            namespaces: self.namespaces.max(other.namespaces),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            bridge_ports: self.bridge_ports.max(other.bridge_ports),
            local_ports: self.local_ports.max(other.local_ports),
            neighbours: self.neighbours.max(other.neighbours),
            tcp_memory_bytes: self.tcp_memory_bytes.max(other.tcp_memory_bytes),
            tracked: self.tracked.max(other.tracked),
        }
    }
}

impl Plan {
    /// What the plan needs at the worst moment of each resource, which may be of different trials.
    #[must_use]
    pub fn need(&self) -> Need {
        Need::of_any(self.trials.iter().map(|trial| &trial.cell))
    }

    /// About how long some trials take, one after the other.
    pub fn estimate<'a>(&self, trials: impl IntoIterator<Item = &'a Trial>) -> Duration {
        let each = trials.into_iter();
        each.map(|trial| self.estimate_trial(&trial.cell)).sum()
    }

    /// About how long the plan takes at least, and at most.
    #[must_use]
    pub fn estimate_duration(&self) -> (Duration, Duration) {
        let certain = self.trials.iter().filter(|trial| self.is_certain(trial));
        (self.estimate(certain), self.estimate(&self.trials))
    }

    /// About how long one trial of a cell takes, from its first namespace to its last.
    #[must_use]
    pub fn estimate_trial(&self, cell: &Cell) -> Duration {
        let lab = match cell.testbed {
            Testbed::Kernel => {
                let count = u32::try_from(namespaces(cell)).unwrap_or(u32::MAX);
                let each = (SETUP + TEARDOWN).saturating_mul(count);
                each.saturating_add(taken(cell).setup)
            }
            Testbed::Docker => ENGINE_CONTAINER.saturating_mul(cell.containers),
        };
        let window = self.timing.warmup + self.timing.measure;
        let traffic = if cell.driver.is_generator() {
            let processes = u32::try_from(generators(cell)).unwrap_or(u32::MAX);
            running_time(cell.pairs, window) + GENERATOR * processes
        } else {
            window * (1 + taken(cell).windows)
        };
        traffic + OVERHEAD + lab
    }
}

/// What each of them takes, the server's and the client's evened out.
fn generator_bytes(driver: Driver) -> u64 {
    match driver {
        Driver::Sockperf => SOCKPERF_BYTES,
        _ => GENERATOR_BYTES,
    }
}

/// Processes of somebody else's generator: a server and a client for each pair.
fn generators(cell: &Cell) -> u64 {
    let each = if cell.driver.is_generator() { 2 } else { 0 };
    each * u64::from(cell.pairs)
}

/// Descriptors of all flows: two sockets each. Where each request has a connection of its own also what listens, the namespace
/// to call from, and both ends of the connections under way.
fn flow_descriptors(cell: &Cell) -> u64 {
    let classes = cell.classes().into_iter().map(|class| {
        let renewed = class.orders.workload.renews_connections();
        let at_once = u64::from(class.orders.load.connections_at_once());
        let each = if renewed { 4 + 2 * at_once } else { 2 };
        each * u64::from(class.pairs)
    });
    classes.sum::<u64>() * u64::from(cell.streams)
}

/// Descriptors by which the host side is read while flows run: the counters of those that are watched, the interfaces of each, and
/// the connection table of each that rules are on.
fn watching_descriptors(cell: &Cell) -> u64 {
    watched(hosts(cell), cell.has_rules())
}

fn watched(hosts: u64, tracked: bool) -> u64 {
    let counters = hosts.min(u64::from(WATCHED_HOST_SIDES)) * WATCHING_DESCRIPTORS as u64;
    counters + hosts * (1 + u64::from(tracked))
}

/// Ports of the largest bridge: of one that has containers, and some `more`, or of the one between that has a port for each of them.
fn bridge_ports(cell: &Cell, more: u64) -> u64 {
    let own = cell.ports_per_bridge.map(|ports| u64::from(ports.get()));
    let bridges = cell.bridges.filter(|_| cell.wiring.is_one_segment());
    let between = bridges.map_or(0, |bridges| u64::from(bridges.get()));
    own.map_or(0, |own| (own + more).max(between))
}

/// What the levels of a cell take beside the usual: what their entries say.
fn taken(cell: &Cell) -> Takes {
    let keys = registry::keys().filter_map(|key| key.facts().takes);
    keys.fold(Takes::default(), |all, takes| all.and(takes(cell)))
}

/// Flows that come in at one address at most. Each has a listener of its own, and what that accepted keeps its port.
fn listened(cell: &Cell) -> u64 {
    let together = match cell.topology.joined() {
        Joined::OneNamespace => cell.containers,
        Joined::Seats => cell.per_namespace.map_or(1, NonZeroU32::get),
        // Servers beyond a router share the address of the way there.
        _ if cell.path == Path::Outside => cell.containers,
        _ => 1,
    };
    let mut flows = vec![0; cell.containers.div_ceil(together) as usize];
    for (_, server) in pairs(cell) {
        flows[(server / together) as usize] += u64::from(cell.streams);
    }
    flows.into_iter().max().unwrap_or(0)
}

/// Neighbours that are found by asking: by each of a pair the other, or by both ends of the way to a gateway.
fn resolved(cell: &Cell) -> u64 {
    let active = u64::from(cell.active);
    match (cell.wiring.entries, cell.topology.joined()) {
        (Entries::Static, _) => 0,
        (Entries::Learned, Joined::Routers) => 2 * active,
        // Two that send to each other ask once each.
        (Entries::Learned, _) => (2 * u64::from(cell.twos())).min(active * (active - 1)),
    }
}

/// Namespaces of a lab, those of its host side among them.
fn namespaces(cell: &Cell) -> u64 {
    let containers = u64::from(cell.containers);
    let inside = match cell.topology.joined() {
        Joined::OneNamespace | Joined::Before => 1,
        Joined::Seats => {
            containers.div_ceil(cell.per_namespace.map_or(1, |seats| u64::from(seats.get())))
        }
        Joined::Pairs | Joined::Routers | Joined::Parent | Joined::Bridges | Joined::Nodes => {
            containers
        }
    };
    inside + hosts(cell)
}

/// Namespaces of a lab's host side.
fn hosts(cell: &Cell) -> u64 {
    taken(cell).namespaces
        + match cell.topology.joined() {
            Joined::OneNamespace | Joined::Before | Joined::Seats => 0,
            Joined::Pairs | Joined::Routers => u64::from(host_sides(cell)),
            Joined::Parent => 1,
            Joined::Bridges | Joined::Nodes => {
                cell.bridges.map_or(0, |bridges| u64::from(bridges.get()))
            }
        }
}
