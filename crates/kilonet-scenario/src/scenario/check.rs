//! How the values of a file must fit together, each being right for itself.
//!
//! Knows no text and no machine. Invariant: a file without problems here stands for cells that can be laid out.

mod beside;
mod generator;
mod load;
mod pattern;
mod repeats;
mod rules;
mod search;
mod unused;

use std::fmt::Display;

use super::problem::{Problem, Problems};
use super::source::Span;
use super::values::{At, Values};
use super::wire::Wire;
use kilonet_record::factors::cell::Cell;
use kilonet_record::factors::factor::Factor;
use kilonet_record::factors::key::{AnyKey, Key, KeyValue, Table};
use kilonet_record::factors::pattern::Pattern;
use kilonet_record::factors::placement::Pinning;
use kilonet_record::factors::receive::Napi;
use kilonet_record::factors::registry;
use kilonet_record::factors::registry::driver::{DRIVER, PINNING};
use kilonet_record::factors::registry::lab::{
    ACTIVE, CONTAINERS, PER_NAMESPACE, PORTS_PER_BRIDGE, STACK, TESTBED, TOPOLOGY,
};
use kilonet_record::factors::registry::links::{CROSSING, ISOLATION, JOIN, MTU, NAPI, OFFLOAD};
use kilonet_record::factors::registry::rules::FIREWALL;
use kilonet_record::factors::registry::traffic::{FAMILY, PATH, PATTERN};
use kilonet_record::factors::registry::trials::{MEASURE, REPEATS, SAMPLE};
use kilonet_record::factors::topology::{Joined, Testbed, Topology};
use kilonet_record::factors::value::{Count, Share};
use kilonet_record::factors::wiring::Join;
use kilonet_record::factors::{Driver, Family, Firewall, Path, Stack};

/// What a scenario may come to; more would run for days, and is more likely a slip of the pen.
const MOST_TRIALS: u64 = 100_000;

/// The smallest packet that every IPv6 link must carry (RFC 8200, 5); below it the kernel takes IPv6 off the interface.
const SMALLEST_IPV6_MTU: u32 = 1280;

/// The MTU of an engine's default bridge, unless its daemon was told otherwise.
const ENGINE_MTU: u32 = 1500;

/// Reports what does not fit together, each value for itself being right.
pub(super) fn check(wire: &Wire, problems: &mut Problems) {
    for axes in &wire.axes {
        if axes.has(&PATTERN, &Pattern::Pairs) {
            check_counts(axes, problems);
        }
        check_active(axes, problems);
        check_mtu(axes, wire.lab.one(&STACK), problems);
        check_testbed(axes, problems);
        check_path(axes, problems);
        rules::check(axes, &wire.lab, problems);
        check_join(axes, problems);
        check_isolation(axes, problems);
        pattern::check(axes, &wire.lab, problems);
        check_napi(axes, problems);
        load::check(axes, problems);
        search::check(axes, problems);
        beside::check(axes, problems);
        generator::check(axes, &wire.lab, problems);
    }
    check_seats(&wire.lab, problems);
    check_sample(&wire.trial, problems);
    repeats::check(&wire.trial, problems);
    check_size(wire, problems);
}

/// What only the cells themselves show.
pub(super) fn check_cells(wire: &Wire, cells: &[Cell], problems: &mut Problems) {
    beside::check_cells(wire, cells, problems);
    repeats::check_cells(wire, cells, problems);
    unused::check_cells(wire, cells, problems);
}

fn check_counts(axes: &Values, problems: &mut Problems) {
    let containers = axes.levels(&CONTAINERS);
    let containers = containers.map(|at| (axes.key(&CONTAINERS), at.value.0, at.span));
    let active = axes.levels(&ACTIVE);
    let active = active.filter_map(|at| Some((axes.key(&ACTIVE), at.value.count()?, at.span)));
    check_even(containers.chain(active), problems);
}

fn check_seats(lab: &Values, problems: &mut Problems) {
    let seats = lab.levels(&PER_NAMESPACE);
    let seats = seats.filter_map(|at| Some((lab.key(&PER_NAMESPACE), at.value.count()?, at.span)));
    let ports = lab.levels(&PORTS_PER_BRIDGE);
    let ports = ports.map(|at| (lab.key(&PORTS_PER_BRIDGE), at.value.0, at.span));
    check_even(seats.chain(ports), problems);
}

