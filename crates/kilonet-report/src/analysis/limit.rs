//! Where something refuses: the last count that could be measured and the first that could not.
//!
//! The invariant: no count beyond a limit was measured; failures among counts that were are gaps and no limit.

use serde::Serialize;

use super::answers::Asked;
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
    /// The name of what refuses, where it is known.
    pub mechanism: Option<&'static str>,
}

/// What is known to refuse: a row fits an act, by how it begins, and an errno.
struct Mechanism {
    act: &'static str,
    errno: &'static str,
    name: &'static str,
}

/// The first row that fits is taken.
const MECHANISMS: &[Mechanism] = &[
    Mechanism {
        act: "add port",
        errno: "EXFULL",
        name: "a Linux bridge holds 1,023 ports",
    },
    Mechanism {
        act: "create namespace",
        errno: "ENOSPC",
        name: "the user has as many network namespaces as user.max_net_namespaces allows",
    },
    Mechanism {
        act: "connect flow",
        errno: "EHOSTUNREACH",
        name: "the neighbour table holds no more entries than gc_thresh3",
    },
    Mechanism {
        act: "connect flow",
        errno: "EADDRNOTAVAIL",
        name: "an address is gone, or all its local ports are taken",
    },
    Mechanism {
        act: "spawn",
        errno: "EAGAIN",
        name: "there are as many tasks as the machine or its control group allows",
    },
    Mechanism {
        act: "",
        errno: "EMFILE",
        name: "a process has as many files open as it may",
    },
    Mechanism {
        act: "",
        errno: "ENFILE",
        name: "the machine has as many files open as fs.file-max allows",
    },
    Mechanism {
        act: "",
        errno: "ENOMEM",
        name: "memory is full",
    },
    Mechanism {
        act: "",
        errno: "ENOBUFS",
        name: "memory for the network is full",
    },
];

/// The limits of the curves.
pub(super) fn limits(asked: &Asked<'_>) -> Vec<Limit> {
    let of = |(nth, series): (usize, &Series)| {
        let cells = series.cells.iter().map(|index| &asked.cells[*index]);
        limit(nth, &cells.collect::<Vec<_>>(), asked.count)
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
        mechanism: mechanism(failure),
    })
}

fn mechanism(failure: &Failure) -> Option<&'static str> {
    let errno = failure.errno.as_deref()?;
    let fits = |row: &&Mechanism| failure.act.starts_with(row.act) && row.errno == errno;
    MECHANISMS.iter().find(fits).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::super::Analysis;
    use super::*;
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
        assert_eq!(limit.mechanism, Some("a Linux bridge holds 1,023 ports"));
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
        let failure = Failure {
            act: "connect flow".to_owned(),
            object: "2 to 3".to_owned(),
            errno: Some("EXFULL".to_owned()),
            reason: None,
            hint: None,
        };
        assert_eq!(mechanism(&failure), None);
    }
}
