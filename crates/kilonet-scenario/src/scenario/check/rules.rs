//! How rules, what loads them, and the ways past them must fit the lab.
//!
//! Every level of a table of axes meets every level of its others, so each combination must exist.

use crate::scenario::factor::Factor;
use crate::scenario::key::AnyKey;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::lab::{CONTAINERS, STACK, TESTBED, TOPOLOGY};
use crate::scenario::registry::links::CROSSING;
use crate::scenario::registry::rules::{BACKEND, FIREWALL, RULE_SHAPE, RULES, RULESET};
use crate::scenario::registry::traffic::{FAMILY, PATH, STREAMS};
use crate::scenario::rules::{Backend, MOST_PUBLISHED, RuleShape, Stand};
use crate::scenario::source::Span;
use crate::scenario::topology::{Joined, Testbed, Topology};
use crate::scenario::values::{At, Values};
use crate::scenario::{Firewall, Path, Stack};

const OWN_TABLE: &str = "each table of [[axes]] may have rules of its own";

pub(super) fn check(axes: &Values, lab: &Values, problems: &mut Problems) {
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
fn check_testbed(axes: &Values, problems: &mut Problems) {
    let first = axes.levels(&RULES).next();
    if let Some(at) = first.filter(|_| axes.has(&TESTBED, &Testbed::Docker)) {
        let problem = Problem::of(axes.key(&RULES), "an engine's host side is left alone");
        let remedy = format!("allowed: testbed = \"kernel\"; {OWN_TABLE}");
        problems.push(problem.at(at.span.clone()).remedy(remedy));
    }
}

/// Where the rules of a host side would have none to stand on.
fn homeless(axes: &Values) -> Option<Topology> {
    let topologies = axes.levels(&TOPOLOGY).map(|at| at.value);
    topologies
        .into_iter()
        .find(|topology| !topology.has_router())
}

/// The topologies that have one.
pub(super) fn with_host_side() -> String {
    words(
        Topology::ALL
            .iter()
            .copied()
            .filter(|topology| topology.has_router()),
    )
}

fn check_host_side(axes: &Values, problems: &mut Problems) {
    let Some(topology) = homeless(axes) else {
        return;
    };
    for at in axes
        .levels(&FIREWALL)
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
        let problem = Problem::of(axes.key(&FIREWALL), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_filler_place(axes: &Values, problems: &mut Problems) {
    let first = axes.levels(&RULES).next();
    if let (Some(at), Some(topology)) = (first, homeless(axes)) {
        let message = format!("the topology {topology} has no host side for rules");
        let remedy = format!(
            "allowed with them: topology = {}; {OWN_TABLE}",
            with_host_side()
        );
        let problem = Problem::of(axes.key(&RULES), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// A router that is not a bridge has no device that stands for all its containers, nor an address that they all know.
fn check_bridge(axes: &Values, problems: &mut Problems) {
    let bridgeless =
        |topology: &Topology| topology.has_router() && topology.joined() != Joined::Bridges;
    let mut topologies = axes.levels(&TOPOLOGY).map(|at| at.value);
    let Some(topology) = topologies.find(bridgeless) else {
        return;
    };
    let mut refuse = |key: &dyn AnyKey, what: &str, span: &Option<Span>| {
        let message = format!("the topology {topology} has no bridge, which {what} needs");
        let problem = Problem::of(axes.key(key), message).at(span.clone());
        problems.push(problem.remedy(format!("allowed with topology = \"bridge\"; {OWN_TABLE}")));
    };
    let of_maps = |at: &At<Firewall>| at.value.facts().stand == Stand::Bridge;
    for at in axes.levels(&FIREWALL).filter(of_maps) {
        refuse(&FIREWALL, at.value.word(), &at.span);
    }
    for at in axes.levels(&PATH).filter(|at| at.value == Path::Hairpin) {
        refuse(&PATH, at.value.word(), &at.span);
    }
}

/// A container knows no port that is published on another host side than its own.
fn check_crossing(axes: &Values, problems: &mut Problems) {
    if !axes.has(&CROSSING, &true) {
        return;
    }
    for at in axes.levels(&PATH).filter(|at| at.value == Path::Hairpin) {
        let problem = Problem::of(
            axes.key(&PATH),
            "a pair that crosses bridges has two host sides",
        );
        let remedy = format!("allowed with crossing = false; {OWN_TABLE}");
        problems.push(problem.at(at.span.clone()).remedy(remedy));
    }
}

fn check_backends(axes: &Values, problems: &mut Problems) {
    for at in axes.levels(&BACKEND) {
        let refuses = |firewall: &Firewall| !firewall.backends().contains(&at.value);
        let mut firewalls = axes.levels(&FIREWALL).map(|at| at.value);
        if let Some(firewall) = firewalls.find(refuses) {
            let message = format!("{firewall} cannot be loaded by {}", at.value);
            let allowed = words(firewall.backends().iter().copied());
            let problem = Problem::of(axes.key(&BACKEND), message).at(at.span.clone());
            problems.push(problem.remedy(format!("allowed with it: {allowed}; {OWN_TABLE}")));
        }
    }
}

/// Sets and maps are nft's own: iptables would need ipset.
fn check_shapes(axes: &Values, problems: &mut Problems) {
    if axes.given(&RULES).is_none() {
        return;
    }
    let given: Vec<_> = axes.levels(&BACKEND).map(|at| at.value).collect();
    let by_nft = |firewall: Firewall| match given.as_slice() {
        [] => firewall
            .usual_backend()
            .is_none_or(|usual| usual == Backend::Nft),
        given => given.iter().all(|backend| *backend == Backend::Nft),
    };
    let mut firewalls = axes.levels(&FIREWALL).map(|at| at.value);
    let Some(firewall) = firewalls.find(|firewall| !by_nft(*firewall)) else {
        return;
    };
    for at in axes
        .levels(&RULE_SHAPE)
        .filter(|at| at.value != RuleShape::Linear)
    {
        let message = format!("iptables, which loads {firewall} here, has no {}", at.value);
        let problem = Problem::of(axes.key(&RULE_SHAPE), message).at(at.span.clone());
        problems.push(problem.remedy(format!(
            "allowed: \"linear\", or backend = \"nft\" where the firewall can be; {OWN_TABLE}"
        )));
    }
}

fn check_paths(axes: &Values, problems: &mut Problems) {
    let mut firewalls = axes.levels(&FIREWALL).map(|at| at.value);
    let Some(firewall) = firewalls.find(|firewall| !firewall.publishes()) else {
        return;
    };
    let of_engine = axes.levels(&TESTBED).all(|at| at.value == Testbed::Docker);
    for at in axes
        .levels(&PATH)
        .filter(|at| at.value.is_by_port() && !of_engine)
    {
        let publishing = Firewall::ALL.iter().copied().filter(|one| one.publishes());
        let message = format!("no rules of {firewall} publish ports");
        let remedy = format!("allowed with firewall = {}; {OWN_TABLE}", words(publishing));
        let problem = Problem::of(axes.key(&PATH), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// What leads to a published port are rules of the traffic's own protocol; and a lab of one protocol has no rules at all if the
/// profile has none of it.
fn check_families(axes: &Values, lab: &Values, problems: &mut Problems) {
    let by_port = axes.levels(&PATH).find(|at| at.value.is_by_port());
    let why = match (&by_port, lab.one(&STACK)) {
        (Some(at), _) => format!("which path = \"{}\" goes by", at.value),
        (None, Stack::Single) => "the only protocol of the lab with stack = \"single\"".to_owned(),
        (None, Stack::Dual) => return,
    };
    for family in axes.levels(&FAMILY).map(|at| at.value) {
        let has = |firewall: &Firewall| firewall.families().contains(&family);
        for at in axes.levels(&FIREWALL).filter(|at| !has(&at.value)) {
            let message = format!("{} has no rules for {family}, {why}", at.value);
            let fits = |one: &Firewall| {
                has(one) && one.needs_host_side() && (by_port.is_none() || one.publishes())
            };
            let others = words(Firewall::ALL.iter().copied().filter(fits));
            let families = words(at.value.families().iter().copied());
            let problem = Problem::of(axes.key(&FIREWALL), message).at(at.span.clone());
            problems.push(problem.remedy(format!(
                "allowed: family = {families}, or firewall = {others}; {OWN_TABLE}"
            )));
        }
    }
}

/// A flow by a published port has one of its own.
fn check_ports(axes: &Values, problems: &mut Problems) {
    let containers = axes.levels(&CONTAINERS).map(|at| at.value.0).max();
    let streams = axes.levels(&STREAMS).map(|at| at.value.0).max();
    let flows = containers.unwrap_or(0) / 2 * streams.unwrap_or(0);
    for at in axes
        .levels(&PATH)
        .filter(|at| at.value.is_by_port() && flows > MOST_PUBLISHED)
    {
        let message = format!("{flows} flows, each by a published port of its own");
        let problem = Problem::of(axes.key(&PATH), message).at(at.span.clone());
        problems.push(problem.remedy(format!(
            "allowed: up to {MOST_PUBLISHED}, that is half the containers times `streams`"
        )));
    }
}

fn check_ruleset(axes: &Values, lab: &Values, problems: &mut Problems) {
    let mut firewalls = axes.levels(&FIREWALL);
    let custom = firewalls.find(|at| at.value == Firewall::Custom);
    if let (Some(at), None) = (custom, lab.given(&RULESET)) {
        let problem = Problem::of(
            axes.key(&FIREWALL),
            "no file is given for the rules of custom",
        );
        problems.push(problem.at(at.span.clone()).remedy(
            "set `lab.ruleset` to the path of a file for nft, or of what iptables-save writes",
        ));
    }
}