fn check_even(counts: impl Iterator<Item = (String, u32, Option<Span>)>, problems: &mut Problems) {
    let mut odd_ones: Vec<_> = counts.filter(|(_, count, _)| count % 2 == 1).collect();
    // The many odd numbers of one range are one mistake.
    odd_ones.dedup_by_key(|(_, _, span)| span.clone());
    for (key, count, span) in odd_ones {
        let message = format!("{count} is odd, and containers talk in pairs");
        let problem = Problem::of(key, message).at(span);
        problems.push(problem.remedy("allowed: even numbers"));
    }
}

fn check_active(axes: &Values, problems: &mut Problems) {
    let Some(fewest) = axes.levels(&CONTAINERS).map(|at| at.value.0).min() else {
        return;
    };
    let above = |at: &At<Share>| matches!(at.value, Share::Of(count) if count > fewest);
    if let Some(at) = axes.levels(&ACTIVE).find(above) {
        let message = format!("{} active of {fewest} containers", at.value.of(fewest));
        let remedy = format!(
            "allowed: \"all\", or at most the smallest of `{}`, {fewest}",
            axes.key(&CONTAINERS)
        );
        let problem = Problem::of(axes.key(&ACTIVE), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_mtu(axes: &Values, stack: Stack, problems: &mut Problems) {
    let ipv6 = axes.has(&FAMILY, &Family::Ipv6);
    let low = |at: &At<Count<68, 65_535>>| at.value.0 < SMALLEST_IPV6_MTU;
    if let Some(at) = axes.levels(&MTU).find(low)
        && (stack == Stack::Dual || ipv6)
    {
        let message = format!(
            "{} is below {SMALLEST_IPV6_MTU}, the least that IPv6 needs",
            at.value.0
        );
        let remedy = format!(
            "allowed: {SMALLEST_IPV6_MTU} to 65535; less only with family = \"ipv4\" and stack = \"single\""
        );
        let problem = Problem::of(axes.key(&MTU), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_sample(trial: &Values, problems: &mut Problems) {
    if trial.one(&SAMPLE).0 > trial.one(&MEASURE).0 {
        let message = format!("longer than the window, `{}`", trial.key(&MEASURE));
        let span = trial.given(&SAMPLE).and_then(|at| at.span);
        let problem = Problem::of(trial.key(&SAMPLE), message).at(span);
        problems.push(problem.remedy("allowed: from 100 ms to `trial.measure`"));
    }
}

/// Every testbed of a table meets every topology of it, so each pair must exist.
fn check_testbed(axes: &Values, problems: &mut Problems) {
    for testbed in axes.levels(&TESTBED).map(|at| at.value) {
        let missing = |at: &At<_>| !testbed.offers(at.value);
        for at in axes.levels(&TOPOLOGY).filter(missing) {
            let message = format!("the testbed {testbed} has no {}", at.value);
            let words: Vec<_> = testbed.topologies().map(Factor::word).collect();
            let remedy = format!(
                "allowed with it: {}; each table of [[axes]] may have testbeds of its own",
                words.join(", ")
            );
            let problem = Problem::of(axes.key(&TOPOLOGY), message).at(at.span.clone());
            problems.push(problem.remedy(remedy));
        }
    }
    if axes.has(&TESTBED, &Testbed::Docker) {
        check_engine(axes, problems);
    }
}

/// What an engine decides for itself, and what its containers cannot be driven by.
fn check_engine(axes: &Values, problems: &mut Problems) {
    let mut only = |key: &dyn AnyKey, stray: Option<(String, Option<Span>)>, remedy| {
        if let Some((level, span)) = stray {
            let message = format!("the testbed docker has no {level}");
            let problem = Problem::of(axes.key(key), message).at(span);
            problems.push(problem.remedy(remedy));
        }
    };
    let drivers = stray(axes, &DRIVER, &Driver::Threads);
    only(
        &DRIVER,
        drivers,
        "allowed with it: threads, in a process in each container",
    );
    let pinned = stray(axes, &PINNING, &Pinning::None);
    let pinned = pinned.map(|(level, span)| (format!("threads that are pinned {level}"), span));
    only(
        &PINNING,
        pinned,
        "allowed with it: none; each table of [[axes]] may have its own",
    );
    let rules = stray(axes, &FIREWALL, &Firewall::None).map(|(level, span)| {
        (
            format!("{level} beside the rules that an engine brings"),
            span,
        )
    });
    only(
        &FIREWALL,
        rules,
        "allowed with it: none; each table of [[axes]] may have rules of its own",
    );
    let outside = axes.levels(&PATH).find(|at| at.value == Path::Outside);
    only(
        &PATH,
        outside.map(|at| (at.value.to_string(), at.span)),
        "allowed with it: direct, published, hairpin; each table of [[axes]] may have testbeds of its own",
    );
    let default_bridge = axes.find(&TOPOLOGY, |it| is_default_bridge(*it)).is_some();
    let other = |at: &At<Count<68, 65_535>>| at.value.0 != ENGINE_MTU;
    if let Some(at) = axes.levels(&MTU).find(other).filter(|_| default_bridge) {
        let message = format!(
            "{} is not the MTU of an engine's default bridge",
            at.value.0
        );
        let remedy =
            format!("allowed with it: {ENGINE_MTU}; others with topology = \"user-bridge\"");
        let problem = Problem::of(axes.key(&MTU), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// The first level of a key that is not the one it may have.
fn stray<T: KeyValue + Display>(
    axes: &Values,
    key: &Key<T>,
    only: &T,
) -> Option<(String, Option<Span>)> {
    let other = axes.find(key, |value| value != only)?;
    Some((other.value.to_string(), other.span))
}

fn check_path(axes: &Values, problems: &mut Problems) {
    if axes.find(&TOPOLOGY, |it| it.has_router()).is_some() {
        return;
    }
    for at in axes.levels(&PATH).filter(|at| at.value != Path::Direct) {
        let message = "none of the topologies has a router to go by";
        let problem = Problem::of(axes.key(&PATH), message).at(at.span.clone());
        let routers = rules::with_host_side();
        problems.push(problem.remedy(format!("allowed: \"direct\", or topology = {routers}")));
    }
}

/// Whether bridges are kilonet's own, or an engine's that is there without being asked for.
fn is_default_bridge(topology: Topology) -> bool {
    let facts = topology.facts();
    facts.joined == Joined::Bridges && !facts.own_network
}

fn check_join(axes: &Values, problems: &mut Problems) {
    let joined = axes.levels(&JOIN).any(|at| at.value != Join::None);
    if let Some(at) = axes.levels(&CROSSING).find(|at| at.value)
        && !joined
    {
        let problem = Problem::of(axes.key(&CROSSING), "nothing joins the bridges");
        let remedy = "allowed: false, or join = \"trunk\" or \"routed\"";
        problems.push(problem.at(at.span.clone()).remedy(remedy));
    }
}

/// Isolated ports reach only ports that are not: those of a trunk, a tunnel or the bridge's own host.
fn check_isolation(axes: &Values, problems: &mut Problems) {
    let Some(at) = axes.levels(&ISOLATION).find(|at| at.value) else {
        return;
    };
    let bridged = axes.find(&TOPOLOGY, |it| is_default_bridge(*it)).is_some();
    let direct = axes.has(&PATH, &Path::Direct);
    let crossing = !axes.has(&JOIN, &Join::None) && !axes.has(&CROSSING, &false);
    if bridged && direct && !crossing {
        let message = "isolated ports of one bridge cannot talk to each other, and pairs are behind one bridge";
        let remedy = "allowed: false, or with it crossing = true and a join, path = \"outside\", or topology = \"vxlan\"";
        let problem = Problem::of(axes.key(&ISOLATION), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// A veth is polled where it coalesces, which it does not with its offloads off.
fn check_napi(axes: &Values, problems: &mut Problems) {
    let Some(at) = axes.levels(&NAPI).find(|at| at.value != Napi::None) else {
        return;
    };
    if axes.has(&OFFLOAD, &false) {
        let message = "a veth without offload does not coalesce, so there is nothing to poll";
        let remedy =
            "allowed: \"none\", or offload = true; each table of [[axes]] may have its own";
        let problem = Problem::of(axes.key(&NAPI), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_size(wire: &Wire, problems: &mut Problems) {
    let repeats = u64::from(wire.trial.one(&REPEATS).most());
    let cells = wire.axes.iter().map(combinations);
    let trials = cells.fold(0, u64::saturating_add).saturating_mul(repeats);
    if trials > MOST_TRIALS {
        let message = format!("all combinations, repeated {repeats} times, are {trials} trials");
        problems.push(
            Problem::of("axes", message).remedy(format!("allowed: up to {MOST_TRIALS} trials")),
        );
    }
}

/// How many cells a table of axes stands for, those that turn out to be the same counted apart.
fn combinations(axes: &Values) -> u64 {
    let lengths = registry::keys_of(Table::Axes).map(|key| axes.of(key).len());
    let lengths = lengths.map(|length| length.max(1) as u64);
    lengths.fold(1, u64::saturating_mul)
}
