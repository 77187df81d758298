//! Keys of links and bridges: how they are set.

use crate::factors::cell::Cell;
use crate::factors::field::Place::Links;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Usual};
use crate::factors::receive::{Napi, Rps};
use crate::factors::scalar::{Kind, Value};
use crate::factors::topology::Testbed;
use crate::factors::value::{Count, Size};
use crate::factors::wiring::{Entries, Join};
use crate::units::{Bytes, Unit};

/// Bytes of what a veth takes whole.
type UnitSize = Size<2048, 524_280>;

/// What keys of bridges are allowed with.
pub(super) const WITH_BRIDGES: &str =
    "topology = \"bridge\" or \"vxlan\", and testbed = \"kernel\"";

const BRIDGES: Needs = Needs {
    applies: has_bridges,
    lacking: "a bridge that could be set so",
    allowed: WITH_BRIDGES,
};

const VETHS: Needs = Needs {
    applies: |cell| cell.topology.has_veths() && cell.testbed == Testbed::Kernel,
    lacking: "veths that could be set so",
    allowed: "a topology whose links are veths, as those of \"veth\" and \"bridge\" are, and testbed = \"kernel\"",
};

const SEVERAL: Needs = Needs {
    applies: |cell| cell.wiring.join != Join::None,
    lacking: "bridges that could be joined",
    allowed: "topology = \"bridge\", testbed = \"kernel\", path = \"direct\", and two bridges or more (`bridges` in [lab], \
              or crossing = true)",
};

pub(super) fn has_bridges(cell: &Cell) -> bool {
    cell.topology.has_bridges_of_ours() && cell.testbed == Testbed::Kernel
}

/// What a switch is called that is on or off.
fn either(level: &str, on: &str, off: &str) -> String {
    if level == "true" { on } else { off }.to_owned()
}

pub static JOIN: Key<Join> = Key::axis("join", Group::Links, "What joins the bridges of a lab.")
    .usual(Usual::Text("none"))
    .sets(|cell, join| cell.wiring.join = *join)
    .needs(SEVERAL)
    .fields(&[Field::text(
        "join",
        "What joins the bridges.",
        |cell| words(&cell.wiring.join),
        take!(wiring.join),
    )
    .labelled(AtOneCount, |level| match level {
        "none" => "not joined".to_owned(),
        "trunk" => "joined by trunks".to_owned(),
        _ => "joined by a router".to_owned(),
    })
    .in_id(Links, |cell| match cell.wiring.join {
        Join::None => None,
        Join::Trunk => Some("trunk".to_owned()),
        Join::Routed => Some("joined".to_owned()),
    })
    .looked_past()]);

pub static CROSSING: Key<bool> = Key::axis(
    "crossing",
    Group::Links,
    "Whether the two of a pair are behind different bridges, which must be joined.",
)
.usual(Usual::Truth(false))
.sets(|cell, crossing| cell.wiring.crossing = *crossing)
.needs(SEVERAL)
.fields(&[Field::truth(
    "crossing",
    "Whether the two of a pair are behind different bridges.",
    |cell| Some(Value::Truth(cell.wiring.crossing)),
    take!(wiring.crossing),
)
.labelled(AtOneCount, |level| {
    either(level, "crossing", "not crossing")
})
.in_id(Links, |cell| {
    cell.wiring.crossing.then(|| "crossing".to_owned())
})
.looked_past()]);

pub static ENTRIES: Key<Entries> = Key::axis(
    "entries",
    Group::Links,
    "How links and bridges know who is where.",
)
.usual(Usual::Text("static"))
.sets(|cell, entries| cell.wiring.entries = *entries)
.needs(Needs {
    applies: |cell| cell.wiring.entries == Entries::Learned,
    lacking: "links of ours on which to ask",
    allowed: "a topology that has links, and testbed = \"kernel\"",
})
.fields(&[Field::text(
    "entries",
    "How links and bridges know who is where.",
    |cell| words(&cell.wiring.entries),
    take!(wiring.entries),
)
.labelled(AtOneCount, |level| format!("{level} entries"))
.in_id(Links, |cell| {
    let entries = cell.wiring.entries;
    (entries != Entries::Static).then(|| entries.to_string())
})
.looked_past()]);

