//! How rules, what loads them, and the ways past them must fit the lab.
//!
//! Every level of a table of axes meets every level of its others, so each combination must exist.

use crate::scenario::cell::{Firewall, Path, Stack};
use crate::scenario::factor::Factor;
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::rules::{Backend, MOST_PUBLISHED, RuleShape};
use crate::scenario::table::At;
use crate::scenario::topology::{Testbed, Topology};
use crate::scenario::wire::{Axes, Lab};

const OWN_TABLE: &str = "each table of [[axes]] may have rules of its own";

pub(super) fn check(axes: &Axes, lab: &Lab, problems: &mut Problems) {
    check_testbed(axes, problems);
    check_host_side(axes, problems);
    check_filler_place(axes, problems);
    check_bridge(axes, problems);
    check_crossing(axes, problems);
    check_backends(axes, problems);
    check_shapes(axes, problems);
    check_paths(axes, problems);
    check_families(axes, lab, problems);
    check_ports(axes, problems);
    check_ruleset(axes, lab, problems);
}

fn words<F: Factor>(levels: impl IntoIterator<Item = F>) -> String {
    let words = levels
        .into_iter()
        .map(|level| format!("\"{}\"", level.word()));
    words.collect::<Vec<_>>().join(", ")
}

/// An engine's host side has the engine's rules, and none of ours.
fn check_testbed(axes: &Axes, problems: &mut Problems) {
    let first = axes.rules.iter().flat_map(|axis| &axis.0).next();
    if let Some(at) = first.filter(|_| axes.testbed.has(Testbed::Docker)) {
        let problem = Problem::of(axes.key("rules"), "an engine's host side is left alone");
        let remedy = format!("allowed: testbed = \"kernel\"; {OWN_TABLE}");
        problems.push(problem.at(at.span.clone()).remedy(remedy));
    }
}

/// Where the rules of a host side would have none to stand on.
fn homeless(axes: &Axes) -> Option<Topology> {
    let topologies = axes.topology.0.iter().map(|at| at.value);
    topologies
        .into_iter()
        .find(|topology| !topology.has_router())
}

fn with_host_side() -> String {
    words(
        Topology::ALL
            .iter()
            .copied()
            .filter(|topology| topology.has_router()),
    )
}

