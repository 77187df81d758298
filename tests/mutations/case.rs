//! A case: a run folder or a scenario that is damaged, and what it is given to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;

use super::draw::Draw;
use super::seeds::{Run, Seeds};
use super::{text, tree};

/// What a case is given to, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// A verb of the command line.
    Verb(Vec<String>),
    /// What `run --resume` reads before it begins.
    Resume,
}

/// Writes the files of a case into `home`, which is empty, and says what is done with them.
pub(crate) fn make(draw: &mut Draw, seeds: &Seeds, home: &Path) -> Act {
    if draw.below(5) < 3 {
        scenario(draw, seeds, home)
    } else {
        folder(draw, seeds, home)
    }
}

fn scenario(draw: &mut Draw, seeds: &Seeds, home: &Path) -> Act {
    let text = damaged_scenario(draw, seeds);
    fs::write(home.join("mine.toml"), text).unwrap();
    if draw.once_in(200) {
        let file = home.join("mine.toml");
        stand_in(draw, &file);
    }
    let mut words = vec!["plan", "mine.toml"];
    if draw.once_in(8) {
        words.push("--json");
    }
    verb(&words)
}

fn damaged_scenario(draw: &mut Draw, seeds: &Seeds) -> Vec<u8> {
    let number = draw.below(seeds.scenarios.len());
    let other = &seeds.scenarios[draw.below(seeds.scenarios.len())];
    let mut text = seeds.scenarios[number].clone().into_bytes();
    for _ in 0..=draw.below(4) {
        match draw.below(8) {
            0 => text::bytes(draw, &mut text),
            1 => text::lines(draw, &mut text),
            2 => {
                let theirs: Vec<_> = other.lines().collect();
                let line = theirs
                    .get(draw.below(theirs.len().max(1)))
                    .copied()
                    .unwrap_or_default();
                let end = text
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| **byte == b'\n')
                    .map(|(at, _)| at + 1);
                let ends: Vec<_> = end.collect();
                let at = if ends.is_empty() {
                    0
                } else {
                    ends[draw.below(ends.len())]
                };
                text.splice(at..at, format!("{line}\n").into_bytes());
            }
            _ => text::words(draw, &mut text, other.as_bytes()),
        }
    }
    text
}

fn folder(draw: &mut Draw, seeds: &Seeds, home: &Path) -> Act {
    let run = &seeds.runs[draw.below(seeds.runs.len())];
    let folder = home.join("run");
    write(run, &folder);
    match draw.below(16) {
        0..9 => trials(draw, run, &folder),
        9..12 => manifest(draw, seeds, run, &folder),
        12..15 => table(draw, &folder.join("flows.csv")),
        _ => table(draw, &folder.join("containers.csv")),
    }
    if draw.once_in(100) {
        let name = draw.one(&[
            "manifest.json",
            "trials.jsonl",
            "flows.csv",
            "containers.csv",
        ]);
        stand_in(draw, &folder.join(name));
    }
    let act = reader(draw);
    if matches!(&act, Act::Verb(words) if words[0] == "compare") {
        write(run, &home.join("base"));
    }
    act
}

/// Writes a run in small.
pub(crate) fn write(run: &Run, folder: &Path) {
    fs::create_dir(folder).unwrap();
    fs::write(folder.join("manifest.json"), &run.manifest).unwrap();
    fs::write(folder.join("trials.jsonl"), run.trials.join("\n") + "\n").unwrap();
    fs::write(folder.join("flows.csv"), &run.flows).unwrap();
    if let Some(containers) = &run.containers {
        fs::write(folder.join("containers.csv"), containers).unwrap();
    }
}

fn trials(draw: &mut Draw, run: &Run, folder: &Path) {
    let mut lines = run.trials.clone();
    for _ in 0..=draw.below(3) {
        let line = draw.below(lines.len());
        lines[line] = tree::damaged(draw, &lines[line], &run.trials);
    }
    let mut text: Vec<u8> = lines
        .iter()
        .flat_map(|line| format!("{line}\n").into_bytes())
        .collect();
    if draw.once_in(4) {
        text::lines(draw, &mut text);
    }
    if draw.once_in(6) {
        text::bytes(draw, &mut text);
    }
    fs::write(folder.join("trials.jsonl"), text).unwrap();
}

fn manifest(draw: &mut Draw, seeds: &Seeds, run: &Run, folder: &Path) {
    let mut text = if draw.once_in(4) {
        let mut manifest: Value = serde_json::from_str(&run.manifest).unwrap();
        let scenario = damaged_scenario(draw, seeds);
        manifest["scenario_text"] = String::from_utf8_lossy(&scenario).into();
        manifest.to_string().into_bytes()
    } else {
        let others: Vec<_> = seeds.runs.iter().map(|run| run.manifest.clone()).collect();
        tree::damaged(draw, &run.manifest, &others).into_bytes()
    };
    if draw.once_in(6) {
        text::bytes(draw, &mut text);
    }
    fs::write(folder.join("manifest.json"), text).unwrap();
}

fn table(draw: &mut Draw, file: &Path) {
    let mut text = fs::read(file).unwrap_or_else(|_| b"trial,container,cpu_user_ns\n".to_vec());
    for _ in 0..=draw.below(3) {
        match draw.below(5) {
            0 => text::lines(draw, &mut text),
            1 => text::bytes(draw, &mut text),
            _ => text::fields(draw, &mut text),
        }
    }
    fs::write(file, text).unwrap();
}

/// Puts what is no ordinary file in a file's place.
fn stand_in(draw: &mut Draw, file: &Path) {
    if file.exists() {
        fs::remove_file(file).unwrap();
    }
    match draw.below(6) {
        0 => fs::create_dir(file).unwrap(),
        1 => mkfifo(file, Mode::S_IRWXU).unwrap(),
        2 => symlink("/dev/zero", file).unwrap(),
        3 => symlink(file, file).unwrap(),
        4 => fs::write(file, "").unwrap(),
        _ => {}
    }
}

/// Something that reads a run folder.
fn reader(draw: &mut Draw) -> Act {
    let words: &[&str] = match draw.below(24) {
        0..6 => &["report", "run", "--format", "md"],
        6 => &["report", "run"],
        7 => &["report", "run", "--format", "md,svg,html", "--out", "out"],
        8 => &["compare", "base", "run"],
        9 => &["compare", "base", "run", "--format", "md"],
        10 => &["compare", "run", "base", "--format", "json"],
        11 => &["compare", "run", "run", "--format", "json"],
        12..15 => return Act::Resume,
        15..17 => &["export", "run", "--format", "openmetrics"],
        17 => &["export", "run", "--format", "k8s-netperf-csv"],
        18 => &["export", "run", "--format", "hgrm"],
        19..21 => return to_folder(draw, &["csv", "parquet"]),
        21..23 => return to_folder(draw, &["iperf3-json", "flent"]),
        _ if draw.once_in(20) => &["report", "run", "--format", "png", "--out", "out"],
        _ => return to_folder(draw, &["csv"]),
    };
    verb(words)
}

fn to_folder(draw: &mut Draw, formats: &[&str]) -> Act {
    verb(&[
        "export",
        "run",
        "--format",
        draw.one(formats),
        "--out",
        "out",
    ])
}

fn verb(words: &[&str]) -> Act {
    Act::Verb(words.iter().map(|word| (*word).to_owned()).collect())
}
