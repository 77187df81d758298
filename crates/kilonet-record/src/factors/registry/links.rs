//! Keys of how bridges and their ports are set, and how they know who is where.

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::effect::Shown;
use crate::factors::evidence::Evidence;
use crate::factors::field::Place::Links;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Usual};
use crate::factors::requirement::Requirement;
use crate::factors::scalar::Kind;
use crate::factors::topology::{Joined, Testbed};
use crate::factors::traffic::Path;
use crate::factors::value::Count;
use crate::factors::wiring::{Entries, Join, USUAL_AGEING_S};
use crate::units::Unit;

use super::fitting::{alone, is_default_bridge};
use super::names::{self, CROSSING, JOIN, PATH, TOPOLOGY};
use super::shown;

/// What keys of bridges are allowed with.
pub(super) const WITH_BRIDGES: &str =
    "topology = \"bridge\" or \"vxlan\", and testbed = \"kernel\"";

const BRIDGES: Needs = Needs {
    applies: has_bridges,
    lacking: "a bridge that could be set so",
    allowed: WITH_BRIDGES,
};

pub(super) fn has_bridges(cell: &Cell) -> bool {
    cell.topology.has_bridges_of_ours() && cell.testbed == Testbed::Kernel
}

/// What a switch is called that is on or off.
pub(super) fn either(level: &str, on: &str, off: &str) -> String {
    if level == "true" { on } else { off }.to_owned()
}

pub static ENTRIES: Key<Entries> = Key::axis(
    "entries",
    Group::Links,
    "Where neighbour and forwarding entries come from.",
)
.usual(Usual::Text("static"))
.sets(|cell, entries| cell.wiring.entries = *entries)
.keeps_away(&["neighbour_table", "backlog", "flooding"])
.needs(Needs {
    applies: |cell| cell.topology.has_links() && cell.testbed == Testbed::Kernel,
    lacking: "links of ours on which to ask",
    allowed: "a topology that has links, and testbed = \"kernel\"",
})
.shows(were_asked_for)
.fields(&[Field::text(
    "entries",
    "Where neighbour and forwarding entries come from.",
    |cell| words(&cell.wiring.entries),
    take!(wiring.entries),
)
.labelled(AtOneCount, |level| format!("{level} entries"))
.in_id(Links, |cell| {
    let entries = cell.wiring.entries;
    (entries != Entries::Static).then(|| entries.to_string())
})
.looked_past()]);

/// Containers ask for those whom they have no permanent entry of.
fn were_asked_for(evidence: &Evidence<'_>) -> Option<Shown> {
    let known = evidence.seen?.neighbours?;
    let by = |witness, count: u64| Shown::by(witness, count as f64);
    let (shown, held, reason) = match evidence.cell.wiring.entries {
        Entries::Static => (
            by("neighbours that containers know for good", known.permanent)
                .of((known.permanent + known.missing).max(1) as f64),
            known.permanent > 0 && known.missing == 0,
            "containers do not know all their neighbours for good; leave the entries of the lab as they were set up",
        ),
        Entries::Learned => (
            by("neighbours that containers asked for", known.asked).of(1.0),
            known.asked > 0,
            "containers knew their neighbours for good; leave the entries of the lab as they were set up",
        ),
    };
    Some(if known.permanent + known.missing + known.asked == 0 {
        shown.not_exercised("containers of this topology have no neighbours to know")
    } else {
        shown.held_if(held, reason)
    })
}

fn forgets_in_time(evidence: &Evidence<'_>) -> Option<Shown> {
    let wiring = &evidence.cell.wiring;
    let seconds = wiring.ageing_s.unwrap_or(USUAL_AGEING_S);
    shown::forgotten(evidence, seconds, wiring.entries == Entries::Learned)
}

pub static SNOOPING: Key<bool> = Key::axis(
    "snooping",
    Group::Links,
    "Whether bridges snoop multicast memberships.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.shows(|it| {
    shown::switched(
        it,
        "bridges that report to snoop",
        SNOOPING.of(it.cell),
        |of| (of.snooping, of.bridges),
    )
})
.fields(&[Field::kept("snooping", Kind::Truth)
    .labelled(AtOneCount, |level| either(level, "snooping", "no snooping"))
    .in_id(Links, |cell| {
        SNOOPING.of(cell).then(|| "snooping".to_owned())
    })
    .looked_past()]);

