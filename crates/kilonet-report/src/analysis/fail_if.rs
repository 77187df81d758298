//! What the run was to fail for, and for which cells it did.
//!
//! Must not know words. The invariant: a cell of which nothing is known is none for which a condition holds: it counts as one for
//! which the run fails.

use std::collections::HashMap;

use serde::Serialize;

use super::factors::Varying;
use super::metric::Metric;
use super::planned;
use super::summary::CellSummary;
use crate::plan::cell_id;
use crate::scenario::{Cell, Condition, Subject};
use crate::store::Purpose;
use crate::store::folder::Run;

/// A condition of the scenario's `[fail_if]`, held against the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// What it is about, as the scenario writes it: a metric's word, or `failed_trials` or `invalid_trials`.
    pub subject: &'static str,
    /// `<`, `<=`, `>` or `>=`.
    pub comparison: &'static str,
    /// What the cells are held against.
    pub limit: f64,
    /// What the limit and the values are in.
    pub unit: &'static str,
    /// How many cells it is about.
    pub cells: usize,
    /// Those for which the run fails, in the order of the scenario.
    pub failing: Vec<Failing>,
    /// The condition itself.
    #[serde(skip)]
    pub(crate) condition: Condition,
}

impl Judged {
    /// Whether it is about how many trials there are of a kind, and not about what they measured.
    #[must_use]
    pub fn is_of_trials(&self) -> bool {
        match self.condition.subject {
            Subject::Figure(_) => false,
            Subject::FailedTrials | Subject::InvalidTrials => true,
        }
    }
}

/// A cell for which a run fails.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failing {
    /// Its id.
    pub cell: String,
    /// Its curve and its place there, in words.
    pub place: String,
    /// What was found; absent where no valid trial tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Valid trials behind it.
    pub measured: usize,
}

/// All conditions of a run; none where it only verifies, since its figures say nothing.
pub(super) fn judged(run: &Run, cells: &[CellSummary], varying: &Varying) -> Vec<Judged> {
    if run.manifest.purpose() == Purpose::Verify {
        return Vec::new();
    }
    let Some(scenario) = planned::scenario(run) else {
        return Vec::new();
    };
    let bench = Bench {
        found: cells.iter().map(|cell| (&cell.cell, cell)).collect(),
        cells: &scenario.cells,
        varying,
    };
    let conditions = scenario.fail_if.iter();
    conditions.map(|condition| bench.judge(condition)).collect()
}

/// What conditions are held against.
struct Bench<'a> {
    found: HashMap<&'a Cell, &'a CellSummary>,
    cells: &'a [Cell],
    varying: &'a Varying,
}

impl Bench<'_> {
    fn judge(&self, condition: &Condition) -> Judged {
        let cells = condition.cells.iter().map(|nth| &self.cells[*nth]);
        let failing = cells.filter_map(|cell| self.failing(condition, cell));
        Judged {
            subject: condition.subject.word(),
            comparison: condition.comparison.sign(),
            limit: condition.limit,
            unit: condition.subject.quantity().suffix(),
            cells: condition.cells.len(),
            failing: failing.collect(),
            condition: condition.clone(),
        }
    }

    fn failing(&self, condition: &Condition, cell: &Cell) -> Option<Failing> {
        let found = self.found.get(cell);
        let value = found.and_then(|found| value(condition.subject, found));
        if value.is_some_and(|value| !condition.is_met_by(value)) {
            return None;
        }
        Some(Failing {
            cell: cell_id(cell),
            place: self.varying.place(cell),
            value,
            measured: found.map_or(0, |found| found.measured),
        })
    }
}

