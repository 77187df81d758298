//! Keys of the lab: its shape, who wires it, and who is in it.

use crate::factors::cell::Cell;
use crate::factors::field::Place::{Front, Lab};
use crate::factors::field::Varies::{Anywhere, AtOneCount};
use crate::factors::field::{Field, count, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Part, Table, Usual};
use crate::factors::topology::{Joined, Testbed, Topology};
use crate::factors::value::{Count, Share};
use crate::factors::wiring::{Macs, Stack};
use crate::units::{Unit, counted_text};

use super::links::{WITH_BRIDGES, has_bridges};

pub static TESTBED: Key<Testbed> = Key::axis("testbed", Group::Lab, "Who wires the containers.")
    .also(&["engine", "runtime"])
    .usual(Usual::Text("kernel"))
    .sets(|cell, testbed| cell.testbed = *testbed)
    .fields(&[Field::text(
        "testbed",
        "Who wires it: `kernel` is kilonet.",
        |cell| words(&cell.testbed),
        take!(testbed),
    )
    .labelled(Anywhere, |level| {
        if level == "kernel" { "modelled" } else { level }.to_owned()
    })
    .in_id(Lab, |cell| {
        (cell.testbed != Testbed::Kernel).then(|| cell.testbed.to_string())
    })
    .looked_past()]);

pub static TOPOLOGY: Key<Topology> = Key::axis("topology", Group::Lab, "Shape of the lab.")
    .also(&["network"])
    .usual(Usual::Text("bridge"))
    .sets(|cell, topology| cell.topology = *topology)
    .fields(&[Field::text(
        "topology",
        "Shape of the lab.",
        |cell| words(&cell.topology),
        take!(topology),
    )
    .labelled(Anywhere, str::to_owned)
    .in_id(Front, |cell| Some(cell.topology.to_string()))
    .looked_past()]);

pub static CONTAINERS: Key<Count<2, 1_000_000>> = Key::<Count<2, 1_000_000>>::axis(
    "containers",
    Group::Lab,
    "Containers that are there; an even number where they talk in pairs.",
)
.also(&["count", "counts", "namespaces"])
.examples("`2,8,32`, `2..512` (doubles), `2..512 x4` or `2..1024 +64`")
.sets(|cell, containers| cell.containers = containers.0)
.fields(&[Field::integer(
    "containers",
    Unit::Plain,
    "Containers that are there.",
    |cell| count(cell.containers),
    take!(containers),
)
.in_id(Front, |cell| Some(format!("c{}", cell.containers)))]);

pub static ACTIVE: Key<Share> = Key::<Share>::axis("active", Group::Lab, "Containers that talk.")
    .examples("`all`, or counts up to that of the containers")
    .usual(Usual::Text("all"))
    .sets(|cell, active| cell.active = active.of(cell.containers))
    .fields(&[
        Field::integer(
            "active",
            Unit::Plain,
            "Containers that talk.",
            |cell| count(cell.active),
            take!(active),
        )
        .labelled(AtOneCount, |level| format!("{level} active"))
        .level(|cell| Some(active(cell)))
        .in_id(Front, |cell| {
            (cell.active != cell.containers).then(|| format!("a{}", cell.active))
        }),
        Field::integer(
            "pairs",
            Unit::Plain,
            "Pairs that talk; where flows go both ways, each way is a pair of its own.",
            |cell| count(cell.pairs),
            take!(pairs),
        ),
    ]);

fn active(cell: &Cell) -> String {
    if cell.active == cell.containers {
        "all".to_owned()
    } else {
        cell.active.to_string()
    }
}

pub static STACK: Key<Stack> = Key::single(
    Table::Lab,
    "stack",
    Group::Lab,
    "Protocols the interfaces have addresses of.",
)
.usual(Usual::Text("dual"))
.sets(|cell, stack| cell.stack = *stack)
.needs(Needs {
    applies: |cell| cell.topology.has_links(),
    lacking: "links that have addresses",
    allowed: "a topology that has links",
})
.fields(&[Field::text(
    "stack",
    "Protocols the interfaces have addresses of.",
    |cell| words(&cell.stack),
    take!(stack),
)
.labelled(Anywhere, |level| format!("{level} stack"))
.in_id(Lab, |cell| {
    (cell.stack != Stack::Dual).then(|| cell.stack.to_string())
})
.looked_past()]);

