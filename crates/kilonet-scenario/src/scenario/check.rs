//! How the values of a file must fit together, each being right for itself.
//!
//! Knows no text and no machine. Invariant: a file without problems here stands for cells that can be laid out.

mod beside;
mod generator;
mod limits;
mod load;
mod pattern;
mod repeats;
mod rules;
mod search;
mod unused;

use std::fmt::Display;

use super::problem::{Problem, Problems, Span};
use super::table::{At, Axis};
use super::wire::{Axes, Lab, Trial, Wire};
use kilonet_record::factors::cell::{Cell, Driver, Family, Firewall, Path, Stack};
use kilonet_record::factors::factor::Factor;
use kilonet_record::factors::pattern::Pattern;
use kilonet_record::factors::placement::Pinning;
use kilonet_record::factors::receive::Napi;
use kilonet_record::factors::topology::{Testbed, Topology};
use kilonet_record::factors::value::{Count, Share};
use kilonet_record::factors::wiring::Join;

/// What a scenario may come to; more would run for days, and is more likely a slip of the pen.
const MOST_TRIALS: u64 = 100_000;

/// The smallest packet that every IPv6 link must carry (RFC 8200, 5); below it the kernel takes IPv6 off the interface.
const SMALLEST_IPV6_MTU: u32 = 1280;

/// The MTU of an engine's default bridge, unless its daemon was told otherwise.
const ENGINE_MTU: u32 = 1500;

