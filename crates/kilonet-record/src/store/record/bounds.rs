//! What holds of every record that anybody measured: a table of what each figure lies between, and how figures are beside
//! each other.
//!
//! Must not know where records come from. The invariant: a record that passes has no figure that cannot have been, and sums
//! and products of its numbers overflow nowhere. Bounds are far beyond every machine: they tell what is impossible, not what
//! is unusual.

mod relation;
mod sums;

use super::{Class, Latency, Record, SearchStep, Seen, Spread, Status, TrialPhases};
use crate::factors::{Field, Value, pairs_of, registry};
use relation::{Number, ROUNDING, Relation, beyond, number, pairs, shown};

pub(in crate::store) use relation::Impossible;

impl Record {
    /// What of it cannot have been, the first thing that there is.
    pub(in crate::store) fn impossible(&self) -> Option<Impossible> {
        let mut fields = registry::fields();
        fields
            .find_map(|field| field_broken(field, self))
            .or_else(|| RANGES.iter().find_map(|range| range.broken(self)))
            .or_else(|| {
                let mut relations = RELATIONS.iter().chain(sums::SUMS);
                relations.find_map(|relation| relation.broken(self))
            })
    }
}

/// What the cell of a record has of a factor, where that lies beyond what its entry says.
fn field_broken(field: &Field, record: &Record) -> Option<Impossible> {
    let within = field.within?;
    let value = match field.value(&record.cell)? {
        Value::Integer(count) => number(count),
        Value::Number(value) => value,
        Value::Text(_) | Value::Truth(_) => return None,
    };
    let name = format!("cell.{}", field.name);
    outside(within, value).then(|| record.cannot(&name, value, &lie_within(within)))
}

/// Whether a value lies beyond its bounds: what is no number lies in none; what rounding puts a little above a whole is one.
fn outside((least, most): (f64, f64), value: f64) -> bool {
    !(least..=most * (1.0 + 1e-9)).contains(&value)
}

fn lie_within((least, most): (f64, f64)) -> String {
    format!("be from {} to {}", shown(least), shown(most))
}

/// Shows every value that a record has in a field.
type Values = fn(&Record, &mut dyn FnMut(f64));

/// Values that a figure lies between, ends included.
struct Range {
    /// By its place in a record; what is in classes too, by its place outside of them.
    field: &'static str,
    within: (f64, f64),
    values: Values,
}

impl Range {
    fn broken(&self, record: &Record) -> Option<Impossible> {
        let mut first = None;
        (self.values)(record, &mut |value| {
            if outside(self.within, value) {
                first.get_or_insert(value);
            }
        });
        first.map(|value| record.cannot(self.field, value, &lie_within(self.within)))
    }
}

/// Bits a second, or events a second: an exabit is more than all networks carry.
const RATE: (f64, f64) = (0.0, 1e18);
/// Times of up to thirty years.
const NANOS: (f64, f64) = (0.0, 1e18);
/// A window, from a millisecond, in which nothing can be measured, to a week.
const LENGTH: (f64, f64) = (1e6, 1e15);
/// Events, packets, bytes, pages.
const COUNT: (f64, f64) = (0.0, 1e18);
/// What a kernel counts in a trial, and pages: a million million packets are more than a machine moves in a day, and as many
/// pages more than it can have.
const COUNTER: (f64, f64) = (0.0, 1e12);
/// One figure over another.
const RATIO: (f64, f64) = (0.0, 1e12);
/// Parts of a whole.
const SHARE: (f64, f64) = (0.0, 1.0);

/// A row of the table of ranges.
const fn range(field: &'static str, within: (f64, f64), values: Values) -> Range {
    Range {
        field,
        within,
        values,
    }
}

/// The rows of a part that a record may lack, field by field.
macro_rules! ranges {
    ($($name:literal, $within:expr, $record:ident => $($values:expr),+;)*) => {
        &[$(range($name, $within, |$record, see| {
            $(see_all($values, see);)+
        })),*]
    };
}

fn see_all(values: impl IntoIterator<Item = impl Number>, see: &mut dyn FnMut(f64)) {
    for value in values {
        see(number(value));
    }
}

fn latencies(it: &Record) -> impl Iterator<Item = &Latency> {
    let of_classes = it.classes.iter().filter_map(|class| class.latency.as_ref());
    it.latency.iter().chain(of_classes)
}

