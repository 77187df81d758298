//! How often cells are measured: until they are known well enough.

use kilonet::analysis::Reach;
use kilonet::report::{Figures, terminal};

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
fn quiet_cells_stop_once_confirmed_and_noisy_ones_at_the_most_and_are_marked() {
    let out = tempfile::tempdir().unwrap();
    let (outcome, run) = run_anew(&adaptive(), noisy_above(), out.path());
    // Five counts are quiet, two are not; each block that these are in has their baseline.
    assert_eq!(outcome.ok, 5 * 5 + 2 * 12 + 12);
    let analysis = Analysis::of(&run);
    for cell in &analysis.cells {
        let known = cell.precision.expect("every cell is judged");
        let (trials, reach) = match cell.cell.containers {
            64.. => (12, Reach::Never),
            _ => (5, Reach::Reached),
        };
        assert_eq!((cell.measured, known.reach), (trials, reach), "{known:?}");
        // Each trial has its baseline, however many there are.
        assert_eq!(cell.metrics[&Metric::BaselineRatio].n, trials);
    }
    assert_eq!(analysis.notes, [""; 0]);
    let text = terminal::render(&Figures::of(&analysis), terminal::View::PLAIN);
    assert!(
        text.contains("never within +-2% in 12 trials: aggregate goodput +-"),
        "{text}"
    );
    assert!(
        text.contains("the 95 % interval stayed wider than +-2 %: bridge at 64, 128"),
        "{text}"
    );
}

#[test]
fn a_run_that_decides_for_itself_is_resumed_by_its_records_alone() {
    let whole = tempfile::tempdir().unwrap();
    let (_, whole) = run_anew(&adaptive(), noisy_above(), whole.path());
    let ids = |run: &Run| -> Vec<String> {
        let ids = run.records.iter().map(|record| record.trial.to_string());
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
        let said = |note: &&String| note.contains("the run was cut off or is still in progress");
        assert_eq!(notes.iter().filter(said).count(), 1, "{notes:?}");
        let resumed = Writer::resume(&dir).unwrap();
        go(&adaptive(), &mut model, &User::default(), resumed);
        assert_eq!(ids(&Run::read(&dir).unwrap()), ids(&whole), "{patience}");
    }
}

#[test]
fn a_planted_disturbance_is_kept_marked_run_again_and_left_out() {
    let out = tempfile::tempdir().unwrap();
    // The fourth and the last window of three blocks of eight, and what the canary takes before the 21st trial: it is read ten
    // times at first.
    let model = Model {
        disturbed: vec![3, 24],
        slow: vec![50],
        ..Model::default()
    };
    let (outcome, run) = run_anew(KNEE, model, out.path());
    assert_eq!(outcome.ok, 24 + 3);
    let marked = run.records.iter().filter(|record| record.is_disturbed());
    let marked: Vec<_> = marked.map(|record| record.trial.to_string()).collect();
    let again = run.records.iter().filter(|record| record.again);
    let again: Vec<_> = again.map(|record| record.trial.to_string()).collect();
    assert_eq!(
        again,
        marked
            .iter()
            .map(|id| format!("{id}-again"))
            .collect::<Vec<_>>()
    );
    let analysis = Analysis::of(&run);
    assert_eq!((analysis.recorded, analysis.planned), (24, 24));
    for cell in &analysis.cells {
        assert_eq!(cell.measured, 3);
        let goodput = cell.metrics[&Metric::Goodput];
        assert!(close(
            goodput.median,
            Model::default().goodput_bps(&cell.cell)
        ));
        let (low, high) = goodput.interval.unwrap();
        assert!(close(low, high), "{cell:?}");
    }
    assert!(analysis.notes[0].starts_with("disturbed trials: 3, which were run again"));
}

#[test]
fn the_first_trial_is_judged_by_how_fast_the_machine_was_before_it() {
    let out = tempfile::tempdir().unwrap();
    // What is read before it is known what is usual, and then the reading after the only cell's trial.
    let model = Model {
        slow: vec![11],
        ..Model::default()
    };
    let text =
        "[axes]\ntopology = \"bridge\"\ncontainers = 2\n[trial]\nrepeats = 1\nbaseline = false\n";
    let (_, run) = run_anew(text, model, out.path());
    let [record] = &run.records[..] else {
        panic!("one trial expected, not {}", run.records.len())
    };
    let noise = record.noise.as_ref().expect("the canary was read");
    assert_eq!(
        noise.disturbed,
        ["a fixed piece of work took 3.0 times as long as usual in this run"]
    );
    assert_eq!(noise.canary_usual_ns, Some(1_000_000));
    assert_eq!(noise.unjudged, [""; 0]);
}

#[test]
fn what_is_disturbed_beyond_the_allowance_stands_and_that_is_said() {
    let out = tempfile::tempdir().unwrap();
    let model = Model {
        disturbed: (0..24).collect(),
        ..Model::default()
    };
    let text = format!("{KNEE}again = \"0%\"\n");
    let (outcome, run) = run_anew(&text, model, out.path());
    assert_eq!(outcome.ok, 24);
    let notes = Analysis::of(&run).notes;
    assert_eq!(
        notes,
        [
            "disturbed trials: 24, which are used all the same, because no undisturbed trial took their place"
        ]
    );
}

#[test]
fn a_run_with_disturbances_is_resumed_to_the_same_trials() {
    let model = || Model {
        disturbed: vec![1, 5, 9, 20],
        ..Model::default()
    };
    let ids = |run: &Run| -> Vec<String> {
        run.records
            .iter()
            .map(|record| record.trial.to_string())
            .collect()
    };
    let whole = tempfile::tempdir().unwrap();
    let (_, whole) = run_anew(KNEE, model(), whole.path());
    for patience in [2, 8, 9, 12] {
        let out = tempfile::tempdir().unwrap();
        let writer = Writer::create(out.path(), &manifest(KNEE, &plan(KNEE))).unwrap();
        let dir = writer.dir().to_owned();
        let mut model = model();
        let user = User::with_patience(patience);
        go(KNEE, &mut model, &user, (writer, Vec::new()));
        let resumed = Writer::resume(&dir).unwrap();
        go(KNEE, &mut model, &User::default(), resumed);
        assert_eq!(ids(&Run::read(&dir).unwrap()), ids(&whole), "{patience}");
    }
}
