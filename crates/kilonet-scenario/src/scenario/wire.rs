//! The file as it is written: its tables, their keys and defaults, and the schema an editor checks it by.
//!
//! Knows each value's own bounds but not how values fit together. Invariant: what the schema lists is what is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeTable;

use super::name::Name;
use super::problem::Problems;
use super::sysctl::{self, Numbers, Sysctls};
use super::table::{At, Axis, Table};
use kilonet_record::factors::beside::Beside;
use kilonet_record::factors::cell::{
    Buffers, Congestion, Driver, Family, Firewall, Macs, Path, Stack, Workload,
};
use kilonet_record::factors::copying::{Receiving, Sending};
use kilonet_record::factors::limits::{CpuList, CpuMax, MemoryMax};
use kilonet_record::factors::load::{Arrivals, Batch, MOST_RATE, Search};
use kilonet_record::factors::pattern::{Direction, Pattern};
use kilonet_record::factors::placement::Pinning;
use kilonet_record::factors::receive::{Napi, Rps};
use kilonet_record::factors::repeats::{Allowance, Gauge, Width};
use kilonet_record::factors::rules::{Backend, MOST_PUBLISHED, RuleHook, RuleShape};
use kilonet_record::factors::topology::{Testbed, Topology};
use kilonet_record::factors::value::{BufferSize, Count, Length, Seed, Share, Size, Times};
use kilonet_record::factors::wiring::{Entries, Join};

/// A scenario file of kilonet: factors to vary, the lab they are tried in, and how each trial is timed.
#[derive(Debug, JsonSchema)]
#[schemars(title = "kilonet scenario", deny_unknown_fields)]
pub(super) struct Wire {
    /// Name of the scenario, and of its run folders; the file's name if absent.
    #[schemars(with = "Name", default)]
    pub(super) name: Option<At<Name>>,
    /// The question this scenario answers, in a sentence.
    #[schemars(with = "String", default)]
    pub(super) about: Option<At<String>>,
    /// Factors; each is one value, a list, or a range of numbers, and every combination is tried. Where there are several
    /// tables, `[[axes]]`, those of each are tried, one table after the other, and no cell twice.
    pub(super) axes: Union,
    /// How a lab is built.
    #[schemars(extend("default" = {}))]
    pub(super) lab: Lab,
    /// How a trial is timed, and how often it is repeated.
    #[schemars(extend("default" = {}))]
    pub(super) trial: Trial,
    /// Settings of the whole machine to change for the run; they are put back after it.
    #[schemars(default)]
    pub(super) sysctls: Sysctls,
}

/// The tables of factors, in the order of the file.
#[derive(Debug)]
pub(super) struct Union(pub(super) Vec<Axes>);

impl JsonSchema for Union {
    fn schema_name() -> Cow<'static, str> {
        "Union".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<Axes>();
        json_schema!({ "oneOf": [table, { "type": "array", "items": table, "minItems": 1 }] })
    }
}

/// Rules that match nothing: more would take longer to load than labs take to raise.
pub(super) type RuleCount = Count<0, 100_000>;

/// Bytes of a message.
pub(super) type MessageSize = Size<1, { 16 << 20 }>;

/// Messages a second of one flow.
pub(super) type RequestRate = Count<1, { MOST_RATE }>;

/// Published ports: as many as one address has beside those that the kernel takes for itself.
pub(super) type PortCount = Count<0, { MOST_PUBLISHED }>;

/// Others that a container sends to: more would be more connections than one address has ports.
pub(super) type PeerCount = Count<1, 10_000>;