fn steps(it: &Record) -> impl Iterator<Item = &SearchStep> {
    it.search.iter().flat_map(|search| &search.steps)
}

fn classes<T>(it: &Record, read: fn(&Class) -> Option<T>) -> impl Iterator<Item = T> {
    it.classes.iter().filter_map(read)
}

#[rustfmt::skip]
const RANGES: &[Range] = ranges! {
    "repeat", (0.0, 1e6), it => [it.repeat];
    "window.start_unix_ns", (0.0, 9e18), it => it.window.map(|at| at.start_unix_ns);
    "window.duration_ns", LENGTH, it => it.window.map(|at| at.duration_ns);
    "window.skew_ns", NANOS, it => it.window.map(|at| at.skew_ns);
    "aggregate.goodput_bps", RATE, it => it.aggregate.map(|all| all.goodput_bps), it.classes.iter().map(|of| of.goodput_bps);
    "aggregate.transactions_per_s", RATE, it => it.aggregate.and_then(|all| all.transactions_per_s), classes(it, |of| of.transactions_per_s);
    "aggregate.datagrams_per_s", RATE, it => it.aggregate.and_then(|all| all.datagrams_per_s), classes(it, |of| of.datagrams_per_s);
    "aggregate.loss_ratio", SHARE, it => it.aggregate.and_then(|all| all.loss_ratio), classes(it, |of| of.loss_ratio);
    "per_pair.min_bps", RATE, it => pairs(it).map(|of| of.min_bps);
    "per_pair.p5_bps", RATE, it => pairs(it).map(|of| of.p5_bps);
    "per_pair.p50_bps", RATE, it => pairs(it).map(|of| of.p50_bps);
    "per_pair.p95_bps", RATE, it => pairs(it).map(|of| of.p95_bps);
    "per_pair.max_bps", RATE, it => pairs(it).map(|of| of.max_bps);
    "per_pair.jain", SHARE, it => pairs(it).map(|of| of.jain);
    "latency.count", (1.0, 1e18), it => latencies(it).map(|of| of.count);
    "latency.mean_ns", NANOS, it => latencies(it).map(|of| of.mean_ns);
    "latency.p50_ns", NANOS, it => latencies(it).map(|of| of.p50_ns);
    "latency.p90_ns", NANOS, it => latencies(it).filter_map(|of| of.p90_ns);
    "latency.p99_ns", NANOS, it => latencies(it).filter_map(|of| of.p99_ns);
    "latency.p999_ns", NANOS, it => latencies(it).filter_map(|of| of.p999_ns);
    "latency.p9999_ns", NANOS, it => latencies(it).filter_map(|of| of.p9999_ns);
    "latency.above_1s_ratio", SHARE, it => latencies(it).filter_map(|of| of.above_1s_ratio);
    "latency.above_3s_ratio", SHARE, it => latencies(it).filter_map(|of| of.above_3s_ratio);
    "latency.max_ns", NANOS, it => latencies(it).map(|of| of.max_ns);
    "under_way.connections", COUNTER, it => it.under_way.into_iter().flat_map(|of| [of.connections, of.above_1s, of.above_3s]);
    "under_way.oldest_ns", NANOS, it => it.under_way.map(|of| of.oldest_ns);
    "lateness.p50_ns", NANOS, it => it.lateness.map(|of| of.p50_ns);
    "lateness.p99_ns", NANOS, it => it.lateness.map(|of| of.p99_ns);
    "lateness.max_ns", NANOS, it => it.lateness.map(|of| of.max_ns);
    "pacing.offered_bps", RATE, it => it.pacing.map(|of| of.offered_bps);
    "pacing.achieved_bps", RATE, it => it.pacing.map(|of| of.achieved_bps);
    "pacing.least_ratio", RATIO, it => it.pacing.map(|of| of.least_ratio);
    "cpu.user_ns", NANOS, it => it.cpu.map(|of| of.user_ns);
    "cpu.system_ns", NANOS, it => it.cpu.map(|of| of.system_ns);
    "cpu.softirq_ns", NANOS, it => it.cpu.map(|of| of.softirq_ns);
    "cpu.steal_ns", NANOS, it => it.cpu.map(|of| of.steal_ns);
    "cpu.idle_ns", NANOS, it => it.cpu.map(|of| of.idle_ns);
    "cpu.ns_per_byte", NANOS, it => it.cpu.and_then(|of| of.ns_per_byte);
    "cpu.ns_per_transaction", NANOS, it => it.cpu.and_then(|of| of.ns_per_transaction);
    "cpu.own_user_ns", NANOS, it => it.cpu.map(|of| of.own_user_ns);
    "cpu.foreign_ns", NANOS, it => it.cpu.map(|of| of.foreign_ns);
    "per_container.cpu_ns", NANOS, it => it.per_container.map(|of| of.cpu_ns.max);
    "per_container.memory_peak_bytes", COUNT, it => it.per_container.and_then(|of| Some(of.memory_peak_bytes?.max));
    "lab.setup_ns", NANOS, it => it.lab.as_ref().map(|of| of.setup_ns);
    "lab.teardown_ns", NANOS, it => it.lab.as_ref().and_then(|of| of.teardown_ns);
    "lab.phases_ns", NANOS, it => it.lab.as_ref().map(|of| of.phases_ns).into_iter().flat_map(|of| {
        [of.netns, of.links, of.addresses, of.neighbours, of.firewall, of.processes]
    });
    "lab.kernel_bytes_per_container", COUNT, it => it.lab.as_ref().and_then(|of| of.kernel_bytes_per_container);
    "checks.interface_bytes_ratio", RATIO, it => it.checks.and_then(|of| of.interface_bytes_ratio);
    "checks.unread_ratio", RATIO, it => it.checks.and_then(|of| of.unread_ratio);
    "checks.tcp_info_bytes_ratio", RATIO, it => it.checks.and_then(|of| of.tcp_info_bytes_ratio);
    "checks.transactions_ratio", RATIO, it => it.checks.and_then(|of| of.transactions_ratio);
    "checks.datagrams_ratio", RATIO, it => it.checks.and_then(|of| of.datagrams_ratio);
    "counters", COUNTER, it => it.counters.into_iter().flat_map(|of| [
        of.retransmits, of.backlog_drops, of.socket_drops, of.softirq_squeezes, of.neighbour_overflows, of.conntrack_entries,
        of.conntrack_insert_failed, of.conntrack_drops, of.conntrack_early_drops, of.tcp_memory_pages,
        of.tcp_memory_pressure_pages,
    ]).flatten();
    "phases.duration_ns", NANOS, it => it.phases.iter().flat_map(TrialPhases::entered).map(|(_, of)| of.duration_ns);
    "phases", COUNTER, it => it.phases.iter().flat_map(TrialPhases::entered).flat_map(|(_, of)| of.counts.iter()).map(|(_, it)| it);
    "watched", COUNTER, it => it.watched.iter().flat_map(|of| of.counts.iter()).map(|(_, it)| it);
    "watched.time_wait", COUNTER, it => it.watched.iter().filter_map(|of| of.time_wait);
    "watching", NANOS, it => it.watching.into_iter().flat_map(|of| [of.cpu_ns, of.wall_ns]);
    "host_sides", COUNTER, it => it.host_sides.into_iter().flat_map(|of| [of.read, of.of]).map(u64::from);
    "connections", COUNTER, it => it.connections.into_iter().flat_map(|of| [Some(of.before), Some(of.after), of.max, of.closed_stay_s]).flatten();
    "cpus", NANOS, it => it.cpus.iter().flat_map(|of| [of.user_ns, of.system_ns, of.softirq_ns, of.idle_ns]);
    "drops", COUNTER, it => it.drops.iter().flatten().map(|of| of.packets);
    "exceeded", COUNT, it => it.exceeded.iter().flat_map(|of| [of.have, of.used, of.need]);
    "seen", COUNT, it => it.seen.iter().flat_map(Seen::numbers);
    "flows.lost_requests", COUNT, it => it.flows.map(|of| of.lost_requests);
    "flows", COUNT, it => it.flows.and_then(|of| of.datagrams).into_iter().flat_map(|of| [
        of.datagrams_sent, of.datagrams_received, of.lost_datagrams, of.reordered, of.duplicates, of.left_out_datagrams,
    ]);
    "samples.interval_ns", (1.0, 1e13), it => it.samples.as_ref().map(|of| of.interval_ns);
    "samples.goodput_bps", RATE, it => it.samples.iter().flat_map(|of| of.goodput_bps.iter().copied());
    "effective.send_buffer_bytes", COUNT, it => it.effective.as_ref().and_then(|of| of.send_buffer_bytes);
    "effective.receive_buffer_bytes", COUNT, it => it.effective.as_ref().and_then(|of| of.receive_buffer_bytes);
    "effective.zerocopy_copied_ratio", RATIO, it => it.effective.as_ref().and_then(|of| of.zerocopy_copied_ratio);
    "effective.mapped_ratio", RATIO, it => it.effective.as_ref().and_then(|of| of.mapped_ratio);
    "effective.backlog", COUNT, it => it.effective.as_ref().and_then(|of| of.backlog);
    "effective.batch", RATIO, it => it.effective.as_ref().and_then(|of| of.batch).into_iter().flat_map(|of| {
        [of.per_send, of.per_receive]
    }).flatten();
    "effective.namespace_sysctls", COUNT, it => {
        let read = it.effective.as_ref().and_then(|of| of.namespace_sysctls.as_ref());
        read.map(|of| u64::from(of.namespaces))
    };
    "generator.sum_bps", RATE, it => it.generator.as_ref().and_then(|of| of.sum_bps);
    "generator.transactions_per_s", RATE, it => it.generator.as_ref().and_then(|of| of.transactions_per_s);
    "generator.sum_over_crossed", RATIO, it => it.generator.as_ref().and_then(|of| of.sum_over_crossed);
    "generator.datagrams", COUNT, it => it.generator.as_ref().and_then(|of| of.datagrams).into_iter().flat_map(|of| {
        [of.datagrams_sent, of.datagrams_received, of.lost_datagrams, of.reordered, of.jitter_ns]
    });
    "noise.canary_before_ns", NANOS, it => it.noise.as_ref().and_then(|of| of.canary_before_ns);
    "noise.canary_after_ns", NANOS, it => it.noise.as_ref().and_then(|of| of.canary_after_ns);
    "search.accepted_loss", SHARE, it => it.search.as_ref().map(|of| of.accepted_loss);
    "search.resolution", SHARE, it => it.search.as_ref().and_then(|of| of.resolution);
    "search.steps.loss_ratio", SHARE, it => steps(it).filter_map(|step| step.loss_ratio);
    "search.steps.left_out_share", SHARE, it => steps(it).map(|step| step.left_out_share);
};