pub static AGEING: Key<Count<0, 1_000_000>> = Key::<Count<0, 1_000_000>>::axis(
    "ageing",
    Group::Links,
    "Seconds after which a bridge forgets a learned address; with 0 it learns none.",
)
.usual(Usual::Number("300"))
.sets(|cell, ageing| cell.wiring.ageing_s = Some(ageing.0).filter(|age| *age != USUAL_AGEING_S))
.keeps_away(&["flooding"])
.needs(BRIDGES)
.fits_cells(has_something_to_forget)
.shows(forgets_in_time)
.fields(&[Field::integer(
    "ageing_s",
    Unit::Seconds,
    "After which a bridge forgets what it learned; absent where the kernel's 300 hold.",
    |cell| count_of(cell.wiring.ageing_s),
    take!(wiring.ageing_s),
)
.labelled(AtOneCount, |level| format!("ageing {level} s"))
.level(|cell| Some(cell.wiring.ageing_s.unwrap_or(USUAL_AGEING_S).to_string()))
.in_id(Links, |cell| {
    cell.wiring.ageing_s.map(|seconds| format!("age{seconds}"))
})
.looked_past()]);

/// What is set up is there for good.
fn has_something_to_forget(choice: &Choice, cells: &[Cell]) -> Vec<Misfit> {
    let learns = |cell: &Cell| has_bridges(cell) && cell.wiring.entries == Entries::Learned;
    let unusual = choice.find(AGEING.named(), |ageing| ageing.0 != USUAL_AGEING_S);
    let misfit = unusual.filter(|_| !cells.iter().any(learns)).map(|at| {
        let message = "with static entries bridges learn nothing that they could forget";
        at.misfit(message, "allowed with it: entries = \"learned\"")
    });
    misfit.into_iter().collect()
}

pub static HAIRPIN: Key<bool> = Key::axis(
    "hairpin",
    Group::Links,
    "Whether a bridge may send a frame back out of the port on which it arrived.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.shows(|it| {
    shown::switched(
        it,
        "ports that report hairpin mode",
        HAIRPIN.of(it.cell),
        |of| (of.hairpin, of.ports),
    )
})
.fields(&[Field::kept("hairpin", Kind::Truth)
    .labelled(AtOneCount, |level| either(level, "hairpin", "no hairpin"))
    .in_id(Links, |cell| HAIRPIN.of(cell).then(|| "hairpin".to_owned()))
    .looked_past()]);

pub static ISOLATION: Key<bool> = Key::axis_of(
    names::ISOLATION,
    Group::Links,
    "Whether the containers' bridge ports are isolated from each other.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.fits(&[leaves_a_way, is_of_two])
.shows(|it| {
    shown::switched(
        it,
        "ports that report to be isolated",
        ISOLATION.of(it.cell),
        |of| (of.isolated, of.ports),
    )
})
.fields(&[Field::kept("isolation", Kind::Truth)
    .labelled(AtOneCount, |level| {
        either(level, "isolated", "not isolated")
    })
    .in_id(Links, |cell| {
        ISOLATION.of(cell).then(|| "isolated".to_owned())
    })
    .looked_past()]);

/// Isolated ports reach only ports that are not: those of a trunk, a tunnel or the bridge's own host.
fn leaves_a_way(choice: &Choice) -> Vec<Misfit> {
    let bridged = choice
        .find(TOPOLOGY, |topology| is_default_bridge(*topology))
        .is_some();
    let direct = choice.has(PATH, &Path::Direct);
    let crossing = !choice.has(JOIN, &Join::None) && !choice.has(CROSSING, &false);
    let isolated = choice.find(names::ISOLATION, |isolated| *isolated);
    let stray = isolated.filter(|_| bridged && direct && !crossing);
    let misfit = stray.map(|at| {
        let message = "isolated ports of one bridge cannot talk to each other, and pairs are behind one bridge";
        let remedy = "allowed: false, or with it crossing = true and a join, path = \"outside\", or topology = \"vxlan\"";
        at.misfit(message, remedy)
    });
    misfit.into_iter().collect()
}

/// On one bridge it is refused for all patterns alike.
fn is_of_two(choice: &Choice) -> Vec<Misfit> {
    let tunnelled = choice.find(TOPOLOGY, |topology| topology.joined() == Joined::Nodes);
    let isolated = choice.find(names::ISOLATION, |isolated| *isolated);
    alone(
        choice,
        isolated.filter(|_| tunnelled.is_some()),
        "isolation",
    )
}

pub static VLAN_FILTERING: Key<bool> = Key::axis(
    "vlan_filtering",
    Group::Links,
    "Whether bridges filter by VLAN.",
)
.usual(Usual::Truth(false))
.kept()
.needs(BRIDGES)
.requires(|cell| {
    let filtering = VLAN_FILTERING.of(cell);
    Requirement::VlanFiltering.when(filtering)
})
.shows(|it| {
    shown::switched(
        it,
        "bridges that report to filter by VLAN",
        VLAN_FILTERING.of(it.cell),
        |of| (of.vlan_filtering, of.bridges),
    )
})
.fields(&[Field::kept("vlan_filtering", Kind::Truth)
    .labelled(AtOneCount, |level| either(level, "VLANs", "no VLANs"))
    .in_id(Links, |cell| {
        VLAN_FILTERING.of(cell).then(|| "vlan".to_owned())
    })
    .looked_past()]);
