//! The top of the page: what was run, how much of it there is, and on which machine.
//!
//! The manifest is read as loose JSON, because a report must still open for a folder that an older or newer kilonet
//! wrote. The invariant: what the manifest does not say is left out, never guessed.

use jiff::Timestamp;
use serde_json::Value;

use crate::analysis::Analysis;
use crate::analysis::CellSummary;
use crate::analysis::quantity::grouped;
use crate::units::Bytes;

/// One thing known of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// What it is, in words: `kernel`, `memory`.
    pub(super) name: String,
    /// Its value, ready to show.
    pub(super) value: String,
}

/// Where a manifest says what the scenario is about.
const ABOUT: &str = "/settings/about";
/// Where it holds the scenario as its author wrote it.
const SCENARIO: &str = "/scenario_text";
/// What it says of the run as a whole, each with the name it is shown under.
const RUN: &[(&str, &str)] = &[
    ("version", "kilonet"),
    ("build", "kilonet"),
    ("seed", "seed"),
    ("command", "command"),
];
/// What the strip under the title shows, most telling first: a fact, and what it is called there.
const STRIP: &[(&str, &str)] = &[
    ("cpu model", "processor"),
    ("cpu online", "CPUs"),
    ("memory total", "memory"),
    ("kernel release", "kernel"),
    ("cpu virtual machine", "virtual machine"),
    ("kilonet", "kilonet"),
];

/// What the run is to answer: the first line of its scenario where that asks something, or else its author's sentence about it.
pub(super) fn question(manifest: &Value) -> Option<&str> {
    let first = scenario_text(manifest).and_then(|text| text.lines().next());
    let asked = first.and_then(|line| line.strip_prefix('#')).map(str::trim);
    asked
        .filter(|line| line.ends_with('?'))
        .or_else(|| about(manifest))
}

/// The author's sentence about the scenario.
fn about(manifest: &Value) -> Option<&str> {
    text_at(manifest, ABOUT)
}

/// The scenario verbatim.
pub(super) fn scenario_text(manifest: &Value) -> Option<&str> {
    text_at(manifest, SCENARIO)
}

fn text_at<'a>(manifest: &'a Value, pointer: &str) -> Option<&'a str> {
    manifest
        .pointer(pointer)?
        .as_str()
        .filter(|text| !text.trim().is_empty())
}

/// When the run began, to the minute, in UTC.
pub(super) fn started(manifest: &Value) -> Option<String> {
    let nanos = manifest.get("started_unix_ns")?.as_u64()?;
    let instant = Timestamp::from_nanosecond(i128::from(nanos)).ok()?;
    Some(instant.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Everything the fingerprint holds, then what made the run.
pub(super) fn facts(manifest: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(fingerprint) = manifest.get("fingerprint") {
        flatten("", fingerprint, &mut facts);
        // The version stands below, with the commit where that is known.
        facts.retain(|fact| fact.name != "kilonet");
    }
    for (key, name) in RUN {
        if let Some(value) = manifest.get(key) {
            flatten(name, value, &mut facts);
        }
    }
    facts
}

/// The few facts that a reader wants at once.
pub(super) fn strip(facts: &[Fact]) -> Vec<Fact> {
    STRIP
        .iter()
        .filter_map(|(name, called)| {
            let fact = facts.iter().find(|fact| fact.name == *name)?;
            Some(Fact {
                name: (*called).to_owned(),
                value: fact.value.clone(),
            })
        })
        .collect()
}

fn flatten(name: &str, value: &Value, facts: &mut Vec<Fact>) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            // A sysctl goes by its name as it is.
            let is_sysctl = key.contains('.') || name == "sysctls";
            let key = if is_sysctl {
                key.clone()
            } else {
                key.replace('_', " ")
            };
            let path = if name.is_empty() {
                key
            } else {
                format!("{name} {key}")
            };
            flatten(&path, member, facts);
        }
    } else if let Some(text) = show(name, value) {
        let name = name.strip_suffix(" bytes").unwrap_or(name).to_owned();
        facts.push(Fact { name, value: text });
    }
}

