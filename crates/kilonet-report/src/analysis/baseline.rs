//! The loopback trial that a trial is compared with: the node's ceiling, measured in the same block.
//!
//! The invariant: a ratio is of two trials of one block whose traffic was the same, both measured and valid.

use std::collections::HashMap;

use crate::plan::Role;
use crate::scenario::Cell;
use crate::stats;
use crate::store::record::{Record, Status, standing};

/// The block, and the cell over loopback that a trial is compared with.
type Key = (u32, Cell);

fn key(record: &Record) -> Key {
    (record.repeat, record.cell.baseline())
}

/// The goodput of each block's loopback baselines.
pub(super) struct Baselines(HashMap<Key, Vec<f64>>);

impl Baselines {
    /// Gathers the baselines, those of the sweep itself included.
    pub(super) fn of(records: &[Record]) -> Self {
        let mut found: HashMap<_, Vec<f64>> = HashMap::new();
        for record in standing(records).filter(|it| is_baseline(it) && it.is_shown()) {
            let goodput = record.aggregate.map(|aggregate| aggregate.goodput_bps);
            found
                .entry(key(record))
                .or_default()
                .extend(goodput.filter(|bps| *bps > 0.0));
        }
        Self(found)
    }

    /// A trial's goodput over that of its block's baseline (their median, if there are several); absent where a pair over
    /// loopback says nothing of what such traffic could come to.
    pub(super) fn ratio(&self, record: &Record) -> Option<f64> {
        if !has_ceiling(&record.cell) {
            return None;
        }
        let baseline = stats::median(self.0.get(&key(record))?)?;
        Some(record.aggregate?.goodput_bps / baseline)
    }
}

fn is_baseline(record: &Record) -> bool {
    record.cell == record.cell.baseline()
}

/// Whether its baseline is of the same traffic, and as fast as that goes: not where some pairs do something else, where each
/// flow gets what it is offered, or where another driver stands in over loopback.
fn has_ceiling(cell: &Cell) -> bool {
    let same_driver = cell.driver == cell.baseline().driver;
    same_driver && cell.beside.is_none() && !cell.load.is_offered()
}

/// Says which blocks have no ratios because their baseline has no figure. (A cell of the sweep speaks for itself.)
pub(super) fn notes(records: &[Record]) -> Vec<String> {
    standing(records)
        .filter(|record| record.role == Role::Baseline && !record.is_shown())
        .map(|record| {
            let why = match record.status {
                Status::Failed => "failed",
                Status::Ok if record.has_lost_level() => {
                    "is invalid because a level did not take hold"
                }
                Status::Ok => "is invalid because its witnesses disagree",
            };
            format!(
                "baseline {} {why}, so its block has no ratio to lo",
                record.trial
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, Testbed, Topology};
    use crate::store::sample::measured;

    fn usual() -> Cell {
        scenario::usual(Topology::Bridge, Testbed::Kernel).unwrap()
    }

    /// Whether a trial of the one cell has a ratio to one of the other.
    fn is_over(cell: &Cell, baseline: &Cell) -> bool {
        let records = [measured(baseline.clone(), 0)];
        let trial = measured(cell.clone(), 0);
        Baselines::of(&records).ratio(&trial).is_some()
    }

    #[test]
    fn a_ratio_is_to_the_same_traffic_of_one_pair_over_loopback() {
        let lo = usual().baseline();
        assert!(is_over(&usual(), &lo));
        assert!(lo.free_in(|other| is_over(&usual(), other)).is_empty());
        let of_the_lab = usual().free_in(|cell| is_over(cell, &lo));
        let of_traffic = [
            "arrivals",
            "backlog",
            "batch",
            "beside",
            "buffers",
            "closes",
            "congestion",
            "driver",
            "family",
            "listen",
            "message_bytes",
            // What TCP does in a container's namespace is of the traffic.
            "namespace_sysctls",
            "outstanding",
            "pinning",
            "rate",
            "rate_bps",
            "receive",
            "response_bytes",
            "search",
            "send",
            "stack",
            "streams",
            "workload",
        ];
        let mut all: Vec<_> = of_traffic.map(str::to_owned).into();
        all.extend(of_the_lab);
        all.sort();
        let every: Vec<_> = usual()
            .each_changed()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(all, every);
    }

    #[test]
    fn what_is_offered_and_what_is_mixed_have_no_ratio_to_lo() {
        let (changed, base) = (usual().each_changed(), usual());
        let over_its_own = |key: &str| {
            let mut cells = changed.iter();
            let (_, cell) = cells.find(|(it, _)| it == key).unwrap();
            is_over(cell, &cell.baseline())
        };
        assert!(is_over(&base, &base.baseline()));
        assert!(over_its_own("workload") && over_its_own("streams"));
        assert!(!over_its_own("rate") && !over_its_own("beside"));
    }
}
