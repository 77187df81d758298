//! The capacity model: N pairs move N times what one does, or what the CPUs pay for, whichever is less:
//! `X(N) = min(N x1, C / cost(N))`.
//!
//! `x1` is what each pair had at the first count, `C` the machine's CPUs, and `cost(N)` the CPU time of a byte: a straight
//! line over the binary logarithm of the count. What it leaves over is what neither explains: waiting. The invariant: all
//! three were measured in the same trials.

use serde::Serialize;

use super::residual::Residual;
use crate::analysis::curve::Curve;
use crate::stats::{self, Line};
use crate::store::record::Record;

/// The model of one curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capacity {
    /// Index into [`Analysis::series`](crate::analysis::Analysis::series).
    pub series: usize,
    /// `x1`: goodput of each pair at the first count, in bits a second.
    pub one_bps: f64,
    /// `C`: CPU time there was in a second, in seconds.
    pub cpus: f64,
    /// `cost`: nanoseconds of CPU time a byte, over the binary logarithm of the count.
    pub cost: Line,
    /// What it leaves over, by count.
    pub residuals: Vec<Residual>,
}

/// What the model is made of.
pub(in crate::analysis) struct Parts<'a> {
    /// Goodput over the count, in bits a second.
    pub(in crate::analysis) goodput: &'a Curve,
    /// CPU time of a byte over it, in nanoseconds.
    pub(in crate::analysis) cost: &'a Curve,
    /// The pairs at each of the counts of the goodput.
    pub(in crate::analysis) pairs: Vec<f64>,
    /// CPU time there was in a second.
    pub(in crate::analysis) cpus: f64,
}

/// Fits the model; absent where its parts do not determine it.
pub(in crate::analysis) fn capacity(series: usize, parts: &Parts<'_>) -> Option<Capacity> {
    let cost = Line::through(&parts.cost.points())?;
    let points = parts.goodput.points();
    let one_bps = points.first()?.1 / parts.pairs.first()?;
    let predicted = |x: f64, pairs: f64| {
        let paid_for = parts.cpus * 8e9 / cost.at(x);
        (pairs * one_bps).min(paid_for)
    };
    let left = |((count, (x, measured)), pairs): ((u32, (f64, f64)), &f64)| {
        (count, measured / predicted(x, *pairs) - 1.0)
    };
    let counts = parts.goodput.counts().into_iter();
    Some(Capacity {
        series,
        one_bps,
        cpus: parts.cpus,
        cost,
        residuals: counts.zip(points).zip(&parts.pairs).map(left).collect(),
    })
}

/// CPU time that there was in a second of the window, in seconds; the median of the trials that say.
pub(in crate::analysis) fn cpus<'a>(trials: impl Iterator<Item = &'a Record>) -> Option<f64> {
    let there_was = trials.filter_map(|record| {
        let (cpu, window) = (record.cpu?, record.window?);
        let all = cpu.user_ns + cpu.system_ns + cpu.softirq_ns + cpu.steal_ns + cpu.idle_ns;
        (window.duration_ns > 0).then(|| all as f64 / window.duration_ns as f64)
    });
    stats::median(&there_was.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::curve::tests::curve;

    #[test]
    fn a_planted_capacity_leaves_nothing_over() {
        // Two CPUs, 10 Gb/s a pair, and a byte that costs 0.4 ns and a tenth more with each doubling.
        let price = |count: u32| 0.4 + 0.04 * f64::from(count).log2();
        let rate = |count: u32| (10e9 * f64::from(count) / 2.0).min(2.0 * 8e9 / price(count));
        let counts = [2, 4, 8, 16, 32];
        let rates = counts.map(|count| (count, [rate(count); 2]));
        let prices = counts.map(|count| (count, [price(count); 2]));
        let rows = |rows: &[(u32, [f64; 2])]| {
            let rows: Vec<_> = rows
                .iter()
                .map(|(count, all)| (*count, all.to_vec()))
                .collect();
            let rows: Vec<_> = rows
                .iter()
                .map(|(count, all)| (*count, all.as_slice()))
                .collect();
            curve(&rows)
        };
        let (goodput, cost) = (rows(&rates), rows(&prices));
        let parts = Parts {
            goodput: &goodput,
            cost: &cost,
            pairs: counts.map(|count| f64::from(count) / 2.0).to_vec(),
            cpus: 2.0,
        };
        let model = capacity(0, &parts).unwrap();
        assert!((model.one_bps / 10e9 - 1.0).abs() < 1e-12);
        assert!((model.cost.slope - 0.04).abs() < 1e-12);
        assert!(
            model.residuals.iter().all(|(_, left)| left.abs() < 1e-9),
            "{model:?}"
        );
    }
}
