//! The columns of `trials` that are factors: the `cell` of a record.
//!
//! A factor that a record leaves out because it is as usual stands here as what is usual; one that does not apply is
//! absent.

use super::super::column::Unit::{Bytes, PerSecond, Plain, Seconds};
use super::super::column::{Column, integer, number, text, truth};
use super::identity::written;
use crate::scenario::Buffers;
use crate::store::Record;

pub(super) const COLUMNS: &[Column<Record>] = &[
    text("topology", "Shape of the lab.", |it| {
        written(&it.cell.topology)
    }),
    text("testbed", "Who wires it: `kernel` is kilonet.", |it| {
        written(&it.cell.testbed)
    }),
    text("family", "Protocol of the traffic.", |it| {
        written(&it.cell.family)
    }),
    text("firewall", "Profile of the rules that are loaded.", |it| {
        written(&it.cell.firewall)
    }),
    text("backend", "What loads them; absent without rules.", |it| {
        written(&it.cell.rules.backend)
    }),
    text("path", "The way from client to server.", |it| {
        written(&it.cell.path)
    }),
    text("workload", "What a flow does.", |it| {
        written(&it.cell.workload)
    }),
    text("beside", "What some pairs do instead.", |it| {
        written(&it.cell.beside)
    }),
    text("driver", "What runs the flows.", |it| {
        written(&it.cell.driver)
    }),
    text(
        "pinning",
        "The CPUs that the ends of a flow run on.",
        |it| written(&it.cell.load.pinning),
    ),
    text("pattern", "Who talks to whom.", |it| {
        written(&it.cell.pattern)
    }),
    text("direction", "Which ways of a pair have flows.", |it| {
        written(&it.cell.talk.direction)
    }),
    integer(
        "peers",
        Plain,
        "Others that each container sends to in `all-to-all`; absent where that is all of them.",
        |it| it.cell.talk.peers.map(u64::from),
    ),
    integer(
        "pattern_seed",
        Plain,
        "What lots are drawn from; absent where none are.",
        |it| it.cell.talk.pattern_seed,
    ),
    integer("containers", Plain, "Containers that are there.", |it| {
        Some(it.cell.containers.into())
    }),
    integer("active", Plain, "Containers that talk.", |it| {
        Some(it.cell.active.into())
    }),
    integer(
        "pairs",
        Plain,
        "Pairs that talk; where flows go both ways, each way is a pair of its own.",
        |it| Some(it.cell.pairs.into()),
    ),
    integer("streams", Plain, "Flows of each pair.", |it| {
        Some(it.cell.streams.into())
    }),
    integer(
        "message_bytes",
        Bytes,
        "A message from client to server.",
        |it| Some(it.cell.message_bytes.into()),
    ),
    integer(
        "response_bytes",
        Bytes,
        "A response; absent for workloads without.",
        |it| it.cell.load.response_bytes.map(u64::from),
    ),
    integer(
        "outstanding",
        Plain,
        "Requests that a flow may have under way at once; absent where that is 1.",
        |it| it.cell.load.outstanding.map(u64::from),
    ),
    integer(
        "rate",
        PerSecond,
        "Messages offered to each flow, answered or not; absent for a closed loop.",
        |it| it.cell.load.rate.map(u64::from),
    ),
    text(
        "arrivals",
        "How they lie in time; absent for a closed loop.",
        |it| written(&it.cell.load.arrivals),
    ),
    text(
        "batch",
        "How many datagrams of a stream one system call moves.",
        |it| written(&it.cell.load.batch),
    ),
    text(
        "search",
        "Loss within which the highest rate is looked for; `none` where there is no search.",
        |it| written(&it.cell.load.search),
    ),
    text("send", "How senders hand bytes to the kernel.", |it| {
        written(&it.cell.load.send)
    }),
    text(
        "receive",
        "How receivers take bytes from the kernel.",
        |it| written(&it.cell.load.receive),
    ),
    number(
        "cpu_max",
        Plain,
        "CPUs' worth of time that each container may use; absent without a limit.",
        |it| it.cell.limits.cpu_max.into(),
    ),
    integer(
        "memory_max_bytes",
        Bytes,
        "Memory that each container may use; absent without a limit.",
        |it| it.cell.limits.memory_max.0,
    ),
    text("cpuset", "CPUs that each container may run on.", |it| {
        written(&it.cell.limits.cpuset)
    }),
    text("congestion", "Congestion control asked for.", |it| {
        written(&it.cell.congestion)
    }),
    integer(
        "buffers_bytes",
        Bytes,
        "Socket buffers asked for; absent where they are left to the kernel.",
        |it| match it.cell.buffers {
            Buffers::Auto => None,
            Buffers::Bytes(bytes) => Some(bytes.into()),
        },
    ),
    text(
        "stack",
        "Protocols the interfaces have addresses of.",
        |it| written(&it.cell.stack),
    ),
    text("macs", "Where MAC addresses come from.", |it| {
        written(&it.cell.macs)
    }),
    text("join", "What joins the bridges.", |it| {
        written(&it.cell.wiring.join)
    }),
    truth(
        "crossing",
        "Whether the two of a pair are behind different bridges.",
        |it| Some(it.cell.wiring.crossing),
    ),
    text(
        "entries",
        "How links and bridges know who is where.",
        |it| written(&it.cell.wiring.entries),
    ),
    truth(
        "snooping",
        "Whether bridges watch who wants which multicast.",
        |it| Some(it.cell.wiring.snooping),
    ),
    integer(
        "ageing_s",
        Seconds,
        "After which a bridge forgets what it learned; absent where the kernel's 300 hold.",
        |it| it.cell.wiring.ageing_s.map(u64::from),
    ),
    truth(
        "hairpin",
        "Whether a bridge may send a frame back out of the port it came by.",
        |it| Some(it.cell.wiring.hairpin),
    ),
    truth(
        "isolation",
        "Whether the ports of containers are kept apart.",
        |it| Some(it.cell.wiring.isolation),
    ),
    truth("vlan_filtering", "Whether bridges look at VLANs.", |it| {
        Some(it.cell.wiring.vlan_filtering)
    }),
    truth(
        "offload_off",
        "Whether links have segmentation and coalescing switched off.",
        |it| Some(it.cell.wiring.offload_off),
    ),
    integer(
        "gso_max_bytes",
        Bytes,
        "The largest unit that links take whole; absent where the kernel's 65,536 hold.",
        |it| it.cell.wiring.gso_max_bytes.map(u64::from),
    ),
    integer(
        "gso_ipv4_max_bytes",
        Bytes,
        "The same of IPv4 alone; absent where it is that of all.",
        |it| it.cell.wiring.gso_ipv4_max_bytes.map(u64::from),
    ),
    text("napi", "Who takes in what a veth receives.", |it| {
        written(&it.cell.wiring.napi)
    }),
    text(
        "rps",
        "The CPUs that what veths receive is spread over.",
        |it| written(&it.cell.wiring.rps),
    ),
    integer(
        "mtu",
        Bytes,
        "The largest packet of a veth; absent where the topology has none.",
        |it| it.cell.mtu.map(u64::from),
    ),
    integer(
        "per_namespace",
        Plain,
        "Containers that share one namespace; only for `shared`.",
        |it| it.cell.per_namespace.map(|count| count.get().into()),
    ),
    integer(
        "bridges",
        Plain,
        "Bridges of the lab; absent where the topology has none.",
        |it| it.cell.bridges.map(|count| count.get().into()),
    ),
    integer(
        "ports_per_bridge",
        Plain,
        "Ports of each bridge but the last; absent likewise.",
        |it| it.cell.ports_per_bridge.map(|count| count.get().into()),
    ),
    integer(
        "published",
        Plain,
        "Ports of the host side that lead to containers; absent where there are none.",
        |it| it.cell.rules.published.map(u64::from),
    ),
    integer(
        "services",
        Plain,
        "Services of each host side; only for `kubernetes`.",
        |it| it.cell.rules.services.map(u64::from),
    ),
    integer(
        "endpoints",
        Plain,
        "Endpoints of each service; only for `kubernetes`.",
        |it| it.cell.rules.endpoints.map(u64::from),
    ),
    text(
        "ruleset",
        "File of the rule set; only for `custom`.",
        |it| written(&it.cell.rules.ruleset),
    ),
    integer(
        "rules",
        Plain,
        "Rules that match nothing, ahead of the profile's; absent where none were asked for.",
        |it| it.cell.rules.filler.map(u64::from),
    ),
    text(
        "rule_shape",
        "What those are written as; absent likewise.",
        |it| written(&it.cell.rules.rule_shape),
    ),
    text("rule_hook", "Where those stand; absent likewise.", |it| {
        written(&it.cell.rules.rule_hook)
    }),
];
