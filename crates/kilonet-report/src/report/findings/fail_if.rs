//! What a run fails for, in sentences.
//!
//! The invariant: each cell that was found to be so has its own; those of which nothing is known share one for each condition.

use super::finding::{Finding, Shown};
use crate::analysis::fail_if::{Failing, Judged};
use crate::analysis::{Analysis, Metric};
use crate::units::counted;

/// So many cells of which nothing is known are named, and the others counted.
const NAMED: usize = 3;

/// A finding for each cell for which the run fails.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    analysis.fail_if.iter().flat_map(of_condition).collect()
}

/// The same sentences by themselves.
pub(in crate::report) fn sentences(analysis: &Analysis) -> Vec<String> {
    let findings = findings(analysis).into_iter();
    findings.map(|finding| finding.text).collect()
}

/// What a cell failed for.
pub(in crate::report) fn failure(judged: &Judged, failing: &Failing) -> String {
    let of_value = failing.value.map(|value| known(judged, failing, value));
    of_value.unwrap_or_else(|| unknown(judged, &failing.place))
}

/// The figure in which a condition is seen.
pub(in crate::report) fn seen_in(judged: &Judged) -> Metric {
    judged.subject.parse().unwrap_or(Metric::Goodput)
}

fn of_condition(judged: &Judged) -> Vec<Finding> {
    let shown = Shown::In(seen_in(judged));
    let failing = judged.failing.iter();
    let known = failing.filter_map(|failing| {
        Some(Finding {
            text: known(judged, failing, failing.value?),
            evidence: evidence(judged, failing),
            shown,
            under: Vec::new(),
        })
    });
    let unknown = all_unknown(judged).map(|text| Finding {
        text,
        evidence: "no valid trial of theirs tells".to_owned(),
        shown,
        under: Vec::new(),
    });
    known.chain(unknown).collect()
}

fn evidence(judged: &Judged, failing: &Failing) -> String {
    match (judged.is_of_trials(), failing.measured) {
        (true, _) => "counted among the cell's trials".to_owned(),
        (false, 1) => "one trial".to_owned(),
        (false, many) => format!("the median of {}", counted(many, "trial")),
    }
}

/// `goodput of bridge at 64 containers was 3.20 Gb/s, below the 5 Gb/s that fail_if asks for`
fn known(judged: &Judged, failing: &Failing, value: f64) -> String {
    let quantity = judged.condition.subject.quantity();
    let (before, after) = judged.condition.comparison.words();
    format!(
        "{} of {} was {}, {before} the {} that fail_if {after}",
        judged.subject,
        failing.place,
        quantity.show(value),
        quantity.tick(judged.limit)
    )
}

fn all_unknown(judged: &Judged) -> Option<String> {
    let failing = judged.failing.iter();
    let silent = failing.filter(|failing| failing.value.is_none());
    let places: Vec<_> = silent.map(|failing| failing.place.as_str()).collect();
    let first = places.first()?;
    let named = places[..places.len().min(NAMED)].join(", ");
    let whose = match places.len() {
        1 => (*first).to_owned(),
        all if all <= NAMED => named,
        all => format!("{named} and {} more", all - NAMED),
    };
    Some(unknown(judged, &whose))
}

/// `goodput of bridge at 64 containers is not known, and fail_if (goodput < 5 Gb/s) counts that as a failure`
fn unknown(judged: &Judged, whose: &str) -> String {
    let quantity = judged.condition.subject.quantity();
    format!(
        "{0} of {whose} is not known, and fail_if ({0} {1} {2}) counts that as a failure",
        judged.subject,
        judged.comparison,
        quantity.tick(judged.limit)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Cell, Scenario};
    use crate::store::Record;
    use crate::store::sample::{failed, measured, run};

    const TEXT: &str = "[axes]\ntopology = \"bridge\"\ncontainers = \"2..64\"\n[fail_if]\ngoodput = \"< 5Gb/s\"\nfailed_trials = \">= 1\"\n";

    fn said(record: impl Fn(&Cell) -> Record) -> Vec<String> {
        let cells = Scenario::parse(TEXT, "sample").unwrap().cells;
        let mut run = run(cells.iter().map(record).collect());
        TEXT.clone_into(&mut run.manifest.scenario_text);
        sentences(&Analysis::of(&run))
    }

    #[test]
    fn a_cell_that_falls_short_has_its_figure_and_the_limit_in_one_sentence() {
        let said = said(|cell| {
            let mut record = measured(cell.clone(), 0);
            let slow = cell.containers == 64;
            record.aggregate.as_mut().unwrap().goodput_bps = if slow { 3.2e9 } else { 9e9 };
            record
        });
        assert_eq!(
            said,
            [
                "goodput of bridge at 64 containers was 3.20 Gb/s, below the 5 Gb/s that fail_if asks for"
            ]
        );
    }

    #[test]
    fn cells_of_which_nothing_is_known_share_a_sentence() {
        let said = said(|cell| {
            if cell.containers == 2 {
                return measured(cell.clone(), 0);
            }
            failed(cell.clone(), 0)
        });
        let unknown = said.iter().find(|text| text.contains("not known")).unwrap();
        assert_eq!(
            unknown,
            "goodput of bridge at 4 containers, bridge at 8 containers, bridge at 16 containers and 2 more is not known, and fail_if \
             (goodput < 5 Gb/s) counts that as a failure"
        );
        let counted = "failed_trials of bridge at 64 containers was 1, at or above the 1 that fail_if forbids";
        assert!(said.iter().any(|text| text == counted), "{said:?}");
        assert_eq!(said.len(), 1 + 5);
    }
}