/// The first of some values, smallest first, that is below the one before it.
fn falls(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<_> = values.into_iter().collect();
    let mut steps = values.windows(2);
    steps.find_map(|step| (step[0] > step[1] * ROUNDING).then_some(step[1]))
}

fn spread_falls(spread: Spread) -> Option<f64> {
    falls([spread.min, spread.p50, spread.p95, spread.max].map(number))
}

/// Samples that a window has at most: an hour has 36,000 of the shortest.
const MOST_SAMPLES: u32 = 100_000;

const RELATIONS: &[Relation] = &[
    Relation {
        field: "cell.active",
        must: "be at most as many as the containers",
        broken: |it| beyond(it.cell.active, it.cell.containers),
    },
    Relation {
        field: "cell.pairs",
        must: "be as many as the pattern has",
        broken: |it| {
            let pairs = u64::from(it.cell.pairs);
            (pairs != pairs_of(&it.cell)).then_some(number(pairs))
        },
    },
    Relation {
        field: "cell.streams",
        must: "give at most 4294967295 flows of all pairs",
        broken: |it| {
            let flows = u64::from(it.cell.pairs) * u64::from(it.cell.streams);
            beyond(flows, u32::MAX).map(|_| number(it.cell.streams))
        },
    },
    Relation {
        field: "aggregate.goodput_bps",
        must: "be absent where the status is `failed`",
        broken: |it| {
            let failed = it.status == Status::Failed;
            it.aggregate.filter(|_| failed).map(|all| all.goodput_bps)
        },
    },
    Relation {
        field: "per_pair",
        must: "rise from min to p5, p50, p95 and max",
        broken: |it| {
            pairs(it)
                .find_map(|of| falls([of.min_bps, of.p5_bps, of.p50_bps, of.p95_bps, of.max_bps]))
        },
    },
    Relation {
        field: "per_pair.max_bps",
        must: "be at most the goodput of all",
        broken: |it| {
            let all = it.aggregate?.goodput_bps;
            pairs(it).find_map(|of| beyond(of.max_bps, all * ROUNDING))
        },
    },
    Relation {
        field: "per_pair.starved",
        must: "be at most as many as the pairs",
        broken: |it| pairs(it).find_map(|of| beyond(of.starved, it.cell.pairs)),
    },
    Relation {
        field: "classes.pairs",
        must: "add up to at most as many as the pairs",
        broken: |it| {
            let pairs = it.classes.iter().map(|class| u64::from(class.pairs));
            beyond(pairs.sum::<u64>(), it.cell.pairs)
        },
    },
    Relation {
        field: "latency",
        must: "rise from p50 to p90, p99, p999, p9999 and max",
        broken: |it| {
            latencies(it).find_map(|of| {
                let told = [of.p90_ns, of.p99_ns, of.p999_ns, of.p9999_ns];
                let told = told.into_iter().flatten();
                let all = [of.p50_ns].into_iter().chain(told).chain([of.max_ns]);
                falls(all.map(number))
            })
        },
    },
    Relation {
        field: "latency.mean_ns",
        must: "be at most the longest",
        // Both are told from a histogram of three digits.
        broken: |it| latencies(it).find_map(|of| beyond(of.mean_ns, of.max_ns as f64 * 1.01 + 8.0)),
    },
    Relation {
        field: "latency.above_3s_ratio",
        must: "be at most the share above 1 s",
        broken: |it| latencies(it).find_map(|of| beyond(of.above_3s_ratio?, of.above_1s_ratio?)),
    },
    Relation {
        field: "under_way",
        must: "fall from all to those above 1 s and above 3 s",
        broken: |it| {
            let of = it.under_way?;
            falls([of.above_3s, of.above_1s, of.connections].map(number))
        },
    },
    Relation {
        field: "host_sides.read",
        must: "be at most as many as there are",
        broken: |it| it.host_sides.and_then(|of| beyond(of.read, of.of)),
    },
    Relation {
        field: "pacing.kept_pairs",
        must: "be at most as many as the pairs, with those that missed their rate",
        broken: |it| {
            let of = it.pacing?;
            let both = u64::from(of.kept_pairs) + u64::from(of.missed_pairs);
            beyond(both, it.cell.pairs)
        },
    },
    Relation {
        field: "lateness",
        must: "rise from p50 to p99 and max",
        broken: |it| {
            let of = it.lateness?;
            falls([of.p50_ns, of.p99_ns, of.max_ns].map(number))
        },
    },
    Relation {
        field: "per_container.cpu_ns",
        must: "rise from min to p50, p95 and max",
        broken: |it| spread_falls(it.per_container?.cpu_ns),
    },
    Relation {
        field: "per_container.memory_peak_bytes",
        must: "rise from min to p50, p95 and max",
        broken: |it| spread_falls(it.per_container?.memory_peak_bytes?),
    },
    Relation {
        field: "per_container.processes",
        must: "be at most as many as the containers",
        broken: |it| beyond(it.per_container?.processes, it.cell.containers),
    },
    Relation {
        field: "counters.conntrack_containers",
        must: "be at most as many as the containers",
        broken: |it| beyond(it.counters?.conntrack_containers?, it.cell.containers),
    },
    Relation {
        field: "flows.expected",
        must: "be as many as the cell has",
        broken: |it| {
            let expected = it.flows?.expected;
            (expected != it.cell.counted_flows()).then_some(number(expected))
        },
    },
    Relation {
        field: "flows",
        must: "be at most as many connected, died or stalled as there are",
        broken: |it| {
            let of = it.flows?;
            let some = [of.connected, of.died, of.stalled];
            some.into_iter().find_map(|some| beyond(some, of.expected))
        },
    },
    Relation {
        field: "errors.flows",
        must: "add up to at most as many as there are flows",
        broken: |it| {
            let lost = it.errors.iter().map(|error| u64::from(error.flows));
            beyond(lost.sum::<u64>(), it.cell.flows())
        },
    },
    Relation {
        field: "samples.goodput_bps",
        must: "have at most 100000 values",
        broken: |it| beyond(it.samples.as_ref()?.goodput_bps.len() as u64, MOST_SAMPLES),
    },
    Relation {
        field: "generator.failed",
        must: "be at most as many as the pairs",
        broken: |it| beyond(it.generator.as_ref()?.failed, it.cell.pairs),
    },
    Relation {
        field: "search.steps.lost_flows",
        must: "be at most as many as there are flows",
        broken: |it| steps(it).find_map(|step| beyond(step.lost_flows, it.cell.flows())),
    },
];

#[cfg(test)]
mod tests;
