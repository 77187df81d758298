//! How a connection table was filled: when, by how many connections, and when one of the usual size would be.
//!
//! Must not know words. The invariant: what would be at another size follows from the rate of this trial alone, and is absent where
//! that is not known.

use super::model::{Filling, Usual};
use super::row::Bound;
use super::seen::seen;
use crate::store::folder::Manifest;
use crate::store::record::{Counter, Record, TrialPhase};

/// The kernel's default (`nf_conntrack_init_start`), as large as its hash on machines of more than 4 GiB.
const USUAL: u64 = 262_144;

/// What a trial says of it.
pub(super) fn filling(bound: &Bound<'_>, manifest: &Manifest) -> Filling {
    let record = bound.record;
    let counted = |counter| seen(record, &[counter]).map_or(0, |it| it.amount);
    let table = record.connections.as_ref();
    let entries = table.and_then(|it| it.max);
    let (full_after_s, at_the_latest) = full_after_s(bound);
    let connections = entries.map(|entries| entries.saturating_sub(at_first(record, bound)));
    let rate = connections
        .zip(full_after_s)
        .filter(|(number, s)| *number > 0 && *s > 0.0);
    let connections_per_s = rate.map(|(connections, s)| connections as f64 / s);
    let (usual_entries, usual) = usual(manifest);
    Filling {
        entries,
        full_after_s,
        in_window: bound.moved.phase == Some(TrialPhase::Window),
        at_the_latest,
        connections,
        connections_per_s,
        closed_stay_s: table.and_then(|it| it.closed_stay_s),
        insert_failed: counted(Counter::ConntrackInsertFailed),
        drops: counted(Counter::ConntrackDrops),
        early_drops: counted(Counter::ConntrackEarlyDrops),
        usual_entries,
        usual,
        usual_full_after_s: connections_per_s.map(|per_s| usual_entries as f64 / per_s),
    }
}

/// Connections that were in it before those that filled it: of a table that was filled in the window, those of its beginning.
fn at_first(record: &Record, bound: &Bound<'_>) -> u64 {
    let in_window = bound.moved.phase == Some(TrialPhase::Window);
    let before = record.connections.filter(|_| in_window);
    before.map_or(0, |it| it.before)
}

/// Seconds until it was full, and whether that is only the latest that it can have been: of a table that was filled in the window,
/// from its opening; of one that was filled before, from the beginning of the warm-up, which is where its end is known of it.
fn full_after_s(bound: &Bound<'_>) -> (Option<f64>, bool) {
    if bound.moved.phase == Some(TrialPhase::Window) {
        return (bound.second, false);
    }
    let phases = bound.record.phases.as_ref();
    let warmup = phases.and_then(|all| all.warmup.as_ref());
    let warmup = warmup.map(|of| of.duration_ns as f64 / 1e9);
    let within = warmup.filter(|_| bound.moved.phase == Some(TrialPhase::Warmup));
    let logged = warmup
        .zip(bound.second)
        .map(|(warmup, second)| warmup + second);
    match logged.filter(|s| *s > 0.0) {
        Some(s) => (Some(s), false),
        None => (within, true),
    }
}

/// The size that a table has where no scenario says otherwise.
fn usual(manifest: &Manifest) -> (u64, Usual) {
    let name = "net.netfilter.nf_conntrack_max";
    let machines = manifest.fingerprint["sysctls"][name].as_str();
    let asked = manifest.settings["sysctls"][name].as_str();
    let own = machines.filter(|value| asked.is_some_and(|asked| asked != *value));
    let own = own.and_then(|value| value.trim().parse().ok());
    own.map_or((USUAL, Usual::OfTheKernel), |entries| {
        (entries, Usual::OfTheMachine)
    })
}
