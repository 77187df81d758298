//! Keys of a lab's shape, and of who wires it.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::factor::Factor;
use crate::factors::field::Place::{Front, Lab};
use crate::factors::field::Varies::Anywhere;
use crate::factors::field::{Field, take, words};
use crate::factors::key::{Group, Key, Usual};
use crate::factors::pattern::Pattern;
use crate::factors::requirement::Requirement;
use crate::factors::topology::{Joined, Testbed, Topology};
use crate::factors::value::Share;
use crate::factors::wiring::Join;

use super::fitting::{generators, lacks, meshed, most_containers};
use super::names::{self, BRIDGES, PER_NAMESPACE, PORTS_PER_BRIDGE, PORTS_PER_ROUTER};

pub static TESTBED: Key<Testbed> = Key::axis_of(
    names::TESTBED,
    Group::Lab,
    "What makes and joins the containers.",
)
.also(&["engine", "runtime"])
.usual(Usual::Text("kernel"))
.sets(|cell, testbed| cell.testbed = *testbed)
.requires(|cell| {
    let engine = cell.testbed == Testbed::Docker && !cell.topology.is_found();
    Requirement::Engine.when(engine)
})
.read_back("A trial whose containers it could not make fails; the engine's version is read back.")
.fields(&[Field::text(
    "testbed",
    "Who wires it: `kernel` is kilonet.",
    |cell| words(&cell.testbed),
    take!(testbed),
)
.labelled(Anywhere, |level| {
    if level == "kernel" { "modelled" } else { level }.to_owned()
})
.told(|level| {
    let kernel = level == Testbed::Kernel.word();
    if kernel {
        "in the model".to_owned()
    } else {
        format!("in {level}")
    }
})
.in_id(Lab, |cell| {
    (cell.testbed != Testbed::Kernel).then(|| cell.testbed.to_string())
})
.looked_past()]);

pub static TOPOLOGY: Key<Topology> = Key::axis_of(names::TOPOLOGY, Group::Lab, "Shape of the lab.")
    .also(&["network"])
    .usual(Usual::Text("bridge"))
    .sets(|cell, topology| cell.topology = *topology)
    .fits(&[is_offered, is_within_reach, is_told_apart])
    .requires(|cell| match cell.testbed {
        Testbed::Kernel => Requirement::of_links(cell.topology),
        Testbed::Docker => Vec::new(),
    })
    .read_back(
        "Its links are the kernel's answers to set-up, and bytes are read at its interfaces.",
    )
    .fields(&[Field::text(
        "topology",
        "Shape of the lab.",
        |cell| words(&cell.topology),
        take!(topology),
    )
    .labelled(Anywhere, str::to_owned)
    .told(|level| {
        let topology = level.parse::<Topology>();
        topology.map_or_else(|_| format!("with {level}"), |it| it.facts().told.to_owned())
    })
    .in_id(Front, |cell| Some(cell.topology.to_string()))
    .looked_past()]);

/// Every testbed of a table meets every topology of it, so each pair must exist.
fn is_offered(choice: &Choice) -> Vec<Misfit> {
    let missing = choice.values(names::TESTBED).flat_map(|testbed| {
        let words: Vec<_> = testbed.topologies().map(Factor::word).collect();
        let remedy = format!(
            "allowed with it: {}; each table of [[axes]] may have testbeds of its own",
            words.join(", ")
        );
        let levels = choice.levels(names::TOPOLOGY);
        let missing = levels.filter(move |at| !testbed.offers(at.value));
        missing.map(move |at| {
            let message = format!("the testbed {testbed} has no {}", at.value);
            at.misfit(message, remedy.clone())
        })
    });
    missing.collect()
}

/// Everybody may have to reach everybody: only the pattern `pairs` makes do with a lab in pieces.
fn is_within_reach(choice: &Choice) -> Vec<Misfit> {
    let (Some(pattern), Some(most)) = (meshed(choice), most_containers(choice)) else {
        return Vec::new();
    };
    let apart = choice.levels(names::TOPOLOGY).filter_map(|at| {
        let (reason, remedy) = gap(at.value, choice, most)?;
        let message = format!("{reason}, but in pattern \"{pattern}\" others talk as well");
        Some(at.misfit(message, format!("allowed with it: {remedy}")))
    });
    apart.collect()
}

/// Why not all of so many containers can reach each other, and what helps.
fn gap(topology: Topology, choice: &Choice, most: u32) -> Option<(&'static str, String)> {
    // Every level of it meets every count: the fewest ports make the most bridges.
    let fewest = choice.values(PORTS_PER_BRIDGE).map(|ports| ports.0).min();
    let ports = fewest.unwrap_or(most);
    let bridges = choice.one(BRIDGES).0;
    let within = |limit: u32| format!("up to {limit} containers");
    match topology.joined() {
        Joined::OneNamespace | Joined::Parent | Joined::Before => None,
        Joined::Pairs => Some((
            "only the two containers of a pair are joined",
            format!("pattern = \"{}\"", Pattern::Pairs.word()),
        )),
        Joined::Seats => {
            let apart = matches!(choice.one(PER_NAMESPACE), Share::Of(seats) if seats < most);
            let remedy = "per_namespace = \"all\" in [lab]".to_owned();
            apart.then_some((
                "containers of different namespaces cannot reach each other",
                remedy,
            ))
        }
        Joined::Bridges => {
            let of_ours = choice.has(names::TESTBED, &Testbed::Kernel);
            let joined = !choice.has(names::JOIN, &Join::None);
            let apart = of_ours && !joined && (most > ports || bridges > 1);
            let remedy = format!(
                "join = \"trunk\" or \"routed\", or one bridge, which holds {}",
                within(ports)
            );
            apart.then_some(("bridges that nothing joins cannot reach each other", remedy))
        }
        Joined::Nodes => {
            let apart = most > 2 * ports || bridges > 2;
            apart.then_some(("only two nodes are joined by a tunnel", within(2 * ports)))
        }
        Joined::Routers => {
            let fewest = choice.values(PORTS_PER_ROUTER).map(|ports| ports.0).min();
            let apart = fewest.filter(|ports| most > *ports);
            apart.map(|ports| {
                let remedy = format!("{}, or ports_per_router of as many", within(ports));
                ("each router has its own containers only", remedy)
            })
        }
    }
}

/// What several pairs of a generator send over one interface cannot be told apart.
fn is_told_apart(choice: &Choice) -> Vec<Misfit> {
    let over_lo = choice.find(names::TOPOLOGY, |topology| !topology.has_links());
    let together = choice.find(names::TOPOLOGY, |topology| topology.is_one_namespace());
    let several = most_containers(choice).is_some_and(|most| most > 2);
    let each = generators(choice).filter_map(|(tool, abilities)| {
        let no_address = over_lo.as_ref().filter(|_| !abilities.loopback);
        let (at, allowed) = match no_address {
            Some(at) => (
                at,
                "choose a topology whose containers have addresses besides loopback's, such as bridge",
            ),
            None => (
                together.as_ref().filter(|_| several)?,
                "allowed with it: 2 containers there; each table of [[axes]] may have its own",
            ),
        };
        let what = format!("topology {}", at.value);
        Some(lacks(tool, at, &what, allowed))
    });
    each.collect()
}
