//! The loopback trial that a trial is compared with: the node's ceiling, measured in the same block.
//!
//! The invariant: a ratio is of two trials of one block whose traffic was the same, both measured and valid.

use std::collections::HashMap;

use crate::plan::Role;
use crate::scenario::{Buffers, Congestion, Driver, Family, Load, Topology, Workload};
use crate::stats;
use crate::store::record::{Record, Status, standing};

/// A baseline has two containers: one pair, as the loopback row of any table of two containers.
const CONTAINERS: u32 = 2;

/// The block, and what the traffic of two trials must have in common.
#[derive(PartialEq, Eq, Hash)]
struct Traffic<'a> {
    repeat: u32,
    family: Family,
    driver: Driver,
    workload: Workload,
    streams: u32,
    message_bytes: u32,
    load: Load,
    congestion: &'a Congestion,
    buffers: Buffers,
}

impl<'a> Traffic<'a> {
    fn of(record: &'a Record) -> Self {
        let cell = &record.cell;
        Self {
            repeat: record.repeat,
            family: cell.family,
            driver: cell.driver,
            workload: cell.workload,
            streams: cell.streams,
            message_bytes: cell.message_bytes,
            load: cell.load,
            congestion: &cell.congestion,
            buffers: cell.buffers,
        }
    }
}

/// The goodput of each block's loopback baselines.
pub(super) struct Baselines<'a>(HashMap<Traffic<'a>, Vec<f64>>);

impl<'a> Baselines<'a> {
    /// Gathers the baselines, those of the sweep itself included.
    pub(super) fn of(records: &'a [Record]) -> Self {
        let mut found: HashMap<_, Vec<f64>> = HashMap::new();
        for record in standing(records).filter(|it| is_baseline(it) && it.is_shown()) {
            let goodput = record.aggregate.map(|aggregate| aggregate.goodput_bps);
            found
                .entry(Traffic::of(record))
                .or_default()
                .extend(goodput.filter(|bps| *bps > 0.0));
        }
        Self(found)
    }

    /// A trial's goodput over that of its block's baseline (their median, if there are several).
    pub(super) fn ratio(&self, record: &'a Record) -> Option<f64> {
        let baseline = stats::median(self.0.get(&Traffic::of(record))?)?;
        Some(record.aggregate?.goodput_bps / baseline)
    }
}

fn is_baseline(record: &Record) -> bool {
    record.cell.topology == Topology::Loopback && record.cell.containers == CONTAINERS
}

/// Says which blocks have no ratios because their baseline has no figure. (A cell of the sweep speaks for itself.)
pub(super) fn notes(records: &[Record]) -> Vec<String> {
    standing(records)
        .filter(|record| record.role == Role::Baseline && !record.is_shown())
        .map(|record| {
            let why = match record.status {
                Status::Failed => "failed",
                Status::Ok => "is invalid, as its witnesses disagree",
            };
            format!(
                "baseline {} {why}, so its block has no ratio to it",
                record.trial
            )
        })
        .collect()
}
