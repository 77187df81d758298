//! Where something refuses: the last count that could be measured and the first that could not.
//!
//! The invariant: no count beyond a limit was measured; failures among counts that were are gaps and no limit.

use serde::Serialize;

use super::answers::Asked;
use super::mechanisms::Mechanism;
use super::series::{Count, Series};
use super::summary::CellSummary;
use crate::store::record::Failure;

/// A limit on a curve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Index into [`Analysis::series`](super::Analysis::series).
    pub series: usize,
    /// The largest count that was measured.
    pub good: u32,
    /// The smallest beyond it, at which every trial failed.
    pub bad: u32,
    /// Trials that failed there.
    pub trials: usize,
    /// Why the first of these did.
    pub failure: Failure,
    /// The id of the mechanism that refuses, where it is known.
    pub mechanism: Option<&'static str>,
}

/// The limits of the curves, with what refuses there.
pub(super) fn limits(asked: &Asked<'_>, mechanisms: &[Mechanism]) -> Vec<Limit> {
    let of = |(nth, series): (usize, &Series)| {
        let cells = series.cells.iter().map(|index| &asked.cells[*index]);
        let limit = limit(nth, &cells.collect::<Vec<_>>(), asked.count)?;
        let mut all = mechanisms.iter();
        let refuses = all.find(|it| it.failed_trials_of(nth, limit.bad));
        Some(Limit {
            mechanism: refuses.map(|it| it.id),
            ..limit
        })
    };
    asked.series.iter().enumerate().filter_map(of).collect()
}

/// The limit of the cells of one curve, smallest count first.
fn limit(series: usize, cells: &[&CellSummary], over: Count) -> Option<Limit> {
    let last = cells.iter().rposition(|cell| cell.measured > 0)?;
    let bad = cells.get(last + 1)?;
    let failure = bad.failures.first()?;
    Some(Limit {
        series,
        good: over.of(&cells[last].cell),
        bad: over.of(&bad.cell),
        trials: bad.failures.len(),
        failure: failure.clone(),
        mechanism: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Analysis;
    use crate::scenario::Topology;
    use crate::store::sample::{cell, failed, measured, run, sweep};

    #[test]
    fn a_full_bridge_is_named_between_its_two_counts() {
        let records = (0..3).flat_map(|repeat| {
            let good = [2, 512, 1022].map(|count| measured(cell(Topology::Bridge, count), repeat));
            let bad = [1024, 2048].map(|count| failed(cell(Topology::Bridge, count), repeat));
            good.into_iter().chain(bad)
        });
        let analysis = Analysis::of(&run(records.collect()));
        let [limit] = analysis.limits.as_slice() else {
            panic!("{:?}", analysis.limits)
        };
        assert_eq!((limit.good, limit.bad, limit.trials), (1022, 1024, 3));
        assert_eq!(limit.mechanism, Some("bridge_ports"));
    }

    #[test]
    fn a_gap_among_measured_counts_is_no_limit() {
        assert_eq!(Analysis::of(&sweep(64)).limits, []);
    }

    #[test]
    fn a_curve_on_which_nothing_was_measured_has_no_limit() {
        let records = [8, 16].map(|count| failed(cell(Topology::Bridge, count), 0));
        assert_eq!(Analysis::of(&run(records.to_vec())).limits, []);
    }

    #[test]
    fn an_unknown_refusal_is_left_without_a_name() {
        let mut bad = failed(cell(Topology::Bridge, 8), 0);
        bad.error.as_mut().unwrap().act = "connect flow".to_owned();
        let analysis = Analysis::of(&run(vec![measured(cell(Topology::Bridge, 2), 0), bad]));
        assert_eq!(analysis.limits[0].mechanism, None);
    }
}