/// Factors that are varied, every level of each with every level of the others.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Axes {
    /// How the file names this table: `axes`, or `axes[1]` for the second of several.
    #[schemars(skip)]
    name: String,
    /// Shape of the lab.
    #[schemars(extend("default" = "bridge"))]
    pub(super) topology: Axis<Topology>,
    /// Who wires the containers.
    #[schemars(extend("default" = "kernel"))]
    pub(super) testbed: Axis<Testbed>,
    /// Protocol of the traffic.
    #[schemars(extend("default" = "ipv4"))]
    pub(super) family: Axis<Family>,
    /// Rules loaded into the lab.
    #[schemars(extend("default" = "none"))]
    pub(super) firewall: Axis<Firewall>,
    /// What rules are loaded by; the profile's own if absent.
    #[schemars(with = "Axis<Backend>", default)]
    pub(super) backend: Option<Axis<Backend>>,
    /// The way from client to server.
    #[schemars(extend("default" = "direct"))]
    pub(super) path: Axis<Path>,
    /// Rules that match nothing, ahead of the profile's; given, even as 0, bridged frames are shown to rules.
    #[schemars(with = "Axis<RuleCount>", default)]
    pub(super) rules: Option<Axis<RuleCount>>,
    /// What the rules that match nothing are written as.
    #[schemars(extend("default" = "linear"))]
    pub(super) rule_shape: Axis<RuleShape>,
    /// Where the rules that match nothing stand.
    #[schemars(extend("default" = "raw"))]
    pub(super) rule_hook: Axis<RuleHook>,
    /// What a flow does.
    #[schemars(extend("default" = "tcp-stream"))]
    pub(super) workload: Axis<Workload>,
    /// What runs the flows.
    #[schemars(extend("default" = "threads"))]
    pub(super) driver: Axis<Driver>,
    /// The CPUs that a flow's client and server run on.
    #[schemars(extend("default" = "none"))]
    pub(super) pinning: Axis<Pinning>,
    /// CPU time that each container may use, in CPUs; only of processes, as are the next two.
    #[schemars(extend("default" = "none"))]
    pub(super) cpu_max: Axis<CpuMax>,
    /// Memory that each container may use.
    #[schemars(extend("default" = "none"))]
    pub(super) memory_max: Axis<MemoryMax>,
    /// The CPUs that each container may run on.
    #[schemars(extend("default" = "none"))]
    pub(super) cpuset: Axis<CpuList>,
    /// Who talks to whom.
    #[schemars(extend("default" = "pairs"))]
    pub(super) pattern: Axis<Pattern>,
    /// Which ways of a pair have flows.
    #[schemars(extend("default" = "one-way"))]
    pub(super) direction: Axis<Direction>,
    /// How many others each container sends to in `all-to-all`, by lot; all of them if absent.
    #[schemars(with = "Axis<PeerCount>", default)]
    pub(super) peers: Option<Axis<PeerCount>>,
    /// Containers that are there; even where they talk in pairs of two.
    pub(super) containers: Axis<Count<2, 1_000_000>>,
    /// Containers that talk: "all", or a number up to that of the containers.
    #[schemars(extend("default" = "all"))]
    pub(super) active: Axis<Share>,
    /// Flows of each pair.
    #[schemars(extend("default" = 1))]
    pub(super) streams: Axis<Count<1, 1024>>,
    /// Bytes of a message from client to server: what one send call is handed, a request, or a datagram. If absent, 128 KiB
    /// for streams, 1 for a request over TCP, 16 for one over UDP, 1400 for a datagram of a stream.
    #[schemars(with = "Axis<MessageSize>", default)]
    pub(super) message: Option<Axis<MessageSize>>,
    /// Bytes of a response; as many as the request has if absent.
    #[schemars(with = "Axis<MessageSize>", default)]
    pub(super) response: Option<Axis<MessageSize>>,
    /// Requests that a flow may have under way at once, where no rate is given.
    #[schemars(extend("default" = 1))]
    pub(super) outstanding: Axis<Count<1, 1024>>,
    /// Messages a second offered to each flow, whether or not earlier ones are answered; if absent, as fast as responses
    /// come, or as datagrams can be sent.
    #[schemars(with = "Axis<RequestRate>", default)]
    pub(super) rate: Option<Axis<RequestRate>>,
    /// How messages that have a rate lie in time.
    #[schemars(extend("default" = "constant"))]
    pub(super) arrivals: Axis<Arrivals>,
    /// What some pairs do instead of the workload, each of how many pairs or what share of them, and requests at how many a
    /// second: "tcp-rr:2", "idle:90% tcp-rr:9%@100".
    #[schemars(extend("default" = "none"))]
    pub(super) beside: Axis<Beside>,
    /// How senders of streams hand bytes to the kernel.
    #[schemars(extend("default" = "copy"))]
    pub(super) send: Axis<Sending>,
    /// How receivers of streams take bytes from the kernel.
    #[schemars(extend("default" = "copy"))]
    pub(super) receive: Axis<Receiving>,
    /// How many datagrams of a stream one system call moves.
    #[schemars(extend("default" = "none"))]
    pub(super) batch: Axis<Batch>,
    /// What share of datagrams may be lost where the highest rate is looked for at which no more is; from `rate` down, if
    /// that is given.
    #[schemars(extend("default" = "none"))]
    pub(super) search: Axis<Search>,
    /// TCP congestion control, by the kernel's name.
    #[schemars(extend("default" = "cubic"))]
    pub(super) congestion: Axis<Congestion>,
    /// Socket buffers: "auto" leaves them to the kernel.
    #[schemars(extend("default" = "auto"))]
    pub(super) buffers: Axis<BufferSize>,
    /// Bytes of the largest packet of a veth; at least 1280 with IPv6.
    #[schemars(extend("default" = 1500))]
    pub(super) mtu: Axis<Count<68, 65_535>>,
    /// What joins the bridges of a lab.
    #[schemars(extend("default" = "none"))]
    pub(super) join: Axis<Join>,
    /// Whether the two of a pair are behind different bridges, which must be joined.
    #[schemars(extend("default" = false))]
    pub(super) crossing: Axis<bool>,
    /// How links and bridges know who is where.
    #[schemars(extend("default" = "static"))]
    pub(super) entries: Axis<Entries>,
    /// Whether bridges watch who wants which multicast.
    #[schemars(extend("default" = false))]
    pub(super) snooping: Axis<bool>,
    /// Seconds after which a bridge forgets what it learned; 0 has it learn nothing.
    #[schemars(extend("default" = 300))]
    pub(super) ageing: Axis<Count<0, 1_000_000>>,
    /// Whether a bridge may send a frame back out of the port it came by.
    #[schemars(extend("default" = false))]
    pub(super) hairpin: Axis<bool>,
    /// Whether the ports of containers are kept apart from each other.
    #[schemars(extend("default" = false))]
    pub(super) isolation: Axis<bool>,
    /// Whether bridges look at VLANs.
    #[schemars(extend("default" = false))]
    pub(super) vlan_filtering: Axis<bool>,
    /// Whether links of veths segment and coalesce, so that TCP crosses them in large units.
    #[schemars(extend("default" = true))]
    pub(super) offload: Axis<bool>,
    /// Bytes of the largest unit that links of veths take whole; above 64 KiB it is BIG TCP.
    #[schemars(extend("default" = "64KiB"))]
    pub(super) gso_max: Axis<Size<2048, 524_280>>,
    /// The same of IPv4 alone, where it is to be another.
    #[schemars(with = "Axis<Size<2048, 524_280>>", default)]
    pub(super) gso_ipv4_max: Option<Axis<Size<2048, 524_280>>>,
    /// Who takes in what veths receive.
    #[schemars(extend("default" = "none"))]
    pub(super) napi: Axis<Napi>,
    /// The CPUs that what veths receive is spread over, by flow.
    #[schemars(extend("default" = "off"))]
    pub(super) rps: Axis<Rps>,
}

