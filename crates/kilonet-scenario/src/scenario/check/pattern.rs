//! Whether those who are to talk can reach each other.
//!
//! Only the pattern `pairs` makes do with a lab in pieces. Every level of a table of axes meets every level of its others,
//! so each combination must exist.

use crate::scenario::Path;
use crate::scenario::factor::Factor;
use crate::scenario::key::AnyKey;
use crate::scenario::pattern::{Direction, Pattern, count};
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::lab::{
    ACTIVE, BRIDGES, CONTAINERS, PER_NAMESPACE, PORTS_PER_BRIDGE, TESTBED, TOPOLOGY,
};
use crate::scenario::registry::links::{CROSSING, ISOLATION, JOIN};
use crate::scenario::registry::traffic::{DIRECTION, PATH, PATTERN, PEERS};
use crate::scenario::source::Span;
use crate::scenario::topology::{Joined, PORTS_PER_ROUTER, Testbed, Topology};
use crate::scenario::value::Share;
use crate::scenario::values::Values;
use crate::scenario::wiring::Join;

/// Pairs of one cell. All that sockets can be had for are fewer.
const MOST_PAIRS: u64 = 1_000_000;

pub(super) fn check(axes: &Values, lab: &Values, problems: &mut Problems) {
    check_peers(axes, problems);
    check_size(axes, problems);
    check_both(axes, problems);
    check_alone(axes, problems);
    check_reach(axes, lab, problems);
}

fn check_peers(axes: &Values, problems: &mut Problems) {
    let fewest = axes.levels(&CONTAINERS).map(|at| at.value.0).min();
    let active = axes.levels(&ACTIVE).filter_map(|at| at.value.count());
    let fewest = active.chain(fewest).min().unwrap_or(u32::MAX);
    for at in axes.levels(&PEERS) {
        if at.value.0 < fewest {
            continue;
        }
        let message = format!("{} peers among {fewest} containers", at.value.0);
        let remedy = format!(
            "allowed: 1 to {}, or no such key for all of them",
            fewest - 1
        );
        let problem = Problem::of(axes.key(&PEERS), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_size(axes: &Values, problems: &mut Problems) {
    let Some(most) = most_containers(axes) else {
        return;
    };
    let active = axes.levels(&ACTIVE).map(|at| at.value.of(most)).max();
    let peers = axes.levels(&PEERS);
    let peers = peers.map(|at| at.value.0).max();
    for at in axes.levels(&PATTERN) {
        let pairs = count(at.value, active.unwrap_or(most), peers);
        if pairs > MOST_PAIRS {
            let message = format!("{} of {most} containers is {pairs} pairs", at.value);
            let problem = Problem::of(axes.key(&PATTERN), message).at(at.span.clone());
            let remedy = format!(
                "allowed: up to {MOST_PAIRS}; peers = 10 has each container send to ten others"
            );
            problems.push(problem.remedy(remedy));
        }
    }
}

fn most_containers(axes: &Values) -> Option<u32> {
    axes.levels(&CONTAINERS).map(|at| at.value.0).max()
}

/// On the other paths one of each pair is in the place of somebody who only calls, or only answers.
fn check_both(axes: &Values, problems: &mut Problems) {
    let detour = axes.levels(&PATH).find(|at| at.value != Path::Direct);
    let both = axes
        .levels(&DIRECTION)
        .find(|at| at.value == Direction::Both);
    if let (Some(at), Some(_)) = (detour, both) {
        let message = format!("the path {} goes one way only", at.value);
        let problem = Problem::of(axes.key(&PATH), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with direction = \"both\": \"direct\""));
    }
}

/// The first pattern in which one container talks to several.
fn meshed(axes: &Values) -> Option<Pattern> {
    let patterns = axes.levels(&PATTERN).map(|at| at.value);
    patterns
        .into_iter()
        .find(|pattern| *pattern != Pattern::Pairs)
}

/// What there is for pairs of two alone.
fn check_alone(axes: &Values, problems: &mut Problems) {
    let Some(pattern) = meshed(axes) else { return };
    let mut refuse = |key: &dyn AnyKey, what: &str, span: &Option<Span>| {
        let message = format!("{what} is for pairs of two, and {pattern} has others");
        let problem = Problem::of(axes.key(key), message).at(span.clone());
        problems.push(problem.remedy("allowed with it: pattern = \"pairs\""));
    };
    if let Some(at) = axes.levels(&PATH).find(|at| at.value != Path::Direct) {
        refuse(&PATH, &format!("the path {}", at.value), &at.span);
    }
    if let Some(at) = axes.levels(&CROSSING).find(|at| at.value) {
        refuse(&CROSSING, "crossing", &at.span);
    }
    // On one bridge it is refused for all patterns alike.
    let isolated = axes.levels(&ISOLATION).find(|at| at.value);
    let tunnelled = |topology: &Topology| topology.joined() == Joined::Nodes;
    if let Some(at) = isolated.filter(|_| axes.find(&TOPOLOGY, tunnelled).is_some()) {
        refuse(&ISOLATION, "isolation", &at.span);
    }
}

/// Everybody may have to reach everybody.
fn check_reach(axes: &Values, lab: &Values, problems: &mut Problems) {
    let (Some(pattern), Some(most)) = (meshed(axes), most_containers(axes)) else {
        return;
    };
    for at in axes.levels(&TOPOLOGY) {
        if let Some((reason, remedy)) = gap(at.value, (axes, lab), most) {
            let message = format!("{reason}, and {pattern} has others talk");
            let problem = Problem::of(axes.key(&TOPOLOGY), message).at(at.span.clone());
            problems.push(problem.remedy(format!("allowed with it: {remedy}")));
        }
    }
}

/// Why not all of so many containers can reach each other, and what helps.
fn gap(
    topology: Topology,
    (axes, lab): (&Values, &Values),
    most: u32,
) -> Option<(&'static str, String)> {
    let ports = lab.one(&PORTS_PER_BRIDGE).0;
    let bridges = lab.one(&BRIDGES).0;
    let within = |limit: u32| format!("up to {limit} containers");
    match topology.joined() {
        Joined::OneNamespace | Joined::Parent | Joined::Before => None,
        Joined::Pairs => Some((
            "the two of a pair are joined and nobody else",
            Pattern::Pairs.word().to_owned(),
        )),
        Joined::Seats => {
            let apart = matches!(lab.one(&PER_NAMESPACE), Share::Of(seats) if seats < most);
            let remedy = "per_namespace = \"all\" in [lab]".to_owned();
            apart.then_some((
                "containers of different namespaces cannot reach each other",
                remedy,
            ))
        }
        Joined::Bridges => {
            let of_ours = axes.has(&TESTBED, &Testbed::Kernel);
            let apart = of_ours && axes.has(&JOIN, &Join::None) && (most > ports || bridges > 1);
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
        Joined::Routers => (most > PORTS_PER_ROUTER).then(|| {
            (
                "each router has its own containers only",
                within(PORTS_PER_ROUTER),
            )
        }),
    }
}