fn check_host_side(axes: &Axes, problems: &mut Problems) {
    let Some(topology) = homeless(axes) else {
        return;
    };
    for at in axes
        .firewall
        .0
        .iter()
        .filter(|at| at.value.needs_host_side())
    {
        let message = format!(
            "the topology {topology} has no host side for the rules of {}",
            at.value
        );
        let remedy = format!(
            "allowed with it: topology = {}; {OWN_TABLE}",
            with_host_side()
        );
        let problem = Problem::of(axes.key("firewall"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_filler_place(axes: &Axes, problems: &mut Problems) {
    let first = axes.rules.iter().flat_map(|axis| &axis.0).next();
    if let (Some(at), Some(topology)) = (first, homeless(axes)) {
        let message = format!("the topology {topology} has no host side for rules");
        let remedy = format!(
            "allowed with them: topology = {}; {OWN_TABLE}",
            with_host_side()
        );
        let problem = Problem::of(axes.key("rules"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// A router that is not a bridge has no device that stands for all its containers, nor an address that they all know.
fn check_bridge(axes: &Axes, problems: &mut Problems) {
    let bridgeless = |topology: &Topology| {
        topology.has_router() && !matches!(topology, Topology::Bridge | Topology::UserBridge)
    };
    let mut topologies = axes.topology.0.iter().map(|at| at.value);
    let Some(topology) = topologies.find(bridgeless) else {
        return;
    };
    let mut refuse = |key: &str, what: &str, span: &Option<Span>| {
        let message = format!("the topology {topology} has no bridge, which {what} needs");
        let problem = Problem::of(axes.key(key), message).at(span.clone());
        problems.push(problem.remedy(format!("allowed with topology = \"bridge\"; {OWN_TABLE}")));
    };
    let of_maps = |at: &&At<Firewall>| at.value == Firewall::Docker29Nft;
    for at in axes.firewall.0.iter().filter(of_maps) {
        refuse("firewall", at.value.word(), &at.span);
    }
    for at in axes.path.0.iter().filter(|at| at.value == Path::Hairpin) {
        refuse("path", at.value.word(), &at.span);
    }
}

/// A container knows no port that is published on another host side than its own.
fn check_crossing(axes: &Axes, problems: &mut Problems) {
    if !axes.crossing.has(true) {
        return;
    }
    for at in axes.path.0.iter().filter(|at| at.value == Path::Hairpin) {
        let problem = Problem::of(
            axes.key("path"),
            "a pair that crosses bridges has two host sides",
        );
        let remedy = format!("allowed with crossing = false; {OWN_TABLE}");
        problems.push(problem.at(at.span.clone()).remedy(remedy));
    }
}

fn check_backends(axes: &Axes, problems: &mut Problems) {
    for at in axes.backend.iter().flat_map(|axis| &axis.0) {
        let refuses = |firewall: &Firewall| !firewall.backends().contains(&at.value);
        let mut firewalls = axes.firewall.0.iter().map(|at| at.value);
        if let Some(firewall) = firewalls.find(refuses) {
            let message = format!("{firewall} cannot be loaded by {}", at.value);
            let allowed = words(firewall.backends().iter().copied());
            let problem = Problem::of(axes.key("backend"), message).at(at.span.clone());
            problems.push(problem.remedy(format!("allowed with it: {allowed}; {OWN_TABLE}")));
        }
    }
}

/// Sets and maps are nft's own: iptables would need ipset.
fn check_shapes(axes: &Axes, problems: &mut Problems) {
    if axes.rules.is_none() {
        return;
    }
    let by_nft = |firewall: Firewall| match &axes.backend {
        Some(given) => given.0.iter().all(|at| at.value == Backend::Nft),
        None => firewall
            .usual_backend()
            .is_none_or(|usual| usual == Backend::Nft),
    };
    let mut firewalls = axes.firewall.0.iter().map(|at| at.value);
    let Some(firewall) = firewalls.find(|firewall| !by_nft(*firewall)) else {
        return;
    };
    for at in axes
        .rule_shape
        .0
        .iter()
        .filter(|at| at.value != RuleShape::Linear)
    {
        let message = format!("iptables, which loads {firewall} here, has no {}", at.value);
        let problem = Problem::of(axes.key("rule_shape"), message).at(at.span.clone());
        problems.push(problem.remedy(format!(
            "allowed: \"linear\", or backend = \"nft\" where the firewall can be; {OWN_TABLE}"
        )));
    }
}

fn check_paths(axes: &Axes, problems: &mut Problems) {
    let mut firewalls = axes.firewall.0.iter().map(|at| at.value);
    let Some(firewall) = firewalls.find(|firewall| !firewall.publishes()) else {
        return;
    };
    let of_engine = axes.testbed.0.iter().all(|at| at.value == Testbed::Docker);
    for at in axes
        .path
        .0
        .iter()
        .filter(|at| at.value.is_by_port() && !of_engine)
    {
        let publishing = Firewall::ALL.iter().copied().filter(|one| one.publishes());
        let message = format!("no rules of {firewall} publish ports");
        let remedy = format!("allowed with firewall = {}; {OWN_TABLE}", words(publishing));
        let problem = Problem::of(axes.key("path"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// What leads to a published port are rules of the traffic's own protocol; and a lab of one protocol has no rules at all if the
/// profile has none of it.
fn check_families(axes: &Axes, lab: &Lab, problems: &mut Problems) {
    let by_port = axes.path.0.iter().find(|at| at.value.is_by_port());
    let why = match (by_port, lab.stack.value) {
        (Some(at), _) => format!("which path = \"{}\" goes by", at.value),
        (None, Stack::Single) => "the only protocol of the lab with stack = \"single\"".to_owned(),
        (None, Stack::Dual) => return,
    };
    for family in axes.family.0.iter().map(|at| at.value) {
        let has = |firewall: &Firewall| firewall.families().contains(&family);
        for at in axes.firewall.0.iter().filter(|at| !has(&at.value)) {
            let message = format!("{} has no rules for {family}, {why}", at.value);
            let fits = |one: &Firewall| {
                has(one) && one.needs_host_side() && (by_port.is_none() || one.publishes())
            };
            let others = words(Firewall::ALL.iter().copied().filter(fits));
            let families = words(at.value.families().iter().copied());
            let problem = Problem::of(axes.key("firewall"), message).at(at.span.clone());
            problems.push(problem.remedy(format!(
                "allowed: family = {families}, or firewall = {others}; {OWN_TABLE}"
            )));
        }
    }
}

/// A flow by a published port has one of its own.
fn check_ports(axes: &Axes, problems: &mut Problems) {
    let containers = axes.containers.0.iter().map(|at| at.value.0).max();
    let streams = axes.streams.0.iter().map(|at| at.value.0).max();
    let flows = containers.unwrap_or(0) / 2 * streams.unwrap_or(0);
    for at in axes
        .path
        .0
        .iter()
        .filter(|at| at.value.is_by_port() && flows > MOST_PUBLISHED)
    {
        let message = format!("{flows} flows, each by a published port of its own");
        let problem = Problem::of(axes.key("path"), message).at(at.span.clone());
        problems.push(problem.remedy(format!(
            "allowed: up to {MOST_PUBLISHED}, that is half the containers times `streams`"
        )));
    }
}

fn check_ruleset(axes: &Axes, lab: &Lab, problems: &mut Problems) {
    let mut firewalls = axes.firewall.0.iter();
    let custom = firewalls.find(|at| at.value == Firewall::Custom);
    if let (Some(at), None) = (custom, &lab.ruleset) {
        let problem = Problem::of(
            axes.key("firewall"),
            "no file is given for the rules of custom",
        );
        problems.push(problem.at(at.span.clone()).remedy(
            "set `lab.ruleset` to the path of a file for nft, or of what iptables-save writes",
        ));
    }
}
