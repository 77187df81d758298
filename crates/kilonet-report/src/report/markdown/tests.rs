use super::*;
use crate::scenario::Topology;
use crate::store::sample::{self, cell, failed, measured, run};

fn text(run: &crate::store::folder::Run) -> String {
    render(&Analysis::of(run))
}

#[test]
fn a_run_is_said_as_blessed() {
    insta::assert_snapshot!("a run for an issue", text(&sample::sweep(64)));
}

#[test]
fn few_cells_stand_in_the_open() {
    let few = [2, 4, 8].map(|count| measured(cell(Topology::Veth, count), 0));
    let text = text(&run(few.to_vec()));
    assert!(text.contains("\n| veth | 8 | 36.0 Gb/s |"), "{text}");
    assert!(!text.contains("<details><summary>3 cells"), "{text}");
}

#[test]
fn rows_have_as_many_figures_as_there_are_headings() {
    let rules = run(sample::over_rules(1.0));
    for run in [sample::sweep(4096), rules] {
        let text = text(&run);
        let rows = text.lines().filter(|line| line.starts_with('|'));
        let rows: Vec<_> = rows.map(|row| row.matches('|').count()).collect();
        let tables = text.split("\n\n").filter(|part| part.starts_with('|'));
        for table in tables {
            let widths: Vec<_> = table.lines().map(|row| row.matches('|').count()).collect();
            assert!(widths.iter().all(|width| *width == widths[0]), "{table}");
        }
        assert!(rows.len() > 3);
    }
}

#[test]
fn names_from_outside_stay_text() {
    let mut record = failed(cell(Topology::Bridge, 2), 0);
    record.error.as_mut().unwrap().object = "<img src=x> | **bold**".to_owned();
    let mut hostile = run(vec![record]);
    hostile.manifest.name = "</details><script>".to_owned();
    hostile.manifest.scenario_text = "```\n</details>\n".to_owned();
    let text = text(&hostile);
    assert!(
        !text.contains("<script") && !text.contains("<img"),
        "{text}"
    );
    assert!(text.contains(r"\| \*\*bold\*\*"), "{text}");
    assert!(
        text.contains("\n    </details>\n"),
        "set in, as it was: {text}"
    );
}

#[test]
fn a_run_without_records_says_so() {
    let text = text(&run(Vec::new()));
    assert!(text.contains("no cell has a valid trial"), "{text}");
}