pub static SNOOPING: Key<bool> = Key::axis(
    "snooping",
    Group::Links,
    "Whether bridges watch who wants which multicast.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.fields(&[Field::kept("snooping", Kind::Truth)
    .labelled(AtOneCount, |level| either(level, "snooping", "no snooping"))
    .in_id(Links, |cell| {
        SNOOPING.of(cell).then(|| "snooping".to_owned())
    })
    .looked_past()]);

pub static AGEING: Key<Count<0, 1_000_000>> = Key::<Count<0, 1_000_000>>::axis(
    "ageing",
    Group::Links,
    "Seconds after which a bridge forgets what it learned; 0 has it learn nothing.",
)
.usual(Usual::Number("300"))
.sets(|cell, ageing| cell.wiring.ageing_s = Some(ageing.0))
.needs(BRIDGES)
.fields(&[Field::integer(
    "ageing_s",
    Unit::Seconds,
    "After which a bridge forgets what it learned; absent where the kernel's 300 hold.",
    |cell| count_of(cell.wiring.ageing_s),
    take!(wiring.ageing_s),
)
.labelled(AtOneCount, |level| format!("ageing {level} s"))
.level(|cell| Some(cell.wiring.ageing_s.unwrap_or(300).to_string()))
.in_id(Links, |cell| {
    cell.wiring.ageing_s.map(|seconds| format!("age{seconds}"))
})
.looked_past()]);

pub static HAIRPIN: Key<bool> = Key::axis(
    "hairpin",
    Group::Links,
    "Whether a bridge may send a frame back out of the port it came by.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.fields(&[Field::kept("hairpin", Kind::Truth)
    .labelled(AtOneCount, |level| either(level, "hairpin", "no hairpin"))
    .in_id(Links, |cell| HAIRPIN.of(cell).then(|| "hairpin".to_owned()))
    .looked_past()]);

pub static ISOLATION: Key<bool> = Key::axis(
    "isolation",
    Group::Links,
    "Whether the ports of containers are kept apart from each other.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.fields(&[Field::kept("isolation", Kind::Truth)
    .labelled(AtOneCount, |level| {
        either(level, "isolated", "not isolated")
    })
    .in_id(Links, |cell| {
        ISOLATION.of(cell).then(|| "isolated".to_owned())
    })
    .looked_past()]);

pub static VLAN_FILTERING: Key<bool> = Key::axis(
    "vlan_filtering",
    Group::Links,
    "Whether bridges look at VLANs.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.fields(&[Field::kept("vlan_filtering", Kind::Truth)
    .labelled(AtOneCount, |level| either(level, "VLANs", "no VLANs"))
    .in_id(Links, |cell| {
        VLAN_FILTERING.of(cell).then(|| "vlan".to_owned())
    })
    .looked_past()]);

pub static OFFLOAD: Key<bool> = Key::<bool>::axis(
    "offload",
    Group::Links,
    "Whether links of veths segment and coalesce, so that TCP crosses them in large units.",
)
.usual(Usual::Truth(true))
.sets(|cell, offload| cell.wiring.offload_off = !offload)
.needs(VETHS)
.fields(&[Field::truth(
    "offload_off",
    "Whether links have segmentation and coalescing switched off.",
    |cell| Some(Value::Truth(cell.wiring.offload_off)),
    take!(wiring.offload_off),
)
.labelled(AtOneCount, |level| either(level, "no offload", "offload"))
.in_id(Links, |cell| {
    cell.wiring.offload_off.then(|| "nogso".to_owned())
})
.looked_past()]);

pub static GSO_MAX: Key<UnitSize> = Key::<UnitSize>::axis(
    "gso_max",
    Group::Links,
    "Bytes of the largest unit that links of veths take whole; above 64 KiB it is BIG TCP.",
)
.also(&["gso"])
.examples("`64KiB`, `256KiB`")
.usual(Usual::Text("64KiB"))
.sets(|cell, bytes| cell.wiring.gso_max_bytes = Some(bytes.0))
.needs(VETHS)
.fields(&[Field::integer(
    "gso_max_bytes",
    Unit::Bytes,
    "The largest unit that links take whole; absent where the kernel's 65,536 hold.",
    |cell| count_of(cell.wiring.gso_max_bytes),
    take!(wiring.gso_max_bytes),
)
.labelled(AtOneCount, |level| format!("units of {level}"))
.level(|cell| Some(Bytes(u64::from(cell.wiring.gso_bytes()[0])).to_string()))
.in_id(Links, |cell| {
    cell.wiring.gso_max_bytes.map(|bytes| format!("gso{bytes}"))
})
.looked_past()]);

