//! Scenario, plan, runner, folder and analysis over a testbed that follows a known law: no kernel, no clock.

#[path = "pipeline/repeats.rs"]
mod repeats;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use kilonet::analysis::compare::{Comparison, Folder, Presence, Terms, Verdict};
use kilonet::analysis::{Analysis, Bend, CellSummary, Metric};
use kilonet::plan::{Place, Plan, Trial};
use kilonet::runner::{self, Outcome, Progress, Work};
use kilonet::scenario::Scenario;
use kilonet::store::Record;
use kilonet::store::folder::{FLOWS, Manifest, Run, TRIALS, Writer};
use kilonet::store::record::{SCHEMA, Status};
use kilonet::testbed::{Model, Watch};

/// 1 to 64 pairs over a bridge, with 10 Gb/s a pair and 40 Gb/s for all: the knee is at 4 pairs, 8 containers.
const KNEE: &str = r#"
name = "knee"
[axes]
topology = "bridge"
containers = "2..128 x2"
[trial]
repeats = 3
"#;

/// Interrupts once so many trials have begun; never otherwise.
#[derive(Default)]
struct User {
    patience: Option<usize>,
    begun: AtomicUsize,
}

impl User {
    fn with_patience(trials: usize) -> Self {
        Self {
            patience: Some(trials),
            begun: AtomicUsize::new(0),
        }
    }
}

impl Watch for User {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        self.patience
            .is_some_and(|patience| self.begun.load(Ordering::Relaxed) > patience)
    }
}

impl Progress for User {
    fn begins(&self, _place: Place, _trial: &Trial) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }
    fn ends(&self, _record: &Record) {}
}

fn plan(text: &str) -> Plan {
    Plan::new(&Scenario::parse(text, "pipeline").expect("the scenario is right"))
}

fn manifest(text: &str, plan: &Plan) -> Manifest {
    Manifest {
        schema: SCHEMA,
        name: "pipeline".into(),
        purpose: None,
        scenario_text: text.into(),
        ruleset_text: None,
        settings: serde_json::json!({ "repeats": plan.repeats }),
        version: "test".into(),
        build: None,
        seed: plan.seed,
        planned: u32::try_from(plan.least()).unwrap(),
        started_unix_ns: 0,
        fingerprint: serde_json::Value::Null,
        command: None,
    }
}

/// Runs what is not done yet into a folder.
fn go(text: &str, model: &mut Model, user: &User, folder: (Writer, Vec<Record>)) -> Outcome {
    let plan = plan(text);
    let (mut writer, done) = folder;
    let work = Work {
        plan: &plan,
        done: &done,
        machine: None,
    };
    runner::run(model, work, &mut writer, user).expect("the disk takes it")
}

/// Runs all of a scenario into a new folder in `out`, and reads it back.
fn run_anew(text: &str, mut model: Model, out: &Path) -> (Outcome, Run) {
    let writer = Writer::create(out, &manifest(text, &plan(text))).unwrap();
    let dir = writer.dir().to_owned();
    let outcome = go(text, &mut model, &User::default(), (writer, Vec::new()));
    (outcome, Run::read(&dir).unwrap())
}

/// The figures of a metric along the only curve, by count of containers.
fn curve(analysis: &Analysis, metric: Metric) -> Vec<(u32, f64)> {
    let [series] = &analysis.series[..] else {
        panic!("one curve expected, not {}", analysis.series.len())
    };
    let cells = series.cells.iter().map(|index| &analysis.cells[*index]);
    let value =
        |cell: &CellSummary| Some((cell.cell.containers, cell.metrics.get(&metric)?.median));
    cells.filter_map(value).collect()
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs()
}

#[test]
fn the_planted_knee_is_in_the_curve() {
    let out = tempfile::tempdir().unwrap();
    let (outcome, run) = run_anew(KNEE, Model::default(), out.path());
    assert_eq!((outcome.failed, outcome.interrupted), (0, false));
    assert_eq!(
        outcome.ok,
        3 * (7 + 1),
        "seven counts and the loopback baseline, three times"
    );
    assert_eq!(run.notes, [""; 0]);

    let analysis = Analysis::of(&run);
    let law = [
        (2, 10e9),
        (4, 20e9),
        (8, 40e9),
        (16, 40e9),
        (32, 40e9),
        (64, 40e9),
        (128, 40e9),
    ];
    assert_eq!(curve(&analysis, Metric::Goodput), law);
    for ((containers, share), (_, goodput)) in
        curve(&analysis, Metric::PairP50).into_iter().zip(law)
    {
        assert!(
            close(share, goodput / f64::from(containers / 2)),
            "{containers}: {share}"
        );
    }
    for ((containers, ratio), (_, goodput)) in
        curve(&analysis, Metric::BaselineRatio).into_iter().zip(law)
    {
        assert!(close(ratio, goodput / 40e9), "{containers}: {ratio}");
    }
}

