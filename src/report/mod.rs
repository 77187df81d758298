//! What a run says, in the forms people read: the terminal, SVG files and a page.
//!
//! Must not know how anything was measured, nor where the records lie beyond the folder it is given. The invariant: every
//! figure shown is an estimate of the analysis, or of a run that goes on (`live`); nothing is computed here but places and
//! words.

pub mod compare;
mod findings;
pub mod live;
pub mod page;
mod quantity;
mod scale;
mod svg;
pub mod terminal;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::analysis::{Analysis, Count};
use crate::error::{Error, Result};
use crate::store::folder::Run;

/// The page, beside the records it was made from.
pub const PAGE: &str = "report.html";

/// Reads the run in `dir` and computes everything that is shown of it.
///
/// # Errors
/// When `dir` is no run folder.
pub fn read(dir: &Path) -> Result<Analysis> {
    Run::read(dir).map(|run| Analysis::of(&run))
}

/// Writes the figures and the page of a run into `dir`, and gives the files in the order of the questions they answer.
///
/// A figure of an earlier call for which there are no longer data is left where it is.
///
/// # Errors
/// When `dir` cannot be written to.
pub fn write(dir: &Path, analysis: &Analysis) -> Result<Vec<PathBuf>> {
    let figures = svg::figures(analysis).into_iter();
    let figures = figures.map(|(name, text)| (name.to_owned(), text));
    let page = (PAGE.to_owned(), page::render(analysis)?);
    figures
        .chain([page])
        .map(|(name, text)| save(dir.join(name), &text))
        .collect()
}

fn save(path: PathBuf, text: &str) -> Result<PathBuf> {
    fs::write(&path, text)
        .map_err(|source| Error::kernel("write", path.display().to_string(), source))?;
    Ok(path)
}

/// The run and the machine in one line: `quickstart · AMD EPYC 7B13, 2 CPUs · Linux 6.12.0 · 2026-11-23`.
///
/// What the fingerprint lacks is left out.
fn machine(analysis: &Analysis) -> String {
    machine_of(&analysis.name, &analysis.manifest)
}

/// The same of a run that is not analysed by itself.
fn machine_of(name: &str, manifest: &Value) -> String {
    let fingerprint = &manifest["fingerprint"];
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let cpus = fingerprint["cpu"]["online"].as_u64();
    let cpus = cpus.map(|cpus| format!("{cpus} CPUs"));
    let cpu = [word(&fingerprint["cpu"]["model"]), cpus];
    let cpu: Vec<_> = cpu.into_iter().flatten().collect();
    let parts = [
        Some(name.to_owned()),
        (!cpu.is_empty()).then(|| cpu.join(", ")),
        word(&fingerprint["kernel"]["release"]).map(|release| format!("Linux {release}")),
        day(manifest),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn day(manifest: &Value) -> Option<String> {
    let started = manifest["started_unix_ns"].as_u64()?;
    let started = jiff::Timestamp::from_nanosecond(i128::from(started)).ok()?;
    Some(started.strftime("%Y-%m-%d").to_string())
}

/// What a column of counts is called.
fn heading(count: Count) -> &'static str {
    match count {
        Count::Containers => "count",
        Count::Active => "active",
        Count::Rules => "rules",
    }
}

#[cfg(test)]
mod tests;
