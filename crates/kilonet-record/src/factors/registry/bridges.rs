//! Keys of how many bridges a lab has, what joins them, and how containers are spread over them.

use std::num::NonZeroU32;

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::field::Place::{Lab, Links};
use crate::factors::field::Varies::AtOneCount;
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Part, Table, Usual};
use crate::factors::scalar::Value;
use crate::factors::takes::Takes;
use crate::factors::topology::{Joined, Testbed};
use crate::factors::traffic::Path;
use crate::factors::value::Count;
use crate::factors::wiring::Join;
use crate::units::{Unit, counted_text};

use super::fitting::{alone, odd};
use super::links::{WITH_BRIDGES, either, has_bridges};
use super::names;
use super::spread;

/// What a key of our own bridges takes.
const OWN_BRIDGES: Needs = Needs {
    applies: has_bridges,
    lacking: "a bridge of ours",
    allowed: WITH_BRIDGES,
};

pub static BRIDGES: Key<Count<1, 500_000>> = Key::single_of(Table::Lab, names::BRIDGES,
    Group::Lab,
    "Least number of bridges, however few containers; pairs stay inside one bridge unless they cross.",
)
.usual(Usual::Number("1"))
.sets(|cell, bridges| cell.bridges = NonZeroU32::new(bridges.0))
.needs(OWN_BRIDGES)
.stays()
.settles(spread_over_bridges)
.shows(spread::bridges)
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

pub static PORTS_PER_BRIDGE: Key<Count<2, 1023>> = Key::axis_of(
    names::PORTS_PER_BRIDGE,
    Group::Lab,
    "Most ports of one bridge: an even number up to what a Linux bridge holds.",
)
.usual(Usual::Number("1000"))
.once_in(Table::Lab)
.sets(|cell, ports| cell.ports_per_bridge = NonZeroU32::new(ports.0))
.needs(OWN_BRIDGES)
.stays()
.fits(&[are_for_pairs])
.shows(|evidence| {
    let ports = evidence.cell.ports_per_bridge?;
    spread::behind_one(evidence, ports.get())
})
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

fn are_for_pairs(choice: &Choice) -> Vec<Misfit> {
    let ports = choice.levels(names::PORTS_PER_BRIDGE);
    odd(ports.map(|at| (at.value.0, at)))
}

/// Puts as many bridges in the place of those that were asked for as the containers take, none where a shape has none; and takes
/// out what joins them where there is one.
fn spread_over_bridges(cell: &mut Cell) {
    let (bridges, ports) = match (cell.topology.joined(), cell.testbed) {
        // A network of an engine is one bridge.
        (Joined::Bridges, Testbed::Docker) => (1, cell.containers),
        (Joined::Bridges, Testbed::Kernel) => spread(cell),
        (Joined::Nodes, _) => spread_over_nodes(cell),
        (
            Joined::OneNamespace
            | Joined::Seats
            | Joined::Pairs
            | Joined::Routers
            | Joined::Parent
            | Joined::Before,
            _,
        ) => (0, 0),
    };
    cell.bridges = NonZeroU32::new(bridges);
    cell.ports_per_bridge = NonZeroU32::new(ports);
    if bridges == 1 {
        cell.wiring.join = Join::None;
    }
}

/// Spreads pairs evenly over as few bridges as hold them (or as many as were asked for; two at least, if pairs are to
/// cross): bridges, and ports of each.
fn spread(cell: &Cell) -> (u32, u32) {
    let (pairs, asked, ports) = asked(cell);
    let fewest = if cell.wiring.crossing { 2 } else { 1 };
    let needed = (pairs * 2).div_ceil(ports);
    let wanted = needed.max(asked).max(fewest).min(pairs);
    let pairs_per_bridge = pairs.div_ceil(wanted);
    let bridges = pairs.div_ceil(pairs_per_bridge).max(fewest);
    (bridges, pairs_per_bridge * 2)
}

/// Spreads pairs evenly over nodes, which come in twos, each pair with one end on each: nodes, and ports of each.
fn spread_over_nodes(cell: &Cell) -> (u32, u32) {
    let (pairs, asked, ports) = asked(cell);
    let needed = pairs.div_ceil(ports);
    let wanted = needed.max(asked.div_ceil(2)).min(pairs);
    let ports = pairs.div_ceil(wanted);
    (2 * pairs.div_ceil(ports), ports)
}

/// Pairs, where containers do not talk in pairs with one that is half; the bridges that were asked for, and ports of each.
fn asked(cell: &Cell) -> (u32, u32, u32) {
    let of = |asked: Option<NonZeroU32>| asked.map_or(1, NonZeroU32::get);
    let pairs = cell.containers.div_ceil(2);
    (pairs, of(cell.bridges), of(cell.ports_per_bridge))
}

const SEVERAL: Needs = Needs {
    applies: |cell| cell.wiring.join != Join::None,
    lacking: "bridges that could be joined",
    allowed: "topology = \"bridge\", testbed = \"kernel\", path = \"direct\", and two bridges or more (`bridges` in [lab], \
              or crossing = true)",
};

pub static JOIN: Key<Join> = Key::axis_of(
    names::JOIN,
    Group::Links,
    "What joins the bridges of a lab.",
)
.usual(Usual::Text("none"))
.sets(|cell, join| cell.wiring.join = *join)
.needs(SEVERAL)
.only_where(|cell| {
    let bridged = cell.topology.joined() == Joined::Bridges;
    bridged && cell.testbed == Testbed::Kernel && cell.path == Path::Direct
})
.takes(|cell| Takes {
    namespaces: u64::from(cell.wiring.join != Join::None),
    bridge_ports: u64::from(cell.wiring.join == Join::Trunk),
    ..Takes::default()
})
.shows(spread::joined)
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

pub static CROSSING: Key<bool> = Key::axis_of(
    names::CROSSING,
    Group::Links,
    "Whether the two containers of a pair are behind different bridges, which must be joined.",
)
.usual(Usual::Truth(false))
.sets(|cell, crossing| cell.wiring.crossing = *crossing)
.needs(SEVERAL)
.fits(&[has_a_join, is_of_two])
.shows(spread::crossed)
.fields(&[Field::truth(
    "crossing",
    "Whether the two containers of a pair are behind different bridges.",
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

fn has_a_join(choice: &Choice) -> Vec<Misfit> {
    let joined = choice.find(names::JOIN, |join| *join != Join::None);
    let crossing = choice.find(names::CROSSING, |crossing| *crossing);
    let stray = crossing.filter(|_| joined.is_none());
    let misfit = stray.map(|at| {
        let remedy = "allowed: false, or join = \"trunk\" or \"routed\"";
        at.misfit("nothing joins the bridges", remedy)
    });
    misfit.into_iter().collect()
}

fn is_of_two(choice: &Choice) -> Vec<Misfit> {
    let crossing = choice.find(names::CROSSING, |crossing| *crossing);
    alone(choice, crossing, "crossing")
}