/// A command line reads with blanks between its words, any other list with commas.
fn separator(name: &str) -> &'static str {
    if name == "command" { " " } else { ", " }
}

fn show(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(match number.as_u64() {
            Some(bytes) if name.ends_with(" bytes") => Bytes(bytes).to_string(),
            _ => number.to_string(),
        }),
        Value::Array(items) => {
            let shown: Vec<_> = items.iter().filter_map(|item| show(name, item)).collect();
            (!shown.is_empty()).then(|| shown.join(separator(name)))
        }
        Value::Object(_) => Some(value.to_string()),
    }
}

/// One line on what the run covers and what became of its trials.
pub(super) fn summary(analysis: &Analysis) -> String {
    format!("{} {}", covered(analysis), trials(analysis))
}

fn covered(analysis: &Analysis) -> String {
    let mut counts: Vec<u32> = analysis
        .cells
        .iter()
        .map(|cell| analysis.count.of(&cell.cell))
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let curves = match analysis.series.len() {
        1 => "One configuration".to_owned(),
        many => format!("{} configurations", grouped(many)),
    };
    let noun = analysis.count.noun();
    match counts.as_slice() {
        [] => "No cell has a record.".to_owned(),
        [only] => format!("{curves} at {} {noun}.", grouped(*only as usize)),
        [first, .., last] => {
            let (first, last) = (grouped(*first as usize), grouped(*last as usize));
            format!(
                "{curves} at {} counts, {first} to {last} {noun}.",
                counts.len()
            )
        }
    }
}

fn trials(analysis: &Analysis) -> String {
    let sum = |of: fn(&CellSummary) -> usize| analysis.cells.iter().map(of).sum::<usize>();
    let measured = sum(|cell| cell.measured);
    let failed = sum(|cell| cell.failures.len());
    let invalid = sum(|cell| cell.invalid);
    // What was recorded and belongs to no cell was there for others to be compared with.
    let baselines = analysis
        .recorded
        .saturating_sub(measured + failed + invalid);
    let others = [
        (failed, "failed"),
        (invalid, "invalid"),
        (
            analysis.planned.saturating_sub(analysis.recorded),
            "not run",
        ),
    ];
    let planned = grouped(analysis.planned);
    let compared = match baselines {
        0 => String::new(),
        of_them => format!(" ({} of them baselines)", grouped(of_them)),
    };
    let mut parts = vec![format!(
        "{} of {planned} planned trials measured{compared}",
        grouped(measured + baselines)
    )];
    parts.extend(
        others
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", grouped(number))),
    );
    format!("{}.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fingerprint_of_any_shape_is_shown_and_nothing_is_invented() {
        let manifest = json!({
            "version": "0.1.0",
            "command": ["kilonet", "run", "x.toml"],
            "fingerprint": {
                "cpu": {"model": "Z80", "governor": null},
                "memory": {"total_bytes": 65536},
                "sysctls": {"net.core.somaxconn": 4096},
            },
        });
        let facts = facts(&manifest);
        let pairs: Vec<_> = facts
            .iter()
            .map(|fact| (fact.name.as_str(), fact.value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("cpu model", "Z80"),
                ("memory total", "64 KiB"),
                ("sysctls net.core.somaxconn", "4096"),
                ("kilonet", "0.1.0"),
                ("command", "kilonet run x.toml"),
            ]
        );
        let strip: Vec<_> = strip(&facts).into_iter().map(|fact| fact.name).collect();
        assert_eq!(strip, ["processor", "memory", "kilonet"]);
        assert_eq!(started(&manifest), None);
    }

    #[test]
    fn the_start_is_shown_in_utc() {
        let manifest = json!({"started_unix_ns": 1_795_407_300_000_000_000_u64});
        assert_eq!(started(&manifest).as_deref(), Some("2026-11-23 04:15 UTC"));
    }
}