#[test]
fn a_refused_count_is_a_record_and_a_gap_and_the_run_goes_on() {
    let out = tempfile::tempdir().unwrap();
    let model = Model {
        limit: 32,
        ..Model::default()
    };
    let (outcome, run) = run_anew(KNEE, model, out.path());
    assert_eq!((outcome.ok, outcome.failed), (3 * 6, 3 * 2));
    assert_eq!(run.records.len(), 3 * 8);

    let refused: Vec<_> = run
        .records
        .iter()
        .filter(|record| record.status == Status::Failed)
        .collect();
    for record in &refused {
        let error = record.error.as_ref().expect("a failed record says why");
        assert_eq!(
            (error.act.as_str(), error.errno.as_deref()),
            ("add port", Some("EXFULL"))
        );
        assert!(
            error
                .hint
                .as_ref()
                .is_some_and(|hint| hint.contains("1023 ports"))
        );
        assert!(
            record.aggregate.is_none(),
            "absent stays absent: {record:?}"
        );
    }
    let order: Vec<_> = run.records.iter().map(|record| record.status).collect();
    let first_failure = order
        .iter()
        .position(|status| *status == Status::Failed)
        .unwrap();
    assert!(
        order[first_failure..].contains(&Status::Ok),
        "nothing was run after a failure"
    );

    let analysis = Analysis::of(&run);
    let shown: Vec<_> = curve(&analysis, Metric::Goodput)
        .into_iter()
        .map(|(count, _)| count)
        .collect();
    assert_eq!(shown, [2, 4, 8, 16, 32]);
    let gaps = analysis
        .cells
        .iter()
        .filter(|cell| !cell.failures.is_empty());
    assert_eq!(
        gaps.map(|cell| cell.cell.containers).collect::<Vec<_>>(),
        [64, 128]
    );
}

#[test]
fn an_interrupted_run_is_resumed_to_each_trial_once() {
    let out = tempfile::tempdir().unwrap();
    let plan = plan(KNEE);
    let writer = Writer::create(out.path(), &manifest(KNEE, &plan)).unwrap();
    let dir = writer.dir().to_owned();
    let mut model = Model::default();
    let outcome = go(
        KNEE,
        &mut model,
        &User::with_patience(5),
        (writer, Vec::new()),
    );
    assert_eq!(
        outcome,
        Outcome {
            ok: 5,
            failed: 0,
            interrupted: true
        }
    );
    let cut_off = Analysis::of(&Run::read(&dir).unwrap());
    assert_eq!((cut_off.recorded, cut_off.planned), (5, 24));

    let resumed = Writer::resume(&dir).unwrap();
    let outcome = go(KNEE, &mut model, &User::default(), resumed);
    assert_eq!(
        outcome,
        Outcome {
            ok: 19,
            failed: 0,
            interrupted: false
        }
    );

    let ids = |lines: &str| -> Vec<String> {
        let id = |line: &str| {
            serde_json::from_str::<Record>(line)
                .unwrap()
                .trial
                .to_string()
        };
        lines.lines().map(id).collect()
    };
    let recorded = ids(&fs::read_to_string(dir.join(TRIALS)).unwrap());
    let planned: Vec<_> = plan.trials.iter().map(|trial| trial.id.clone()).collect();
    assert_eq!(recorded, planned);
}

