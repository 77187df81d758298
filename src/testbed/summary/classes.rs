//! What a window showed of the pairs of each class.

use std::collections::BTreeMap;
use std::time::Duration;

use super::datagrams::Datagrams;
use super::requests::Requests;
use crate::scenario::{self, Cell, Workload};
use crate::stats::{Sorted, jain};
use crate::store::record::{Class, PerPair};
use crate::traffic::{FlowOutcome, Outcome};

/// The pairs of one class, and their flows.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pairs: Vec<u32>,
    flows: Vec<&'a FlowOutcome>,
}

impl<'a> Members<'a> {
    /// Their flows.
    pub(super) fn flows(&self) -> &[&'a FlowOutcome] {
        &self.flows
    }

    /// Those of each class, in the order of [`Cell::classes`]: the cell's own first.
    pub(super) fn by_class(cell: &Cell, outcome: &'a Outcome) -> Vec<Self> {
        let class_of_pairs = cell.class_of_pairs();
        let mut members: Vec<_> = cell.workloads().map(|_| Self::default()).collect();
        for (pair, class) in (0..).zip(&class_of_pairs) {
            members[*class].pairs.push(pair);
        }
        for flow in &outcome.flows {
            if let Some(class) = class_of_pairs.get(flow.plan.pair as usize) {
                members[*class].flows.push(flow);
            }
        }
        members
    }
}

/// How long what was counted took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The window, in seconds.
    pub(super) seconds: f64,
    /// From when flows began to move until the window closed.
    pub(super) reach: Duration,
}

/// Each class of a mixed trial; none where all pairs do the same.
pub(super) fn of(cell: &Cell, members: &[Members<'_>], times: Times) -> Vec<Class> {
    if cell.beside.is_none() {
        return Vec::new();
    }
    let classes = cell.classes().into_iter().zip(members);
    classes
        .map(|(class, members)| one(class, members, times))
        .collect()
}

fn one(class: scenario::Class, members: &Members<'_>, times: Times) -> Class {
    let Times { seconds, reach } = times;
    let workload = class.orders.workload;
    let bytes: u64 = members.flows.iter().map(|flow| flow.payload()).sum();
    let requests = Requests::of(workload.has_requests(), &members.flows, reach);
    let count = requests.transactions;
    let datagrams = Datagrams::of(&members.flows);
    Class {
        workload,
        rate: class.orders.load.rate,
        pairs: class.pairs,
        goodput_bps: bps(bytes, seconds),
        per_pair: per_pair(workload, members, seconds),
        transactions_per_s: count.map(|count| count as f64 / seconds),
        latency: requests.latency,
        datagrams_per_s: datagrams.per_s(seconds),
        loss_ratio: datagrams.loss_ratio(),
    }
}

/// The distribution over the pairs of a class; absent where these are to send nothing.
pub(super) fn per_pair(workload: Workload, members: &Members<'_>, seconds: f64) -> Option<PerPair> {
    if !workload.has_messages() {
        return None;
    }
    let mut bytes: BTreeMap<u32, u64> = members.pairs.iter().map(|pair| (*pair, 0)).collect();
    for flow in &members.flows {
        *bytes.entry(flow.plan.pair).or_default() += flow.payload();
    }
    let starved = bytes.values().filter(|bytes| **bytes == 0).count();
    let rates = bytes
        .into_values()
        .map(|bytes| bytes as f64 * 8.0 / seconds);
    let rates: Vec<f64> = rates.collect();
    let fairness = jain(&rates).unwrap_or(0.0);
    let sorted = Sorted::of(rates);
    let quantile = |q| sorted.quantile(q).unwrap_or(0.0);
    Some(PerPair {
        min_bps: quantile(0.0),
        p5_bps: quantile(0.05),
        p50_bps: quantile(0.5),
        p95_bps: quantile(0.95),
        max_bps: quantile(1.0),
        jain: fairness,
        starved: u32::try_from(starved).unwrap_or(u32::MAX),
    })
}

/// Bytes over a time, as bits a second.
pub(super) fn bps(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 * 8.0 / seconds
}
