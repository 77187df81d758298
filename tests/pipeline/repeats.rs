//! How often cells are measured: until they are known well enough.

use kilonet::analysis::Reach;
use kilonet::report::terminal;

use super::*;

/// The same, each count measured 3 to 12 times, until goodput is known within 2 %.
fn adaptive() -> String {
    let until = "repeats = \"3..12\"\nwithin = \"2%\"\nmetrics = \"goodput\"";
    KNEE.replace("repeats = 3", until)
}

/// Deviates by up to a fifth from 64 containers on, and not at all below.
fn noisy_above() -> Model {
    Model {
        noise: 0.2,
        noisy_from: 64,
        ..Model::default()
    }
}

#[test]
fn quiet_cells_stop_at_the_least_and_noisy_ones_at_the_most_and_are_marked() {
    let out = tempfile::tempdir().unwrap();
    let (outcome, run) = run_anew(&adaptive(), noisy_above(), out.path());
    // Five counts are quiet, two are not; each block that these are in has their baseline.
    assert_eq!(outcome.ok, 5 * 3 + 2 * 12 + 12);
    let analysis = Analysis::of(&run);
    for cell in &analysis.cells {
        let known = cell.precision.expect("every cell is judged");
        let (trials, reach) = match cell.cell.containers {
            64.. => (12, Reach::Never),
            _ => (3, Reach::Reached),
        };
        assert_eq!((cell.measured, known.reach), (trials, reach), "{known:?}");
        // Each trial has its baseline, however many there are.
        assert_eq!(cell.metrics[&Metric::BaselineRatio].n, trials);
    }
    assert_eq!(analysis.notes, [""; 0]);
    let text = terminal::render(&analysis, terminal::View::PLAIN);
    assert!(
        text.contains("never within +-2% in 12 trials: aggregate goodput +-"),
        "{text}"
    );
    assert!(
        text.contains("the 95 % interval never came within +-2 %: bridge at 64, 128"),
        "{text}"
    );
}

#[test]
fn a_run_that_decides_for_itself_is_resumed_by_its_records_alone() {
    let whole = tempfile::tempdir().unwrap();
    let (_, whole) = run_anew(&adaptive(), noisy_above(), whole.path());
    let ids = |run: &Run| -> Vec<String> {
        let ids = run.records.iter().map(|record| record.trial.clone());
        ids.collect()
    };
    for patience in [1, 10, 24, 30, 45] {
        let out = tempfile::tempdir().unwrap();
        let plan = plan(&adaptive());
        let writer = Writer::create(out.path(), &manifest(&adaptive(), &plan)).unwrap();
        let dir = writer.dir().to_owned();
        // The model goes on where it was, as its noise is drawn trial by trial.
        let mut model = noisy_above();
        let user = User::with_patience(patience);
        go(&adaptive(), &mut model, &user, (writer, Vec::new()));
        let cut_off = Analysis::of(&Run::read(&dir).unwrap());
        let notes = &cut_off.notes;
        let said = |note: &&String| note.contains("the run was cut off or is still going");
        assert_eq!(notes.iter().filter(said).count(), 1, "{notes:?}");
        let resumed = Writer::resume(&dir).unwrap();
        go(&adaptive(), &mut model, &User::default(), resumed);
        assert_eq!(ids(&Run::read(&dir).unwrap()), ids(&whole), "{patience}");
    }
}