/// How a lab is built.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, inline)]
pub(super) struct Lab {
    /// Protocols the interfaces have addresses of.
    #[schemars(extend("default" = "dual"))]
    pub(super) stack: At<Stack>,
    /// Where a container's MAC address comes from.
    #[schemars(extend("default" = "derived"))]
    pub(super) macs: At<Macs>,
    /// Containers that share one namespace in the topology `shared`: an even number, or "all".
    #[schemars(extend("default" = 2))]
    pub(super) per_namespace: At<Share>,
    /// Most ports of one bridge: an even number up to what a Linux bridge holds.
    #[schemars(extend("default" = 1000))]
    pub(super) ports_per_bridge: At<Count<2, 1023>>,
    /// At least this many bridges, however few containers; pairs stay inside one bridge unless they cross.
    #[schemars(extend("default" = 1))]
    pub(super) bridges: At<Count<1, 500_000>>,
    /// Ports that the host side publishes for containers, at least; the paths `published` and `hairpin` need one for each flow.
    #[schemars(extend("default" = 0))]
    pub(super) published: At<PortCount>,
    /// Services of the firewall `kubernetes`.
    #[schemars(extend("default" = 10))]
    pub(super) services: At<Count<0, 10_000>>,
    /// Endpoints of each of its services.
    #[schemars(extend("default" = 2))]
    pub(super) endpoints: At<Count<1, 1000>>,
    /// File of the firewall `custom`: for nft, or what iptables-save writes.
    #[schemars(with = "String", default)]
    pub(super) ruleset: Option<At<String>>,
}

