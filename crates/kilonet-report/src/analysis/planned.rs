//! What the records of a run lack beside its scenario, and what they have that it does not ask for.
//!
//! The curves learn from it which of their counts are lost. Must not know figures. The invariant: where the scenario in the
//! manifest is none that this version reads, nothing is said and nothing is lost.

use std::collections::BTreeSet;

use crate::plan::{Role, cell_id};
use crate::scenario::{Cell, Scenario};
use crate::store::folder::Run;

/// So many cells are named, and the others counted.
const NAMED: usize = 5;

/// Sentences on cells without a record, and on records without a cell.
pub(super) fn notes(run: &Run) -> Vec<String> {
    let cells = asked_for(run);
    if cells.is_empty() {
        return Vec::new();
    }
    let planned: BTreeSet<&Cell> = cells.iter().collect();
    let swept = run
        .records
        .iter()
        .filter(|record| record.role == Role::Cell);
    let recorded: BTreeSet<&Cell> = swept.map(|record| &record.cell).collect();
    let sentences = [missing(&planned, &recorded), foreign(&planned, &recorded)];
    sentences.into_iter().flatten().collect()
}

/// Planned cells of which no trial is recorded.
pub(super) fn lost(run: &Run) -> Vec<Cell> {
    let recorded: BTreeSet<&Cell> = run.records.iter().map(|record| &record.cell).collect();
    let mut cells = asked_for(run);
    cells.retain(|cell| !recorded.contains(cell));
    cells
}

/// The cells of the scenario; none where it is none that this version reads.
fn asked_for(run: &Run) -> Vec<Cell> {
    scenario(run).map_or_else(Vec::new, |scenario| scenario.cells)
}

/// The scenario in the manifest; absent where it is none that this version reads.
pub(super) fn scenario(run: &Run) -> Option<Scenario> {
    let manifest = &run.manifest;
    Scenario::parse(&manifest.scenario_text, &manifest.name).ok()
}

/// A run without any record says so by their number.
fn missing(planned: &BTreeSet<&Cell>, recorded: &BTreeSet<&Cell>) -> Option<String> {
    let cells = named(planned.difference(recorded))?;
    let (some, all) = (planned.difference(recorded).count(), planned.len());
    (!recorded.is_empty())
        .then(|| format!("{some} of {all} planned cells have no recorded trial: {cells}"))
}

/// Nobody but a person puts the records of two runs into one folder, and then its manifest is that of one of them.
fn foreign(planned: &BTreeSet<&Cell>, recorded: &BTreeSet<&Cell>) -> Option<String> {
    let cells = named(recorded.difference(planned))?;
    Some(format!(
        "there are records of cells that the scenario in the manifest does not have: {cells}; if they come from another run, \
         they may come from another machine too"
    ))
}

/// `a, b, c and 4 more`; absent without any.
fn named<'a>(cells: impl Iterator<Item = &'a &'a Cell>) -> Option<String> {
    let mut ids = cells.map(|cell| cell_id(cell));
    let first: Vec<_> = ids.by_ref().take(NAMED).collect();
    let more = match ids.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!first.is_empty()).then(|| first.join(", ") + &more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::store::Record;
    use crate::store::sample::{measured, run};

    const SCENARIO: &str = "[axes]\ntopology = \"veth\"\ncontainers = \"2..256\"\n";

    /// A run of the scenario, of whose cells only these places have a record.
    fn of_places(places: &[usize]) -> Run {
        let cells = Scenario::parse(SCENARIO, "sample").unwrap().cells;
        let records = places
            .iter()
            .map(|place| measured(cells[*place].clone(), 0));
        let mut run = run(records.collect());
        SCENARIO.clone_into(&mut run.manifest.scenario_text);
        run
    }

    #[test]
    fn a_run_that_has_its_cells_says_nothing() {
        assert_eq!(notes(&of_places(&[0, 1, 2, 3, 4, 5, 6, 7])), [""; 0]);
    }

    #[test]
    fn cells_without_a_record_are_named_and_where_there_are_many_counted() {
        assert_eq!(
            notes(&of_places(&[0, 1, 2, 3, 5, 6])),
            [
                "2 of 8 planned cells have no recorded trial: veth-ipv4-none-c32, veth-ipv4-none-c256"
            ]
        );
        let said = notes(&of_places(&[0])).concat();
        assert!(said.ends_with("veth-ipv4-none-c64 and 2 more"), "{said}");
        assert_eq!(notes(&of_places(&[])), [""; 0], "their number says it");
    }

    #[test]
    fn a_curve_knows_the_counts_that_are_lost_between_its_cells_and_no_others() {
        let of = |places: &[usize]| Analysis::of(&of_places(places)).series.remove(0).lost;
        assert_eq!(of(&[0, 1, 2, 3, 4, 5, 6, 7]), [0; 0]);
        assert_eq!(of(&[0, 3, 4]), [4, 8], "and not 64 to 256, beyond its last");
        let mut series = Analysis::of(&of_places(&[0, 1, 3])).series;
        let series = series.remove(0);
        let ends = [(2, 4), (4, 16), (2, 16), (16, 32)];
        let broken = ends.map(|(from, to)| series.is_broken_between(from, to));
        assert_eq!(broken, [false, true, true, false]);
    }

    #[test]
    fn records_of_another_run_are_told_by_their_cells() {
        let mut both = of_places(&[0, 1, 2, 3, 4, 5, 6, 7]);
        let mut other: Record = both.records[0].clone();
        (other.cell.containers, other.cell.active) = (6, 6);
        both.records.push(other);
        let said = notes(&both).concat();
        assert!(said.contains("does not have: veth-ipv4-none-c6;"), "{said}");
    }

    #[test]
    fn a_scenario_that_is_none_says_nothing() {
        let mut run = of_places(&[0]);
        run.manifest.scenario_text = "[axes]\ntopology = \"attached\"\n".to_owned();
        assert_eq!(notes(&run), [""; 0]);
    }
}
