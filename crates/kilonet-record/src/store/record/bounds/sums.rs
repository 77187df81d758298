//! What figures come to that are made of others, and what is far beyond what others leave room for.
//!
//! Must not know where records come from. The invariant: a row holds of every record that was measured, whatever went wrong
//! with its trial; where a figure that it needs is absent, it says nothing.

use super::relation::{Number, ROUNDING, Relation, beyond, number};
use crate::factors::topology::Joined;
use crate::store::record::{PerPair, Record};

/// CPUs that a kernel can be built for.
const MOST_CPUS: f64 = 8192.0;
/// By how much the moments at which two things are read may lie apart, and their ticks be off: a second.
const MARGIN_NS: f64 = 1e9;
/// Bytes of a name or a sentence about the machine at most.
const LONGEST_TEXT: usize = 4096;

pub(super) const SUMS: &[Relation] = &[
    Relation {
        field: "repeat",
        must: "be the one that the trial's id ends in",
        broken: |it| {
            let named = it.trial.repeat()?;
            (named != it.repeat).then_some(number(it.repeat))
        },
    },
    Relation {
        field: "machine",
        must: "have at most 4096 bytes",
        broken: |it| {
            let texts = [&it.machine, &it.version].into_iter().flatten();
            let mut lengths = texts.map(String::len);
            let long = lengths.find(|length| *length > LONGEST_TEXT)?;
            Some(number(long as u64))
        },
    },
    Relation {
        field: "cell.bridges",
        must: "be at most as many as the containers",
        broken: |it| beyond(it.cell.bridges?.get(), it.cell.containers),
    },
    Relation {
        field: "cell.per_namespace",
        must: "be absent where containers share no namespace",
        broken: |it| {
            let is_shared = it.cell.topology.joined() == Joined::Seats;
            let containers = it.cell.per_namespace.filter(|_| !is_shared)?;
            Some(number(containers.get()))
        },
    },
    Relation {
        field: "aggregate.goodput_bps",
        must: "lie within what the slowest and the fastest pair allow",
        broken: |it| {
            let all = it.aggregate?.goodput_bps;
            // Of a mix they are not all pairs; its classes have their own.
            let of = it.per_pair.filter(|_| it.cell.beside.is_none())?;
            beside_pairs(all, it.cell.pairs, of)
        },
    },
    Relation {
        field: "classes.goodput_bps",
        must: "lie within what the slowest and the fastest pair of the class allow",
        broken: |it| {
            it.classes
                .iter()
                .find_map(|class| beside_pairs(class.goodput_bps, class.pairs, class.per_pair?))
        },
    },
    Relation {
        field: "classes.goodput_bps",
        must: "add up to the goodput of all",
        broken: |it| {
            let all = it.aggregate?.goodput_bps;
            let sum = it.classes.iter().map(|class| class.goodput_bps).sum();
            differs(sum, all).filter(|_| !it.classes.is_empty())
        },
    },
    Relation {
        field: "per_pair.jain",
        must: "be 1 over the pairs or more where a byte moved",
        broken: |it| {
            let pairs = number(it.cell.pairs);
            super::pairs(it)
                .filter(|of| of.max_bps > 0.0)
                .find_map(|of| (of.jain * pairs * ROUNDING < 1.0).then_some(of.jain))
        },
    },
    Relation {
        field: "per_pair.starved",
        must: "be 0 exactly where the slowest pair moved a byte",
        broken: |it| {
            super::pairs(it)
                .find_map(|of| ((of.starved == 0) != (of.min_bps > 0.0)).then_some(of.starved))
                .map(number)
        },
    },
    Relation {
        field: "aggregate.transactions_per_s",
        must: "equal the number of requests whose latency was recorded",
        broken: |it| {
            let per_s = it.aggregate?.transactions_per_s?;
            // Where the two witnesses disagree, it is by as much as the check says.
            let recorded = number(it.latency.as_ref()?.count) * it.checks?.transactions_ratio?;
            differs(per_s * seconds(it)?, recorded).map(|_| per_s)
        },
    },
    Relation {
        field: "aggregate.datagrams_per_s",
        must: "equal the number of datagrams received",
        broken: |it| {
            let per_s = it.aggregate?.datagrams_per_s?;
            let received = number(it.flows?.datagrams?.datagrams_received);
            differs(per_s * seconds(it)?, received).map(|_| per_s)
        },
    },
    Relation {
        field: "aggregate.loss_ratio",
        must: "be the share of the datagrams that was lost",
        broken: |it| {
            let of = it.flows?.datagrams?;
            let all = number(of.datagrams_received) + number(of.lost_datagrams);
            differs(it.aggregate?.loss_ratio? * all, number(of.lost_datagrams))
                .and(it.aggregate?.loss_ratio)
        },
    },
    Relation {
        field: "generator.sum_over_crossed",
        must: "be the generators' sum over what crossed",
        broken: |it| {
            let of = it.generator.as_ref()?;
            let all = it.aggregate?;
            let by_bytes = of.sum_bps.map(|sum| (sum, all.goodput_bps));
            let by_requests = || of.transactions_per_s.zip(all.transactions_per_s);
            let (sum, crossed) = by_bytes.or_else(by_requests)?;
            let ratio = of.sum_over_crossed?;
            differs(ratio * crossed, sum).map(|_| ratio)
        },
    },
    Relation {
        field: "cpu",
        must: "be at most what 8192 CPUs have in the window",
        broken: |it| {
            let span = number(it.window?.duration_ns) * 2.0 + MARGIN_NS;
            beyond(cpu_ns(it)?, span * MOST_CPUS)
        },
    },
    Relation {
        field: "cpu.own_user_ns",
        must: "be at most about the whole CPU time",
        broken: |it| beyond_cpu(it, it.cpu?.own_user_ns),
    },
    Relation {
        field: "cpu.foreign_ns",
        must: "be at most about the whole CPU time",
        broken: |it| beyond_cpu(it, it.cpu?.foreign_ns),
    },
    Relation {
        field: "per_container.cpu_ns",
        must: "be at most about the whole CPU time",
        broken: |it| beyond_cpu(it, it.per_container?.cpu_ns.max),
    },
    Relation {
        field: "samples.goodput_bps",
        must: "have at most twice as many values as the window has intervals, and two",
        broken: |it| {
            let of = it.samples.as_ref()?;
            let intervals = number(it.window?.duration_ns) / number(of.interval_ns);
            beyond(of.goodput_bps.len() as u64, intervals * 2.0 + 2.0)
        },
    },
];