/// Reports what does not fit together, each value for itself being right.
pub(super) fn check(wire: &Wire, problems: &mut Problems) {
    for axes in &wire.axes.0 {
        if axes.pattern.has(Pattern::Pairs) {
            check_counts(axes, problems);
        }
        check_active(axes, problems);
        check_mtu(axes, wire.lab.stack.value, problems);
        check_testbed(axes, problems);
        check_path(axes, problems);
        rules::check(axes, &wire.lab, problems);
        check_join(axes, problems);
        check_isolation(axes, problems);
        pattern::check(axes, &wire.lab, problems);
        check_napi(axes, problems);
        limits::check(axes, problems);
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

fn check_counts(axes: &Axes, problems: &mut Problems) {
    let containers = axes.containers.0.iter();
    let containers = containers.map(|at| ("containers", at.value.0, &at.span));
    let active = axes.active.0.iter();
    let active = active.filter_map(|at| Some(("active", at.value.count()?, &at.span)));
    let mut odd_ones: Vec<_> = containers
        .chain(active)
        .filter(|(_, count, _)| count % 2 == 1)
        .collect();
    // The many odd numbers of one range are one mistake.
    odd_ones.dedup_by_key(|(_, _, span)| *span);
    for (key, count, span) in odd_ones {
        problems.push(odd(&axes.key(key), count).at(span.clone()));
    }
}

fn check_seats(lab: &Lab, problems: &mut Problems) {
    let seats = &lab.per_namespace;
    if let Some(count) = seats.value.count().filter(|count| count % 2 == 1) {
        problems.push(odd("lab.per_namespace", count).at(seats.span.clone()));
    }
    let ports = &lab.ports_per_bridge;
    if ports.value.0 % 2 == 1 {
        problems.push(odd("lab.ports_per_bridge", ports.value.0).at(ports.span.clone()));
    }
}

fn odd(key: &str, count: u32) -> Problem {
    Problem::of(key, format!("{count} is odd, and containers talk in pairs"))
        .remedy("allowed: even numbers")
}

fn check_active(axes: &Axes, problems: &mut Problems) {
    let Some(fewest) = axes.containers.0.iter().map(|at| at.value.0).min() else {
        return;
    };
    let above = |at: &&At<Share>| matches!(at.value, Share::Of(count) if count > fewest);
    if let Some(at) = axes.active.0.iter().find(above) {
        let message = format!("{} active of {fewest} containers", at.value.of(fewest));
        let remedy = format!(
            "allowed: \"all\", or at most the smallest of `{}`, {fewest}",
            axes.key("containers")
        );
        let problem = Problem::of(axes.key("active"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_mtu(axes: &Axes, stack: Stack, problems: &mut Problems) {
    let ipv6 = axes.family.has(Family::Ipv6);
    let low = |at: &&At<Count<68, 65_535>>| at.value.0 < SMALLEST_IPV6_MTU;
    if let Some(at) = axes.mtu.0.iter().find(low)
        && (stack == Stack::Dual || ipv6)
    {
        let message = format!(
            "{} is below {SMALLEST_IPV6_MTU}, the least that IPv6 needs",
            at.value.0
        );
        let remedy = format!(
            "allowed: {SMALLEST_IPV6_MTU} to 65535; less only with family = \"ipv4\" and stack = \"single\""
        );
        let problem = Problem::of(axes.key("mtu"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_sample(trial: &Trial, problems: &mut Problems) {
    if trial.sample.value.0 > trial.measure.value.0 {
        let problem = Problem::of("trial.sample", "longer than the window, `trial.measure`")
            .at(trial.sample.span.clone());
        problems.push(problem.remedy("allowed: from 100 ms to `trial.measure`"));
    }
}

/// Every testbed of a table meets every topology of it, so each pair must exist.
fn check_testbed(axes: &Axes, problems: &mut Problems) {
    for testbed in axes.testbed.0.iter().map(|at| at.value) {
        let missing = |at: &&At<_>| !testbed.offers(at.value);
        for at in axes.topology.0.iter().filter(missing) {
            let message = format!("the testbed {testbed} has no {}", at.value);
            let words: Vec<_> = testbed.topologies().map(Factor::word).collect();
            let remedy = format!(
                "allowed with it: {}; each table of [[axes]] may have testbeds of its own",
                words.join(", ")
            );
            let problem = Problem::of(axes.key("topology"), message).at(at.span.clone());
            problems.push(problem.remedy(remedy));
        }
    }
    if axes.testbed.has(Testbed::Docker) {
        check_engine(axes, problems);
    }
}

/// What an engine decides for itself, and what its containers cannot be driven by.
fn check_engine(axes: &Axes, problems: &mut Problems) {
    let mut only = |key, stray: Option<(String, Option<Span>)>, remedy| {
        if let Some((level, span)) = stray {
            let message = format!("the testbed docker has no {level}");
            let problem = Problem::of(axes.key(key), message).at(span);
            problems.push(problem.remedy(remedy));
        }
    };
    let drivers = stray(&axes.driver, Driver::Threads);
    only(
        "driver",
        drivers,
        "allowed with it: threads, in a process in each container",
    );
    let pinned = stray(&axes.pinning, Pinning::None);
    let pinned = pinned.map(|(level, span)| (format!("threads that are pinned {level}"), span));
    only(
        "pinning",
        pinned,
        "allowed with it: none; each table of [[axes]] may have its own",
    );
    let rules = stray(&axes.firewall, Firewall::None).map(|(level, span)| {
        (
            format!("{level} beside the rules that an engine brings"),
            span,
        )
    });
    only(
        "firewall",
        rules,
        "allowed with it: none; each table of [[axes]] may have rules of its own",
    );
    let outside = axes.path.0.iter().find(|at| at.value == Path::Outside);
    only(
        "path",
        outside.map(|at| (at.value.to_string(), at.span.clone())),
        "allowed with it: direct, published, hairpin; each table of [[axes]] may have testbeds of its own",
    );
    let default_bridge = axes.topology.has(Topology::Bridge);
    let other = |at: &&At<Count<68, 65_535>>| at.value.0 != ENGINE_MTU;
    if let Some(at) = axes.mtu.0.iter().find(other).filter(|_| default_bridge) {
        let message = format!(
            "{} is not the MTU of an engine's default bridge",
            at.value.0
        );
        let remedy =
            format!("allowed with it: {ENGINE_MTU}; others with topology = \"user-bridge\"");
        let problem = Problem::of(axes.key("mtu"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// The first level of an axis that is not the one it may have.
fn stray<T: Copy + PartialEq + Display>(axis: &Axis<T>, only: T) -> Option<(String, Option<Span>)> {
    let other = axis.0.iter().find(|at| at.value != only)?;
    Some((other.value.to_string(), other.span.clone()))
}

fn check_path(axes: &Axes, problems: &mut Problems) {
    let topologies = &axes.topology.0;
    if topologies.iter().any(|at| at.value.has_router()) {
        return;
    }
    for at in axes.path.0.iter().filter(|at| at.value != Path::Direct) {
        let message = "none of the topologies has a router to go by";
        let problem = Problem::of(axes.key("path"), message).at(at.span.clone());
        problems
            .push(problem.remedy("allowed: \"direct\", or topology = \"bridge\" or \"routed\""));
    }
}

fn check_join(axes: &Axes, problems: &mut Problems) {
    let joined = axes.join.0.iter().any(|at| at.value != Join::None);
    if let Some(at) = axes.crossing.0.iter().find(|at| at.value)
        && !joined
    {
        let problem = Problem::of(axes.key("crossing"), "nothing joins the bridges");
        let remedy = "allowed: false, or join = \"trunk\" or \"routed\"";
        problems.push(problem.at(at.span.clone()).remedy(remedy));
    }
}

/// Isolated ports reach only ports that are not: those of a trunk, a tunnel or the bridge's own host.
fn check_isolation(axes: &Axes, problems: &mut Problems) {
    let Some(at) = axes.isolation.0.iter().find(|at| at.value) else {
        return;
    };
    let bridged = axes.topology.has(Topology::Bridge);
    let direct = axes.path.has(Path::Direct);
    let crossing = !axes.join.has(Join::None) && !axes.crossing.has(false);
    if bridged && direct && !crossing {
        let message = "isolated ports of one bridge cannot talk to each other, and pairs are behind one bridge";
        let remedy = "allowed: false, or with it crossing = true and a join, path = \"outside\", or topology = \"vxlan\"";
        let problem = Problem::of(axes.key("isolation"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

/// A veth is polled where it coalesces, which it does not with its offloads off.
fn check_napi(axes: &Axes, problems: &mut Problems) {
    let Some(at) = axes.napi.0.iter().find(|at| at.value != Napi::None) else {
        return;
    };
    if axes.offload.has(false) {
        let message = "a veth without offload does not coalesce, so there is nothing to poll";
        let remedy =
            "allowed: \"none\", or offload = true; each table of [[axes]] may have its own";
        let problem = Problem::of(axes.key("napi"), message).at(at.span.clone());
        problems.push(problem.remedy(remedy));
    }
}

fn check_size(wire: &Wire, problems: &mut Problems) {
    let repeats = u64::from(wire.trial.repeats.value.most());
    let cells = wire.axes.0.iter().map(combinations);
    let trials = cells.fold(0, u64::saturating_add).saturating_mul(repeats);
    if trials > MOST_TRIALS {
        let message = format!("all combinations, repeated {repeats} times, are {trials} trials");
        problems.push(
            Problem::of("axes", message).remedy(format!("allowed: up to {MOST_TRIALS} trials")),
        );
    }
}

/// How many cells a table of axes stands for, those that turn out to be the same counted apart.
fn combinations(axes: &Axes) -> u64 {
    let lengths = [
        axes.topology.0.len(),
        axes.testbed.0.len(),
        axes.family.0.len(),
        axes.firewall.0.len(),
        axes.backend.as_ref().map_or(1, |axis| axis.0.len()),
        axes.path.0.len(),
        axes.rules.as_ref().map_or(1, |axis| axis.0.len()),
        axes.rule_shape.0.len(),
        axes.rule_hook.0.len(),
        axes.workload.0.len(),
        axes.driver.0.len(),
        axes.pinning.0.len(),
        axes.cpu_max.0.len(),
        axes.memory_max.0.len(),
        axes.cpuset.0.len(),
        axes.pattern.0.len(),
        axes.direction.0.len(),
        axes.peers.as_ref().map_or(1, |axis| axis.0.len()),
        axes.containers.0.len(),
        axes.active.0.len(),
        axes.streams.0.len(),
        axes.message.as_ref().map_or(1, |axis| axis.0.len()),
        axes.response.as_ref().map_or(1, |axis| axis.0.len()),
        axes.outstanding.0.len(),
        axes.rate.as_ref().map_or(1, |axis| axis.0.len()),
        axes.arrivals.0.len(),
        axes.beside.0.len(),
        axes.send.0.len(),
        axes.receive.0.len(),
        axes.batch.0.len(),
        axes.search.0.len(),
        axes.congestion.0.len(),
        axes.buffers.0.len(),
        axes.mtu.0.len(),
        axes.join.0.len(),
        axes.crossing.0.len(),
        axes.entries.0.len(),
        axes.snooping.0.len(),
        axes.ageing.0.len(),
        axes.hairpin.0.len(),
        axes.isolation.0.len(),
        axes.vlan_filtering.0.len(),
        axes.offload.0.len(),
        axes.gso_max.0.len(),
        axes.gso_ipv4_max.as_ref().map_or(1, |axis| axis.0.len()),
        axes.napi.0.len(),
        axes.rps.0.len(),
    ];
    let lengths = lengths.into_iter().map(|length| length as u64);
    lengths.fold(1, u64::saturating_mul)
}
