use super::title::machine;
use super::*;
use crate::scenario::Scenario;
use crate::store::folder::Writer;
use crate::store::record::Rows;
use crate::store::sample;

/// A planned curve of 2 to 128 containers, without a record of some.
pub(super) fn thinned(lost: &[u32]) -> Run {
    const SCENARIO: &str = "[axes]\ntopology = \"veth\"\ncontainers = \"2..128\"\n";
    let scenario = Scenario::parse(SCENARIO, "sample").unwrap();
    let cells = scenario.cells.into_iter();
    let kept = cells.filter(|cell| !lost.contains(&cell.containers));
    let mut run = sample::run(kept.map(|cell| sample::measured(cell, 0)).collect());
    SCENARIO.clone_into(&mut run.manifest.scenario_text);
    run
}

fn folder(out: &Path, run: &Run) -> PathBuf {
    let mut writer = Writer::create(out, &run.manifest).unwrap();
    for record in &run.records {
        writer.append(record, &Rows::default()).unwrap();
    }
    writer.dir().to_owned()
}

#[test]
fn figures_are_written_beside_the_records_and_can_be_written_again() {
    let out = tempfile::tempdir().unwrap();
    let dir = folder(out.path(), &sample::sweep(16));
    let analysis = read(&dir).unwrap();
    let written = write(&dir, &Figures::of(&analysis), &Form::OF_A_RUN).unwrap();
    let names: Vec<_> = written
        .iter()
        .map(|file| file.strip_prefix(&dir).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "aggregate.svg",
            "per-pair.svg",
            "ratio.svg",
            "fairness.svg",
            "cpu-per-byte.svg",
            "kernel-memory.svg",
            "setup.svg",
            "report.html"
        ]
    );
    let first: Vec<_> = written.iter().map(|file| fs::read(file).unwrap()).collect();
    let again: Vec<_> = write(&dir, &Figures::of(&analysis), &Form::OF_A_RUN)
        .unwrap()
        .iter()
        .map(|file| fs::read(file).unwrap())
        .collect();
    assert_eq!(first, again);
}

#[test]
fn a_figure_that_cannot_be_written_names_its_file() {
    let out = tempfile::tempdir().unwrap();
    let dir = folder(out.path(), &sample::sweep(4));
    fs::create_dir(dir.join("fairness.svg")).unwrap();
    let error = write(&dir, &Figures::of(&read(&dir).unwrap()), &Form::OF_A_RUN).unwrap_err();
    assert!(error.to_string().contains("fairness.svg"), "{error}");
}

#[test]
fn a_run_that_lost_its_records_is_not_read() {
    let out = tempfile::tempdir().unwrap();
    let dir = folder(out.path(), &sample::sweep(4));
    fs::remove_file(dir.join(TRIALS)).unwrap();
    let error = read(&dir).unwrap_err();
    assert!(error.to_string().contains("no trials.jsonl"), "{error}");
}

#[test]
fn what_a_fingerprint_lacks_is_left_out() {
    let mut run = sample::run(Vec::new());
    run.manifest.fingerprint = serde_json::json!({"kernel": {"release": "6.1.0"}});
    assert_eq!(
        machine(&Analysis::of(&run)),
        "sample · Linux 6.1.0 · 2026-11-23"
    );
}

#[test]
#[ignore = "leaves the run folder of a made-up machine in the temporary folder, to look at"]
fn a_sample_run_to_look_at() {
    let dir = folder(
        &std::env::temp_dir().join("kilonet-sample"),
        &sample::sweep(4096),
    );
    write(&dir, &Figures::of(&read(&dir).unwrap()), &Form::OF_A_RUN).unwrap();
}
