//! The flags that stand for a scenario's keys, the same for `run`, `sweep` and `plan`.

use clap::Args;

use crate::scenario::Overrides;

/// What the flags stand under in a help text.
pub(super) mod heading {
    pub(in crate::cli) const LAB: &str = "Scenario keys for the lab";
    pub(in crate::cli) const LINKS: &str = "Scenario keys for links and bridges";
    pub(in crate::cli) const RULES: &str = "Scenario keys for rules";
    pub(in crate::cli) const TRAFFIC: &str = "Scenario keys for traffic";
    pub(in crate::cli) const LOAD: &str = "Scenario keys for load";
    pub(in crate::cli) const DRIVER: &str = "Scenario keys for the driver";
    pub(in crate::cli) const TRIALS: &str = "Scenario keys for trials";
}

/// Of rows of a flag, the key it stands for, and its text: those that were given.
pub(super) fn given<const ROWS: usize>(
    rows: [(&'static str, &'static str, &Option<String>); ROWS],
) -> Vec<(&'static str, &'static str, String)> {
    let rows = rows.into_iter();
    rows.filter_map(|(flag, key, text)| Some((flag, key, text.clone()?)))
        .collect()
}

/// Each replaces the scenario's key of the same name.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Factors", multiple = true)]
pub(super) struct Factors {
    /// Shapes of the lab: loopback, shared, veth, bridge, routed, vxlan, macvlan, ipvlan-l2, ipvlan-l3, netkit;
    /// with docker also user-bridge, host
    #[arg(long, value_name = "LIST", help_heading = heading::LAB)]
    topology: Option<String>,
    /// Who wires the containers: kernel, docker
    #[arg(long, value_name = "LIST", help_heading = heading::LAB)]
    testbed: Option<String>,
    /// Protocols of the traffic: ipv4, ipv6
    #[arg(long, value_name = "LIST", help_heading = heading::TRAFFIC)]
    family: Option<String>,
    /// Rules: none, docker-1.12, docker-20.10, docker-29, docker-29-nft, kubernetes, conntrack, custom
    #[arg(long, value_name = "LIST", help_heading = heading::RULES)]
    firewall: Option<String>,
    /// What rules are loaded by: nft, iptables-nft, iptables-legacy
    #[arg(long, value_name = "LIST", help_heading = heading::RULES)]
    backend: Option<String>,
    /// Ways from client to server: direct, published, hairpin, outside
    #[arg(long, value_name = "LIST", help_heading = heading::TRAFFIC)]
    path: Option<String>,
    /// Rules that match nothing, ahead of the others: `0..1000`
    #[arg(long, value_name = "RANGE", help_heading = heading::RULES)]
    rules: Option<String>,
    /// What those are written as: linear, set, map
    #[arg(long, value_name = "LIST", help_heading = heading::RULES)]
    rule_shape: Option<String>,
    /// Where those stand: raw, filter, nat
    #[arg(long, value_name = "LIST", help_heading = heading::RULES)]
    rule_hook: Option<String>,
    /// Counts of containers: `2,8,32`, `2..512`, `2..512 x4` or `2..1024 +64`
    #[arg(long, value_name = "RANGE", help_heading = heading::LAB)]
    containers: Option<String>,
    /// Containers that talk: `all`, or counts
    #[arg(long, value_name = "RANGE", help_heading = heading::LAB)]
    active: Option<String>,
    /// What runs the flows: threads, workers, processes; or somebody else's iperf3, netperf, sockperf
    #[arg(long, value_name = "LIST", help_heading = heading::DRIVER)]
    driver: Option<String>,
    /// What a flow does: tcp-stream, tcp-rr, tcp-crr, udp-rr, udp-stream, idle
    #[arg(long, value_name = "LIST", help_heading = heading::TRAFFIC)]
    workload: Option<String>,
    /// Who talks to whom: pairs, ring, incast, outcast, permutation, all-to-all
    #[arg(long, value_name = "LIST", help_heading = heading::TRAFFIC)]
    pattern: Option<String>,
    /// Which ways of a pair have flows: one-way, both
    #[arg(long, value_name = "LIST", help_heading = heading::TRAFFIC)]
    direction: Option<String>,
    /// Others that each container sends to in all-to-all, by lot
    #[arg(long, value_name = "RANGE", help_heading = heading::TRAFFIC)]
    peers: Option<String>,
    /// Flows of each pair
    #[arg(long, value_name = "RANGE", help_heading = heading::TRAFFIC)]
    streams: Option<String>,
    /// Bytes handed to one send call, or of a request: `128KiB`
    #[arg(long, value_name = "SIZES", help_heading = heading::TRAFFIC)]
    message: Option<String>,
    /// Congestion control: cubic, bbr, reno, ...
    #[arg(long, value_name = "LIST", help_heading = heading::TRAFFIC)]
    congestion: Option<String>,
    /// Time the traffic runs before it counts: `300ms`
    #[arg(long, value_name = "TIME", help_heading = heading::TRIALS)]
    warmup: Option<String>,
    /// Length of the window: `1s`
    #[arg(long, value_name = "TIME", help_heading = heading::TRIALS)]
    measure: Option<String>,
    /// Trials of each cell: `5`, or `3..10`, as many of these as it takes
    #[arg(long, value_name = "N|RANGE", help_heading = heading::TRIALS)]
    repeats: Option<String>,
    /// With a range of them: go on until the 95 % interval is as narrow as this to either side
    #[arg(long, value_name = "PERCENT", help_heading = heading::TRIALS)]
    within: Option<String>,
    /// With a range of them: what is to be known so well: goodput, pair-p50, transactions, datagrams, latency-p50,
    /// latency-p99, cpu-per-byte
    #[arg(long, value_name = "LIST", help_heading = heading::TRIALS)]
    metrics: Option<String>,
    /// Trials that may be run again as others disturbed them, as a share of all: `20%`, `0%`
    #[arg(long, value_name = "PERCENT", help_heading = heading::TRIALS)]
    again: Option<String>,
    /// Seed of the trials' order, and of patterns drawn by lot
    #[arg(long, value_name = "N", help_heading = heading::TRIALS)]
    seed: Option<String>,
    #[command(flatten)]
    load: super::load::Load,
    #[command(flatten)]
    limits: super::limits::Limits,
    #[command(flatten)]
    wiring: super::wiring::Wiring,
}

impl Factors {
    /// The flags as the scenario's reader takes them.
    pub(super) fn overrides(&self) -> Overrides {
        let Self {
            topology,
            testbed,
            family,
            path,
            containers,
            active,
            driver,
            workload,
            pattern,
            direction,
            peers,
            streams,
            message,
            ..
        } = self.clone();
        let Self {
            congestion,
            warmup,
            measure,
            repeats,
            within,
            metrics,
            again,
            seed,
            ..
        } = self.clone();
        let Self {
            firewall,
            backend,
            rules,
            rule_shape,
            rule_hook,
            ..
        } = self.clone();
        Overrides {
            load: self.load.given(),
            limits: self.limits.given(),
            wiring: self.wiring.given(),
            topology,
            testbed,
            family,
            firewall,
            backend,
            path,
            rules,
            rule_shape,
            rule_hook,
            containers,
            active,
            driver,
            workload,
            pattern,
            direction,
            peers,
            streams,
            message,
            congestion,
            warmup,
            measure,
            repeats,
            within,
            metrics,
            again,
            seed,
        }
    }
}