/// What a cell has of it.
fn value(subject: Subject, found: &CellSummary) -> Option<f64> {
    match subject {
        Subject::Figure(measure) => {
            let metric: Metric = measure.word.parse().ok()?;
            Some(found.estimate(metric)?.median)
        }
        Subject::FailedTrials => Some(found.failures.len() as f64),
        Subject::InvalidTrials => Some(found.invalid as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::scenario::Scenario;
    use crate::store::Record;
    use crate::store::sample::{failed, invalid, measured, run};

    const AXES: &str = "[axes]\ntopology = \"bridge\"\ncontainers = [2, 64]\n";

    /// The conditions of a run of two cells, whose goodputs are planted; absent for one without a trial.
    fn of(conditions: &str, goodputs: [Option<f64>; 2]) -> Vec<Judged> {
        let text = format!("{AXES}[fail_if]\n{conditions}\n");
        let cells = Scenario::parse(&text, "sample").unwrap().cells;
        let records = cells
            .into_iter()
            .zip(goodputs)
            .filter_map(|(cell, goodput)| {
                let mut record = measured(cell, 0);
                record.aggregate.as_mut().unwrap().goodput_bps = goodput?;
                Some(record)
            });
        analysis(&text, records.collect()).fail_if
    }

    fn analysis(text: &str, records: Vec<Record>) -> Analysis {
        let mut run = run(records);
        text.clone_into(&mut run.manifest.scenario_text);
        Analysis::of(&run)
    }

    fn failing(judged: &Judged) -> Vec<(&str, Option<f64>)> {
        let failing = judged.failing.iter();
        failing.map(|it| (it.place.as_str(), it.value)).collect()
    }

    #[test]
    fn a_run_fails_for_the_cells_that_are_so_and_for_no_others() {
        let judged = of("goodput = \"< 5Gb/s\"", [Some(8e9), Some(3.2e9)]);
        assert_eq!(
            failing(&judged[0]),
            [("bridge at 64 containers", Some(3.2e9))]
        );
        assert_eq!((judged[0].cells, judged[0].unit), (2, "bps"));
        for kept in [
            "goodput = \"< 1Gb/s\"",
            "goodput = \"> 9Gb/s\"",
            "invalid_trials = \"> 0\"",
        ] {
            let judged = of(kept, [Some(8e9), Some(3.2e9)]);
            assert!(judged[0].failing.is_empty(), "{kept}");
        }
        let both = of(
            "goodput = [\"<= 3.2Gb/s\", \">= 8Gb/s\"]",
            [Some(8e9), Some(3.2e9)],
        );
        assert_eq!(failing(&both[0]).len() + failing(&both[1]).len(), 2);
    }

    #[test]
    fn a_cell_of_which_nothing_is_known_counts_as_failed() {
        let judged = of("goodput = \"< 1Gb/s\"", [Some(8e9), None]);
        assert_eq!(failing(&judged[0]), [("bridge at 64 containers", None)]);
        let text = format!(
            "{AXES}[fail_if]\ngoodput = \"< 1b/s\"\ninvalid_trials = \"> 0\"\nfailed_trials = \"> 0\"\n"
        );
        let cells = Scenario::parse(&text, "sample").unwrap().cells;
        let records = vec![invalid(cells[0].clone(), 0), failed(cells[1].clone(), 0)];
        let judged = analysis(&text, records).fail_if;
        let counts: Vec<_> = judged.iter().map(failing).collect();
        assert_eq!(counts[0].len(), 2, "neither has a valid trial");
        assert_eq!(counts[1], [("bridge at 2 containers", Some(1.0))]);
        assert_eq!(counts[2], [("bridge at 64 containers", Some(1.0))]);
    }

    #[test]
    fn a_run_that_only_verifies_is_held_against_nothing() {
        let text = format!("{AXES}[fail_if]\nstarved = \">= 0\"\n");
        let cells = Scenario::parse(&text, "sample").unwrap().cells;
        let mut run = run(cells.into_iter().map(|cell| measured(cell, 0)).collect());
        run.manifest.scenario_text = text;
        assert_eq!(Analysis::of(&run).fail_if[0].failing.len(), 2);
        run.manifest.purpose = Some(Purpose::Verify);
        assert!(Analysis::of(&run).fail_if.is_empty());
    }

    #[test]
    fn a_run_without_conditions_has_none_in_its_data() {
        let plain = analysis(AXES, Vec::new());
        let json = serde_json::to_value(&plain).unwrap();
        assert!(json.get("fail_if").is_none());
        let judged = of("goodput = \"< 5Gb/s\"", [Some(8e9), Some(3.2e9)]);
        let json = serde_json::to_value(&judged).unwrap();
        assert_eq!(json[0]["subject"], "goodput");
        assert_eq!(json[0]["failing"][0]["value"], 3.2e9);
    }
}
