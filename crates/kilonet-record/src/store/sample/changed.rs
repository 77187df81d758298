//! A cell with another level of each factor in turn, by which a test finds out what a comparison looks at.

use std::num::NonZeroU32;

use serde_json::Value;

use crate::factors::raw::Raw;
use crate::factors::rules::{Backend, RuleHook, RuleShape};
use crate::factors::{
    AnyKey, Arrivals, Batch, Beside, Buffers, Cell, Closing, Congestion, CpuMax, Direction, Driver,
    Entries, Family, Firewall, Join, Kept, Level, Limits, Listening, Load, Macs, MemoryMax, Napi,
    Path, Pattern, Pinning, Receiving, Rps, Rules, Search, Sending, Stack, Talk, Testbed, Topology,
    Wiring, Workload, registry,
};

/// A cell that is at its default in nothing. Each struct is written out, so that a factor that comes later does not compile
/// until it is here too.
fn unusual() -> Cell {
    let mut cell = Cell {
        topology: Topology::Vxlan,
        testbed: Testbed::Docker,
        family: Family::Ipv6,
        firewall: Firewall::Custom,
        path: Path::Hairpin,
        workload: Workload::UdpStream,
        driver: Driver::Processes,
        limits: Limits {
            cpu_max: CpuMax(Some(500)),
            memory_max: MemoryMax(Some(64 << 20)),
            cpuset: "0".parse().unwrap(),
        },
        pattern: Pattern::Ring,
        talk: Talk {
            direction: Direction::Both,
            peers: Some(3),
            pattern_seed: Some(7),
        },
        containers: 9,
        active: 7,
        pairs: 5,
        streams: 3,
        message_bytes: 99,
        load: Load {
            response_bytes: Some(98),
            outstanding: Some(4),
            rate: Some(1000),
            rate_bps: Some(1_000_000),
            arrivals: Some(Arrivals::Poisson),
            pinning: Pinning::Apart,
            send: Sending::Zerocopy,
            receive: Receiving::Zerocopy,
            batch: Batch::Gso,
            search: Search::Lossless,
            listen: Listening::Shared,
            backlog: Some(64),
            closes: Closing::Client,
        },
        beside: Beside::try_from("idle:50%".to_owned()).unwrap(),
        congestion: Congestion("reno".to_owned()),
        buffers: Buffers::Bytes(65_536),
        stack: Stack::Single,
        macs: Macs::Random,
        wiring: Wiring {
            join: Join::Trunk,
            crossing: true,
            entries: Entries::Learned,
            ageing_s: Some(10),
            offload_off: true,
            gso_max_bytes: Some(4096),
            gso_ipv4_max_bytes: Some(2048),
            napi: Napi::Threaded,
            rps: Rps::All,
        },
        mtu: Some(9000),
        per_namespace: NonZeroU32::new(4),
        bridges: NonZeroU32::new(3),
        ports_per_bridge: NonZeroU32::new(6),
        rules: Rules {
            backend: Some(Backend::IptablesLegacy),
            published: Some(5),
            services: Some(6),
            endpoints: Some(7),
            ruleset: Some("own.nft".to_owned()),
            filler: Some(100),
            rule_shape: Some(RuleShape::Set),
            rule_hook: Some(RuleHook::Filter),
        },
        kept: Kept::default(),
    };
    for key in registry::keys().filter(|key| key.is_kept()) {
        key.put(&mut cell, Some(&another(key)));
    }
    cell
}

/// A level of a key that is not the usual one.
fn another(key: &dyn AnyKey) -> Level {
    let usual = key.usual();
    let words = key.words().into_iter().map(|(word, _)| Raw::Text(word));
    let levels = words.chain([true, false].map(Raw::Boolean));
    let levels = levels.chain(["4", "net.core.somaxconn=128"].map(Raw::of));
    let mut levels = levels.filter_map(|raw| key.read(&raw).ok()?.pop());
    let is_other = |level: &Level| usual.as_ref().is_none_or(|usual| !key.same(level, usual));
    levels.find(is_other).expect("a key has two levels")
}

impl Cell {
    /// This cell with another level of one factor, for each there is: the factor's key in a record, and the cell.
    #[must_use]
    pub fn each_changed(&self) -> Vec<(String, Self)> {
        let fields = |cell: &Self| match serde_json::to_value(cell) {
            Ok(Value::Object(fields)) => fields,
            other => panic!("{other:?}"),
        };
        let own = fields(self);
        let changed = fields(&unusual()).into_iter().map(|(key, level)| {
            let mut fields = own.clone();
            assert_ne!(
                fields.insert(key.clone(), level.clone()),
                Some(level),
                "{key}"
            );
            let cell = serde_json::from_value(Value::Object(fields)).unwrap();
            (key, cell)
        });
        changed.collect()
    }

    /// The factors, by their keys, in which another cell may differ from this one and still pass.
    pub fn free_in(&self, passes: impl Fn(&Self) -> bool) -> Vec<String> {
        let changed = self.each_changed().into_iter();
        let free = changed.filter(|(_, cell)| passes(cell));
        free.map(|(key, _)| key).collect()
    }
}