/// A value that is another one but for rounding is none.
fn differs(value: f64, other: f64) -> Option<f64> {
    let slack = value.abs().max(other.abs()) * (ROUNDING - 1.0);
    ((value - other).abs() > slack).then_some(value)
}

/// The goodput of some pairs, where it is less than the slowest of them would have moved alone so many times, or more than
/// the fastest.
fn beside_pairs(all: f64, pairs: u32, of: PerPair) -> Option<f64> {
    let pairs = number(pairs);
    let fits = of.min_bps * pairs <= all * ROUNDING && all <= of.max_bps * pairs * ROUNDING;
    (!fits).then_some(all)
}

fn seconds(it: &Record) -> Option<f64> {
    Some(number(it.window?.duration_ns) / 1e9)
}

/// CPU time of all kinds.
fn cpu_ns(it: &Record) -> Option<f64> {
    let of = it.cpu?;
    let kinds = [
        of.user_ns,
        of.system_ns,
        of.softirq_ns,
        of.steal_ns,
        of.idle_ns,
    ];
    Some(kinds.map(number).iter().sum())
}

/// A part of the CPU time that is more than all of it, by more than the moments of reading and ticks account for.
fn beyond_cpu(it: &Record, part: impl Number) -> Option<f64> {
    beyond(part, cpu_ns(it)? * 2.0 + MARGIN_NS)
}