pub static MACS: Key<Macs> =
    Key::single(Table::Lab, "macs", Group::Lab, "Where a container's MAC address comes from.")
        .usual(Usual::Text("derived"))
        .sets(|cell, macs| cell.macs = *macs)
        .needs(Needs {
            applies: |cell| cell.macs == Macs::Random,
            lacking: "links whose MAC addresses are ours to choose",
            allowed: "testbed = \"kernel\", and a topology other than \"loopback\", \"shared\" and \"ipvlan\"",
        })
        .fields(&[Field::text(
            "macs",
            "Where MAC addresses come from.",
            |cell| words(&cell.macs),
            take!(macs),
        )
        .labelled(Anywhere, |level| format!("{level} MACs"))
        .in_id(Lab, |cell| (cell.macs != Macs::Derived).then(|| cell.macs.to_string()))
        .looked_past()]);

pub static PER_NAMESPACE: Key<Share> = Key::single(
    Table::Lab,
    "per_namespace",
    Group::Lab,
    "Containers that share one namespace in the topology `shared`: an even number, or \"all\".",
)
.usual(Usual::Number("2"))
.needs(Needs {
    applies: |cell| cell.per_namespace.is_some(),
    lacking: "containers that share a namespace",
    allowed: "topology = \"shared\"",
})
.fields(&[Field::integer(
    "per_namespace",
    Unit::Plain,
    "Containers that share one namespace; only for `shared`.",
    |cell| count_of(cell.per_namespace.map(u32::from)),
    take!(per_namespace),
)
.labelled(AtOneCount, |level| format!("{level} a namespace"))
.in_id(Lab, |cell| {
    let unusual = cell.per_namespace.filter(|seats| seats.get() != 2);
    unusual.map(|seats| format!("n{seats}"))
})
.looked_past()]);

/// What a key of our own bridges takes.
const OWN_BRIDGES: Needs = Needs {
    applies: has_bridges,
    lacking: "a bridge of ours",
    allowed: WITH_BRIDGES,
};

pub static BRIDGES: Key<Count<1, 500_000>> = Key::single(
    Table::Lab,
    "bridges",
    Group::Lab,
    "At least this many bridges, however few containers; pairs stay inside one bridge unless they cross.",
)
.usual(Usual::Number("1"))
.needs(OWN_BRIDGES)
.fields(&[Field::integer(
    "bridges",
    Unit::Plain,
    "Bridges of the lab; absent where the topology has none.",
    |cell| count_of(cell.bridges.map(u32::from)),
    take!(bridges),
)
.labelled(AtOneCount, |level| counted_text(level, "bridge"))
.in_id(Lab, unusual_bridges)
.looked_past()]);

/// Bridges, where there are more or fewer than 1000 ports a bridge ask for.
fn unusual_bridges(cell: &Cell) -> Option<String> {
    let usual = match cell.topology.joined() {
        Joined::Bridges => cell.containers.div_ceil(1000),
        Joined::Nodes => 2 * cell.containers.div_ceil(2000),
        Joined::OneNamespace
        | Joined::Seats
        | Joined::Pairs
        | Joined::Routers
        | Joined::Parent
        | Joined::Before => return None,
    };
    let bridges = cell.bridges.filter(|bridges| bridges.get() != usual);
    bridges.map(|bridges| format!("br{bridges}"))
}

pub static PORTS_PER_BRIDGE: Key<Count<2, 1023>> = Key::single(
    Table::Lab,
    "ports_per_bridge",
    Group::Lab,
    "Most ports of one bridge: an even number up to what a Linux bridge holds.",
)
.usual(Usual::Number("1000"))
.needs(OWN_BRIDGES)
.fields(&[Field::integer(
    "ports_per_bridge",
    Unit::Plain,
    "Ports of each bridge but the last; absent likewise.",
    |cell| count_of(cell.ports_per_bridge.map(u32::from)),
    take!(ports_per_bridge),
)
.labelled(AtOneCount, |level| format!("{level} ports a bridge"))
.looked_past()])
.about(Part::Lab);