pub static GSO_IPV4_MAX: Key<UnitSize> = Key::<UnitSize>::axis(
    "gso_ipv4_max",
    Group::Links,
    "Bytes of the largest unit of IPv4 that links of veths take whole, where it is to be another; `gso_max` if absent.",
)
.examples("`64KiB`, `256KiB`")
.sets(|cell, bytes| cell.wiring.gso_ipv4_max_bytes = Some(bytes.0))
.or_else(|_| ())
.needs(VETHS)
.fields(&[Field::integer(
    "gso_ipv4_max_bytes",
    Unit::Bytes,
    "The same of IPv4 alone; absent where it is that of all.",
    |cell| count_of(cell.wiring.gso_ipv4_max_bytes),
    take!(wiring.gso_ipv4_max_bytes),
)
.labelled(AtOneCount, |level| format!("IPv4 units of {level}"))
.level(|cell| Some(Bytes(u64::from(cell.wiring.gso_ipv4_max_bytes?)).to_string()))
.in_id(Links, |cell| {
    cell.wiring
        .gso_ipv4_max_bytes
        .map(|bytes| format!("v4gso{bytes}"))
})
.looked_past()]);

pub static NAPI: Key<Napi> = Key::axis("napi", Group::Links, "Who takes in what veths receive.")
    .usual(Usual::Text("none"))
    .sets(|cell, napi| cell.wiring.napi = *napi)
    .needs(VETHS)
    .fields(&[Field::text(
        "napi",
        "Who takes in what a veth receives.",
        |cell| words(&cell.wiring.napi),
        take!(wiring.napi),
    )
    .labelled(AtOneCount, |level| match level {
        "none" => "no NAPI".to_owned(),
        level => format!("{level} NAPI"),
    })
    .in_id(Links, |cell| {
        let napi = cell.wiring.napi;
        (napi != Napi::None).then(|| napi.to_string())
    })
    .looked_past()]);

pub static RPS: Key<Rps> = Key::<Rps>::axis(
    "rps",
    Group::Links,
    "The CPUs that what veths receive is spread over, by flow.",
)
.examples("`off`, `all`, or a mask such as `0x3`")
.usual(Usual::Text("off"))
.sets(|cell, rps| cell.wiring.rps.clone_from(rps))
.needs(VETHS)
.fields(&[Field::text(
    "rps",
    "The CPUs that what veths receive is spread over.",
    |cell| words(&cell.wiring.rps),
    take!(wiring.rps),
)
.labelled(AtOneCount, |level| match level {
    "off" => "no RPS".to_owned(),
    "all" => "RPS on all CPUs".to_owned(),
    mask => format!("RPS {mask}"),
})
.in_id(Links, |cell| {
    let rps = &cell.wiring.rps;
    (*rps != Rps::Off).then(|| format!("rps-{rps}"))
})
.looked_past()]);

pub static MTU: Key<Count<68, 65_535>> = Key::<Count<68, 65_535>>::axis(
    "mtu",
    Group::Links,
    "Bytes of the largest packet of a veth; at least 1280 with IPv6.",
)
.usual(Usual::Number("1500"))
.sets(|cell, mtu| cell.mtu = Some(mtu.0))
.needs(Needs {
    applies: |cell| cell.mtu.is_some(),
    lacking: "links, and lo keeps its own MTU",
    allowed: "a topology that has links",
})
.fields(&[Field::integer(
    "mtu",
    Unit::Bytes,
    "The largest packet of a veth; absent where the topology has none.",
    |cell| count_of(cell.mtu),
    take!(mtu),
)
.labelled(AtOneCount, |level| format!("MTU {level}"))
.in_id(Links, |cell| {
    let unusual = cell.mtu.filter(|mtu| *mtu != 1500);
    unusual.map(|mtu| format!("mtu{mtu}"))
})
.looked_past()]);