#[test]
fn a_failed_trial_is_run_again_when_the_run_is_resumed() {
    let out = tempfile::tempdir().unwrap();
    let full = Model {
        limit: 32,
        ..Model::default()
    };
    let (_, run) = run_anew(KNEE, full, out.path());
    let dir = fs::read_dir(out.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let outcome = go(
        KNEE,
        &mut Model::default(),
        &User::default(),
        Writer::resume(&dir).unwrap(),
    );
    assert_eq!((outcome.ok, outcome.failed), (6, 0));
    let again = Run::read(&dir).unwrap();
    assert_eq!(again.records.len(), run.records.len());
    assert!(
        again
            .records
            .iter()
            .all(|record| record.status == Status::Ok)
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let noisy = || Model {
        noise: 0.05,
        ..Model::default()
    };
    let bytes = |text: &str| {
        let out = tempfile::tempdir().unwrap();
        run_anew(text, noisy(), out.path());
        let dir = fs::read_dir(out.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        [TRIALS, FLOWS].map(|file| fs::read(dir.join(file)).unwrap())
    };
    let seeded = |seed: u32| format!("{KNEE}seed = {seed}\n");
    assert_eq!(bytes(&seeded(7)), bytes(&seeded(7)));
    assert_ne!(bytes(&seeded(7)), bytes(&seeded(8)));
}

#[test]
fn noise_widens_the_interval_and_leaves_the_law_within_it() {
    let out = tempfile::tempdir().unwrap();
    let model = Model {
        noise: 0.02,
        ..Model::default()
    };
    let law = model.clone();
    let (_, run) = run_anew(
        &KNEE.replace("repeats = 3", "repeats = 20"),
        model,
        out.path(),
    );
    let cells = Analysis::of(&run).cells;
    assert_eq!(cells.len(), 7);
    for cell in &cells {
        let goodput = cell.metrics[&Metric::Goodput];
        let (low, high) = goodput.interval.expect("twenty trials have an interval");
        assert_eq!(goodput.n, 20);
        assert!(
            low < high && high - low < 0.04 * goodput.median,
            "{low} to {high}"
        );
        // Not every 95 % interval needs to hold the truth, but no median may be further off than the noise.
        let truth = law.goodput_bps(&cell.cell);
        assert!(
            (goodput.median / truth - 1.0).abs() < 0.02,
            "{} for {truth}",
            goodput.median
        );
    }
}

#[test]
fn the_planted_knee_and_limit_are_answers_and_equal_shares_are_no_fall() {
    let out = tempfile::tempdir().unwrap();
    let model = Model {
        noise: 0.02,
        limit: 64,
        ..Model::default()
    };
    let (_, run) = run_anew(
        &KNEE.replace("repeats = 3", "repeats = 5"),
        model,
        out.path(),
    );
    let analysis = Analysis::of(&run);
    let answer = |metric| {
        let mut answers = analysis.bends.iter();
        answers
            .find(|answer| answer.metric == metric)
            .expect("it is asked")
    };
    let Bend::Knee(knee) = answer(Metric::Goodput).bend else {
        panic!("{:?}", analysis.bends)
    };
    assert_eq!((knee.count, knee.between), (8, (4, 16)));
    // A pair gets a tenth of what it got alone, and its part of what all move.
    let certain = analysis.falls.iter().find(|fall| fall.is_certain);
    assert_eq!(certain, None, "{:?}", analysis.falls);
    let [limit] = analysis.limits.as_slice() else {
        panic!("{:?}", analysis.limits)
    };
    assert_eq!((limit.good, limit.bad, limit.trials), (64, 128, 5));
    assert_eq!(limit.mechanism, Some("bridge_ports"));
}

/// What a model's run comes to beside another's, each of five repeats.
fn compared(base: Model, new: Model) -> Comparison {
    let text = KNEE.replace("repeats = 3", "repeats = 5");
    let out = tempfile::tempdir().unwrap();
    let [base, new] = [base, new].map(|model| Folder {
        name: "run".to_owned(),
        run: run_anew(&text, model, out.path()).1,
    });
    let terms = Terms {
        metrics: vec![Metric::Goodput],
        threshold: 0.05,
        same_within: 0.02,
    };
    Comparison::of(&base, &[new], terms).unwrap()
}

fn verdicts(comparison: &Comparison) -> Vec<Verdict> {
    comparison.figures().map(|figure| figure.verdict).collect()
}

#[test]
fn the_same_law_from_the_same_seed_is_the_same_run() {
    let noisy = || Model {
        noise: 0.01,
        ..Model::default()
    };
    let comparison = compared(noisy(), noisy());
    assert_eq!(verdicts(&comparison), [Verdict::Same; 7]);
    assert_eq!(comparison.regressions(), 0);
}

#[test]
fn a_slower_law_is_a_regression_in_the_cells_that_it_slows() {
    let noisy = |ceiling_bps, seed| Model {
        noise: 0.01,
        ceiling_bps,
        seed,
        ..Model::default()
    };
    let comparison = compared(noisy(40e9, 1), noisy(34e9, 2));
    // Up to two pairs move what they did; from four on the ceiling is 15 % lower.
    let [below, above] = [&verdicts(&comparison)[..2], &verdicts(&comparison)[2..]];
    assert!(!below.contains(&Verdict::Worse), "{below:?}");
    assert_eq!(above, [Verdict::Worse; 5]);
    assert_eq!(comparison.regressions(), 5);
}

#[test]
fn a_limit_that_has_come_down_is_a_regression() {
    let limited = |limit| Model {
        limit,
        ..Model::default()
    };
    let comparison = compared(limited(64), limited(32));
    let presences = comparison.cells().map(|cell| cell.presence);
    let [found @ .., first, second] = &presences.collect::<Vec<_>>()[..] else {
        panic!("seven cells")
    };
    assert_eq!(found, [Presence::Both; 5]);
    assert_eq!(
        (first, second),
        (&Presence::FailsNow, &Presence::FailsStill)
    );
    assert_eq!(comparison.regressions(), 1);
}
