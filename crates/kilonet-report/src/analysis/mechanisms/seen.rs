//! What a trial's counters have seen until its window was over: how much, and in which phase first.
//!
//! Must not know mechanisms. The invariant: what was counted as the lab was removed is not part of it, as nothing was measured any
//! more; a counter that nobody could read is absent.

use crate::store::record::{Counter, Counters, Record, TrialPhase, TrialPhases};

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// How much.
    pub(super) amount: u64,
    /// The phase in which it first moved; absent where it did not, or where it was read once, after the window.
    pub(super) phase: Option<TrialPhase>,
}

/// Fewer events than these tell no small rate.
const FEW: u64 = 10;
/// From which share of what went on it is told: from one in a thousand on a sender's loss or retry is more than the odd one.
const SHARE: f64 = 1e-3;
/// From which share on two events are enough: of so little that went on, they are much.
const MUCH: f64 = 0.05;

/// Whether so many are enough to be told of, of so many that there were beside them. Where nobody knows how many there were, as many
/// are as tell a rate.
pub(super) fn is_share(amount: u64, of: Option<f64>) -> bool {
    let share = of.map_or(SHARE, |of| amount as f64 / (of + amount as f64));
    amount >= FEW && share >= SHARE || amount >= 2 && share >= MUCH
}

/// Whether there are enough of them to tell a rate.
pub(super) fn are_some(amount: u64) -> bool {
    amount >= FEW
}

/// What these counters counted together; absent where nobody could read any of them.
pub(super) fn seen(record: &Record, counters: &[Counter]) -> Option<Seen> {
    let each = counters.iter().filter_map(|counter| one(record, *counter));
    each.reduce(|sum, next| Seen {
        amount: sum.amount + next.amount,
        phase: match (sum.phase, next.phase) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    })
}

/// What one counted: on the machine and on host sides phase by phase, in containers once after the window.
fn one(record: &Record, counter: Counter) -> Option<Seen> {
    let phases = by_phase(record, counter);
    let inside = record.watched.as_ref();
    let inside = inside.and_then(|it| it.counts.of(counter));
    if phases.is_empty() && inside.is_none() {
        return None;
    }
    let outside: u64 = phases.iter().map(|(_, amount)| amount).sum();
    let inside = inside.unwrap_or(0);
    let mut moved = phases.iter().filter(|(_, amount)| *amount > 0);
    Some(Seen {
        amount: if is_of_containers(record, counter) {
            outside.max(inside)
        } else {
            outside + inside
        },
        phase: moved.next().map(|(phase, _)| *phase),
    })
}

/// Whether what is told of the window is of containers too, as where rules are in these: then the two are of the same.
fn is_of_containers(record: &Record, counter: Counter) -> bool {
    let tracking = [
        Counter::ConntrackDrops,
        Counter::ConntrackInsertFailed,
        Counter::ConntrackEarlyDrops,
    ];
    let counters = record.counters.as_ref();
    let inside = counters.is_some_and(|it| it.conntrack_containers.is_some());
    inside && tracking.contains(&counter)
}

/// What a counter counted in each phase until the window was over; empty where nobody could read it.
pub(super) fn by_phase(record: &Record, counter: Counter) -> Vec<(TrialPhase, u64)> {
    let entered = record.phases.iter().flat_map(TrialPhases::entered);
    let entered = entered.filter(|(phase, _)| *phase < TrialPhase::Window);
    let before = entered.filter_map(|(phase, of)| Some((phase, of.counts.of(counter)?)));
    let window = in_window(record, counter).map(|amount| (TrialPhase::Window, amount));
    before.chain(window).collect()
}

/// The same in the window. Records of schema 1 have nothing else, and those of later ones have some of it twice.
fn in_window(record: &Record, counter: Counter) -> Option<u64> {
    let phases = record.phases.as_ref();
    let phase = phases.and_then(|all| all.window.as_ref()?.counts.of(counter));
    let rows = OF_THE_WINDOW.iter();
    let mut rows = rows.filter(|(of, _)| *of == counter);
    let counters = record.counters.as_ref();
    let own = rows.next().and_then(|(_, read)| read(counters?));
    phase.max(own)
}

/// Reads one of the counters of a window.
type OfWindow = fn(&Counters) -> Option<u64>;

/// The counters that `counters` of a record have.
const OF_THE_WINDOW: &[(Counter, OfWindow)] = &[
    (Counter::BacklogDrops, |it| it.backlog_drops),
    (Counter::NeighbourOverflows, |it| it.neighbour_overflows),
    (Counter::ConntrackInsertFailed, |it| {
        it.conntrack_insert_failed
    }),
    (Counter::ConntrackDrops, |it| it.conntrack_drops),
    (Counter::ConntrackEarlyDrops, |it| it.conntrack_early_drops),
];

/// How long flows ran until the window was over, in seconds; absent where nothing was measured.
pub(super) fn ran_s(record: &Record) -> Option<f64> {
    let window = record.window?.duration_ns as f64;
    let phases = record.phases.as_ref();
    let warmup = phases.and_then(|all| all.warmup.as_ref());
    Some((window + warmup.map_or(0.0, |of| of.duration_ns as f64)) / 1e9)
}

/// Bytes of the largest unit in which TCP crosses a veth or a bridge, unless larger ones are asked for.
const UNIT_BYTES: f64 = 65_536.0;

/// Units that crossed in the window at the least: bytes in the largest units, a unit for each request and for each response, and
/// datagrams.
pub(super) fn units(record: &Record) -> Option<f64> {
    let aggregate = record.aggregate?;
    let seconds = record.window?.duration_ns as f64 / 1e9;
    let bytes = aggregate.goodput_bps / 8.0 / UNIT_BYTES;
    let requests = 2.0 * aggregate.transactions_per_s.unwrap_or(0.0);
    Some((bytes + requests + aggregate.datagrams_per_s.unwrap_or(0.0)) * seconds)
}

/// Connections that were made until the window was over: each flow's first, and one for each request where these have their own;
/// of the containers that were read in, where a figure is from these alone, and of the host sides likewise.
pub(super) fn connections(record: &Record, seen: &Seen) -> Option<f64> {
    let first = f64::from(record.flows?.connected);
    let per_s = record.aggregate.and_then(|all| all.transactions_per_s);
    let renewed = per_s.filter(|_| record.cell.workload.renews_connections());
    let all = first + renewed.zip(ran_s(record)).map_or(0.0, |(rate, s)| rate * s);
    let watched = record.watched.as_ref().filter(|it| it.of > 0);
    let sides = record.host_sides.filter(|it| it.read > 0);
    let part = match seen.phase {
        Some(_) => sides.map_or(1.0, |it| f64::from(it.read) / f64::from(it.of)),
        None => watched.map_or(1.0, |it| f64::from(it.containers) / f64::from(it.of)),
    };
    Some(all * part)
}

/// The phase that a trial came to before it was ended; absent in records that have none.
pub(super) fn last_phase(record: &Record) -> Option<TrialPhase> {
    let entered = record.phases.as_ref()?.entered().map(|(phase, _)| phase);
    entered
        .filter(|phase| *phase != TrialPhase::Teardown)
        .last()
}
