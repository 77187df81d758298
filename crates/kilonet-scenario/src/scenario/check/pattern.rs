//! Whether those who are to talk can reach each other.
//!
//! Only the pattern `pairs` makes do with a lab in pieces. Every level of a table of axes meets every level of its others,
//! so each combination must exist.

use crate::scenario::cell::Path;
use crate::scenario::factor::Factor;
use crate::scenario::pattern::{Direction, Pattern, count};
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::topology::{PORTS_PER_ROUTER, Testbed, Topology};
use crate::scenario::value::Share;
use crate::scenario::wire::{Axes, Lab};
use crate::scenario::wiring::Join;

/// Pairs of one cell. All that sockets can be had for are fewer.
const MOST_PAIRS: u64 = 1_000_000;

pub(super) fn check(axes: &Axes, lab: &Lab, problems: &mut Problems) {
    check_peers(axes, problems);
    check_size(axes, problems);
    check_both(axes, problems);
    check_alone(axes, problems);
    check_reach(axes, lab, problems);
}

fn check_peers(axes: &Axes, problems: &mut Problems) {
    let Some(peers) = &axes.peers else { return };
    let fewest = axes.containers.0.iter().map(|at| at.value.0).min();
    let active = axes.active.0.iter().filter_map(|at| at.value.count());
    let fewest = active.chain(fewest).min().unwrap_or(u32::MAX);
    for at in &peers.0 {
        let (message, remedy) = if !axes.pattern.has(Pattern::AllToAll) {
            let message = "none of the patterns draws peers".to_owned();
            (message, "allowed with pattern = \"all-to-all\"".to_owned())
        } else if at.value.0 >= fewest {
            let message = format!("{} peers among {fewest} containers", at.value.0);
            (
                message,
                format!(
                    "allowed: 1 to {}, or no such key for all of them",
                    fewest - 1
                ),
            )
        } else {
            continue;
        };
        let problem = Problem::of(axes.key("peers"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_size(axes: &Axes, problems: &mut Problems) {
    let Some(most) = most_containers(axes) else {
        return;
    };
    let active = axes.active.0.iter().map(|at| at.value.of(most)).max();
    let peers = axes.peers.iter().flat_map(|axis| &axis.0);
    let peers = peers.map(|at| at.value.0).max();
    for at in &axes.pattern.0 {
        let pairs = count(at.value, active.unwrap_or(most), peers);
        if pairs > MOST_PAIRS {
            let message = format!("{} of {most} containers is {pairs} pairs", at.value);
            let problem = Problem::of(axes.key("pattern"), message).at(at.span.clone());
            let remedy = format!(
                "allowed: up to {MOST_PAIRS}; peers = 10 has each container send to ten others"
            );
            problems.push(problem.remedy(remedy));
        }
    }
}

fn most_containers(axes: &Axes) -> Option<u32> {
    axes.containers.0.iter().map(|at| at.value.0).max()
}

/// On the other paths one of each pair is in the place of somebody who only calls, or only answers.
fn check_both(axes: &Axes, problems: &mut Problems) {
    let detour = axes.path.0.iter().find(|at| at.value != Path::Direct);
    let both = axes
        .direction
        .0
        .iter()
        .find(|at| at.value == Direction::Both);
    if let (Some(at), Some(_)) = (detour, both) {
        let message = format!("the path {} goes one way only", at.value);
        let problem = Problem::of(axes.key("path"), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with direction = \"both\": \"direct\""));
    }
}

/// The first pattern in which one container talks to several.
fn meshed(axes: &Axes) -> Option<Pattern> {
    let patterns = axes.pattern.0.iter().map(|at| at.value);
    patterns
        .into_iter()
        .find(|pattern| *pattern != Pattern::Pairs)
}

/// What there is for pairs of two alone.
fn check_alone(axes: &Axes, problems: &mut Problems) {
    let Some(pattern) = meshed(axes) else { return };
    let mut refuse = |key: &str, what: &str, span: &Option<Span>| {
        let message = format!("{what} is for pairs of two, and {pattern} has others");
        let problem = Problem::of(axes.key(key), message).at(span.clone());
        problems.push(problem.remedy("allowed with it: pattern = \"pairs\""));
    };
    if let Some(at) = axes.path.0.iter().find(|at| at.value != Path::Direct) {
        refuse("path", &format!("the path {}", at.value), &at.span);
    }
    if let Some(at) = axes.crossing.0.iter().find(|at| at.value) {
        refuse("crossing", "crossing", &at.span);
    }
    // On one bridge it is refused for all patterns alike.
    let isolated = axes.isolation.0.iter().find(|at| at.value);
    if let Some(at) = isolated.filter(|_| axes.topology.has(Topology::Vxlan)) {
        refuse("isolation", "isolation", &at.span);
    }
}

/// Everybody may have to reach everybody.
fn check_reach(axes: &Axes, lab: &Lab, problems: &mut Problems) {
    let (Some(pattern), Some(most)) = (meshed(axes), most_containers(axes)) else {
        return;
    };
    for at in &axes.topology.0 {
        if let Some((reason, remedy)) = gap(at.value, (axes, lab), most) {
            let message = format!("{reason}, and {pattern} has others talk");
            let problem = Problem::of(axes.key("topology"), message).at(at.span.clone());
            problems.push(problem.remedy(format!("allowed with it: {remedy}")));
        }
    }
}

/// Why not all of so many containers can reach each other, and what helps.
fn gap(
    topology: Topology,
    (axes, lab): (&Axes, &Lab),
    most: u32,
) -> Option<(&'static str, String)> {
    let ports = lab.ports_per_bridge.value.0;
    let bridges = lab.bridges.value.0;
    let within = |limit: u32| format!("up to {limit} containers");
    match topology {
        Topology::Loopback
        | Topology::Macvlan
        | Topology::IpvlanL2
        | Topology::IpvlanL3
        | Topology::Host
        | Topology::UserBridge
        | Topology::Attached => None,
        Topology::Veth => Some((
            "a veth joins the two of a pair and nobody else",
            Pattern::Pairs.word().to_owned(),
        )),
        Topology::Shared => {
            let apart = matches!(lab.per_namespace.value, Share::Of(seats) if seats < most);
            let remedy = "per_namespace = \"all\" in [lab]".to_owned();
            apart.then_some((
                "containers of different namespaces cannot reach each other",
                remedy,
            ))
        }
        Topology::Bridge => {
            let of_ours = axes.testbed.has(Testbed::Kernel);
            let apart = of_ours && axes.join.has(Join::None) && (most > ports || bridges > 1);
            let remedy = format!(
                "join = \"trunk\" or \"routed\", or one bridge, which holds {}",
                within(ports)
            );
            apart.then_some(("bridges that nothing joins cannot reach each other", remedy))
        }
        Topology::Vxlan => {
            let apart = most > 2 * ports || bridges > 2;
            apart.then_some(("only two nodes are joined by a tunnel", within(2 * ports)))
        }
        Topology::Routed | Topology::Netkit => (most > PORTS_PER_ROUTER).then(|| {
            (
                "each router has its own containers only",
                within(PORTS_PER_ROUTER),
            )
        }),
    }
}
