//! What is damaged: small parts of the runs that are kept, two runs made to be damaged, and the shipped scenarios.
//!
//! The invariant: each part is a run folder that is read without a note.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::kept;

/// A run in small, file by file.
pub(crate) struct Run {
    pub(crate) manifest: String,
    /// Lines of `trials.jsonl`, without their ends.
    pub(crate) trials: Vec<String>,
    pub(crate) flows: String,
    pub(crate) containers: Option<String>,
}

/// Everything that is damaged.
pub(crate) struct Seeds {
    pub(crate) runs: Vec<Run>,
    pub(crate) scenarios: Vec<String>,
}

/// Cells of a part, and trials of each.
const CELLS: usize = 3;
const TRIALS: usize = 2;
/// Rows of `flows.csv` that are kept of each trial.
const ROWS: usize = 3;

impl Seeds {
    pub(crate) fn read() -> Self {
        let mut runs = Vec::new();
        let made = ["datagrams", "processes"];
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutations/seeds");
        let made = made.into_iter().map(|name| own.join(name));
        for folder in kept::runs().into_iter().chain(made) {
            let cells = cells(&folder);
            let last = cells.len().saturating_sub(CELLS);
            runs.push(part(&folder, cells.iter().take(CELLS)));
            runs.push(part(&folder, cells.iter().skip(last)));
        }
        let scenarios =
            fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")).unwrap();
        let mut scenarios: Vec<_> = scenarios.map(|entry| entry.unwrap().path()).collect();
        scenarios.sort();
        let mut scenarios: Vec<_> = scenarios
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        scenarios.extend(runs.iter().map(|run| {
            let manifest: Value = serde_json::from_str(&run.manifest).unwrap();
            manifest["scenario_text"].as_str().unwrap().to_owned()
        }));
        Self { runs, scenarios }
    }
}

/// The lines of a run's trials, cell by cell.
fn cells(folder: &Path) -> Vec<Vec<String>> {
    let mut cells = BTreeMap::<String, Vec<String>>::new();
    for line in fs::read_to_string(folder.join("trials.jsonl"))
        .unwrap()
        .lines()
    {
        let record: Value = serde_json::from_str(line).unwrap();
        cells
            .entry(record["cell"].to_string())
            .or_default()
            .push(line.to_owned());
    }
    cells.into_values().collect()
}

fn part<'a>(folder: &Path, cells: impl Iterator<Item = &'a Vec<String>>) -> Run {
    let mut trials: Vec<String> = cells
        .flat_map(|cell| cell.iter().take(TRIALS).cloned())
        .collect();
    let last = trials.pop().unwrap();
    trials.push(failed(&last));
    let name = |line: &String| {
        serde_json::from_str::<Value>(line).unwrap()["trial"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let names: Vec<_> = trials.iter().map(name).collect();
    Run {
        manifest: fs::read_to_string(folder.join("manifest.json")).unwrap(),
        flows: rows(&folder.join("flows.csv"), &names).unwrap(),
        containers: rows(&folder.join("containers.csv"), &names),
        trials,
    }
}

/// The same trial, had it failed.
fn failed(line: &str) -> String {
    let mut record: Value = serde_json::from_str(line).unwrap();
    let kept = ["schema", "trial", "repeat", "role", "cell"];
    record
        .as_object_mut()
        .unwrap()
        .retain(|key, _| kept.contains(&key.as_str()));
    record["status"] = "failed".into();
    record["error"] = json!({"act": "add port", "object": "v00001 to bridge br0", "errno": "EXFULL", "hint": "set bridges"});
    record.to_string()
}

/// The heading of a table, and some rows of each of these trials.
fn rows(file: &Path, trials: &[String]) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines();
    let mut kept = format!("{}\n", lines.next()?);
    for trial in trials {
        let start = format!("{trial},");
        for row in text
            .lines()
            .filter(|row| row.starts_with(&start))
            .take(ROWS)
        {
            kept.extend([row, "\n"]);
        }
    }
    Some(kept)
}