/// How a trial is timed.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, inline)]
pub(super) struct Trial {
    /// Time the traffic runs before it counts.
    #[schemars(extend("default" = "1s"))]
    pub(super) warmup: At<Length<0, 3_600_000>>,
    /// Length of the window in which bytes count.
    #[schemars(extend("default" = "1s"))]
    pub(super) measure: At<Length<100, 3_600_000>>,
    /// Interval of the samples within the window.
    #[schemars(extend("default" = "100ms"))]
    pub(super) sample: At<Length<100, 3_600_000>>,
    /// Time all flows have to connect.
    #[schemars(extend("default" = "10s"))]
    pub(super) connect: At<Length<100, 600_000>>,
    /// Trials of each cell: a number, or a range, of which each cell has as many as it takes for its metrics to be known.
    #[schemars(extend("default" = 3))]
    pub(super) repeats: At<Times>,
    /// With a range: what half the 95 % interval of each metric's mean may come to; 5% if absent.
    #[schemars(with = "Width", default)]
    pub(super) within: Option<At<Width>>,
    /// With a range: what is to be known so well; if absent, what all flows get through, and what the median pair gets.
    #[schemars(with = "Axis<Gauge>", default)]
    pub(super) metrics: Option<Axis<Gauge>>,
    /// How many trials that others disturbed are run again, as a share of all; 20% if absent, none with `repeats = 1`.
    #[schemars(with = "Allowance", default)]
    pub(super) again: Option<At<Allowance>>,
    /// Seed of the order of trials, and of patterns that are drawn by lot.
    #[schemars(extend("default" = 1))]
    pub(super) seed: At<Seed>,
    /// Whether each block of trials has a pair over loopback to compare with.
    #[schemars(extend("default" = true))]
    pub(super) baseline: At<bool>,
}

impl Wire {
    /// Reads a parsed file; what cannot be read is a problem, and its default or nothing stands in its place.
    pub(super) fn read(document: &DeTable<'_>, problems: &mut Problems) -> Self {
        let mut root = Table::root(document, problems);
        let wire = Self {
            name: root.optional("name"),
            about: root.optional("about"),
            axes: Union(root.tables("axes", Axes::read)),
            lab: Lab::read(root.table("lab")),
            trial: Trial::read(root.table("trial")),
            sysctls: read_sysctls(root.table("sysctls")),
        };
        root.finish();
        wire
    }
}

impl Axes {
    fn read(mut table: Table<'_, '_>) -> Self {
        let axes = Self {
            name: table.path().to_owned(),
            topology: table.axis("topology", Topology::Bridge),
            testbed: table.axis("testbed", Testbed::Kernel),
            family: table.axis("family", Family::Ipv4),
            firewall: table.axis("firewall", Firewall::None),
            backend: table.optional_axis("backend"),
            path: table.axis("path", Path::Direct),
            rules: table.optional_axis("rules"),
            rule_shape: table.axis("rule_shape", RuleShape::Linear),
            rule_hook: table.axis("rule_hook", RuleHook::Raw),
            workload: table.axis("workload", Workload::TcpStream),
            driver: table.axis("driver", Driver::Threads),
            pinning: table.axis("pinning", Pinning::None),
            cpu_max: table.axis("cpu_max", CpuMax::default()),
            memory_max: table.axis("memory_max", MemoryMax::default()),
            cpuset: table.axis("cpuset", CpuList::default()),
            pattern: table.axis("pattern", Pattern::Pairs),
            direction: table.axis("direction", Direction::OneWay),
            peers: table.optional_axis("peers"),
            containers: table.required_axis("containers"),
            active: table.axis("active", Share::All),
            streams: table.axis("streams", Count(1)),
            message: table.optional_axis("message"),
            response: table.optional_axis("response"),
            outstanding: table.axis("outstanding", Count(1)),
            rate: table.optional_axis("rate"),
            arrivals: table.axis("arrivals", Arrivals::Constant),
            beside: table.axis("beside", Beside::default()),
            send: table.axis("send", Sending::Copy),
            receive: table.axis("receive", Receiving::Copy),
            batch: table.axis("batch", Batch::None),
            search: table.axis("search", Search::None),
            congestion: table.axis("congestion", Congestion("cubic".to_owned())),
            buffers: table.axis("buffers", BufferSize(Buffers::Auto)),
            mtu: table.axis("mtu", Count(1500)),
            join: table.axis("join", Join::None),
            crossing: table.axis("crossing", false),
            entries: table.axis("entries", Entries::Static),
            snooping: table.axis("snooping", false),
            ageing: table.axis("ageing", Count(300)),
            hairpin: table.axis("hairpin", false),
            isolation: table.axis("isolation", false),
            vlan_filtering: table.axis("vlan_filtering", false),
            offload: table.axis("offload", true),
            gso_max: table.axis("gso_max", Size(64 << 10)),
            gso_ipv4_max: table.optional_axis("gso_ipv4_max"),
            napi: table.axis("napi", Napi::None),
            rps: table.axis("rps", Rps::Off),
        };
        table.finish();
        axes
    }

    /// One of its keys, with the table.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }
}

impl Lab {
    fn read(mut table: Table<'_, '_>) -> Self {
        let lab = Self {
            stack: table.single("stack", Stack::Dual),
            macs: table.single("macs", Macs::Derived),
            per_namespace: table.single("per_namespace", Share::Of(2)),
            ports_per_bridge: table.single("ports_per_bridge", Count(1000)),
            bridges: table.single("bridges", Count(1)),
            published: table.single("published", Count(0)),
            services: table.single("services", Count(10)),
            endpoints: table.single("endpoints", Count(2)),
            ruleset: table.optional("ruleset"),
        };
        table.finish();
        lab
    }
}

impl Trial {
    fn read(mut table: Table<'_, '_>) -> Self {
        let trial = Self {
            warmup: table.single("warmup", Length(Duration::from_secs(1))),
            measure: table.single("measure", Length(Duration::from_secs(1))),
            sample: table.single("sample", Length(Duration::from_millis(100))),
            connect: table.single("connect", Length(Duration::from_secs(10))),
            repeats: table.single("repeats", Times::Of(3)),
            within: table.optional("within"),
            metrics: table.optional_axis("metrics"),
            again: table.optional("again"),
            seed: table.single("seed", Seed(1)),
            baseline: table.single("baseline", true),
        };
        table.finish();
        trial
    }
}

fn read_sysctls(mut table: Table<'_, '_>) -> Sysctls {
    let mut settings = BTreeMap::new();
    for name in sysctl::names() {
        let Some(numbers) = table.optional::<Numbers>(name) else {
            continue;
        };
        if sysctl::fits(name, &numbers.value) {
            settings.insert(name.to_owned(), numbers.value.0);
        } else {
            table.refuse::<Numbers>(name, numbers.span, "has another count of numbers");
        }
    }
    table.finish();
    Sysctls(settings)
}
