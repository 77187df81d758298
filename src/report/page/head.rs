//! The top of the page: what was run, how much of it there is, and on which machine.
//!
//! The manifest is read as loose JSON, because a report must still open for a folder that an older or newer kilonet
//! wrote. The invariant: what the manifest does not say is left out, never guessed.

use serde_json::Value;

use crate::analysis::Analysis;
use crate::analysis::model::Count;
use crate::scenario::Cell;
use crate::units::Bytes;

/// One thing known of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// What it is, in words: `kernel`, `memory`.
    pub(super) name: String,
    /// Its value, ready to show.
    pub(super) value: String,
}

/// Where a manifest may say what the scenario is about.
const ABOUT: &[&str] = &[
    "/about",
    "/scenario/about",
    "/settings/about",
    "/effective/about",
];
/// Where it may hold the scenario as its author wrote it.
const SCENARIO: &[&str] = &["/scenario", "/scenario_text", "/scenario/text"];
/// Where it names the version of kilonet.
const VERSION: &[&str] = &["/version", "/kilonet_version", "/kilonet/version"];
/// What the strip under the title shows, most telling first, each with the names it may go by.
const STRIP: &[&[&str]] = &[
    &["cpu", "cpu model", "model"],
    &["cpus", "cpu count", "online cpus"],
    &["memory", "memory total", "total memory"],
    &["kernel", "kernel release", "release"],
    &["hypervisor", "virtualization", "virtualisation"],
    &["kilonet"],
];

/// The author's sentence about the scenario.
pub(super) fn about(manifest: &Value) -> Option<&str> {
    text_at(manifest, ABOUT)
}

/// The scenario verbatim.
pub(super) fn scenario_text(manifest: &Value) -> Option<&str> {
    text_at(manifest, SCENARIO)
}

fn text_at<'a>(manifest: &'a Value, pointers: &[&str]) -> Option<&'a str> {
    pointers
        .iter()
        .find_map(|pointer| manifest.pointer(pointer)?.as_str())
        .filter(|text| !text.trim().is_empty())
}

/// Everything the fingerprint holds, and the version that wrote it.
pub(super) fn facts(manifest: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(version) = text_at(manifest, VERSION) {
        facts.push(Fact {
            name: "kilonet".to_owned(),
            value: version.to_owned(),
        });
    }
    if let Some(fingerprint) = manifest.get("fingerprint") {
        flatten("", fingerprint, &mut facts);
    }
    facts
}

/// The few facts that a reader wants at once.
pub(super) fn strip(facts: &[Fact]) -> Vec<Fact> {
    STRIP
        .iter()
        .filter_map(|names| {
            names
                .iter()
                .find_map(|name| facts.iter().find(|fact| fact.name == *name))
        })
        .cloned()
        .collect()
}

fn flatten(name: &str, value: &Value, facts: &mut Vec<Fact>) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            let key = key.replace('_', " ");
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
            (!shown.is_empty()).then(|| shown.join(", "))
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
        .map(|cell| count_of(analysis, &cell.cell))
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let curves = match analysis.series.len() {
        1 => "One configuration".to_owned(),
        many => format!("{} configurations", grouped(many)),
    };
    let noun = match analysis.count {
        Count::Containers => "containers",
        Count::Active => "active containers",
    };
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
    let measured: usize = analysis.cells.iter().map(|cell| cell.measured).sum();
    let others = [
        (
            analysis.cells.iter().map(|cell| cell.failures.len()).sum(),
            "failed",
        ),
        (
            analysis.cells.iter().map(|cell| cell.invalid).sum(),
            "invalid",
        ),
        (
            analysis.planned.saturating_sub(analysis.recorded),
            "not run",
        ),
    ];
    let planned = grouped(analysis.planned);
    let mut parts = vec![format!(
        "{} of {planned} planned trials measured",
        grouped(measured)
    )];
    parts.extend(
        others
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", grouped(number))),
    );
    format!("{}.", parts.join(", "))
}

/// The count a cell lies at on the curves.
pub(super) fn count_of(analysis: &Analysis, cell: &Cell) -> u32 {
    match analysis.count {
        Count::Containers => cell.containers,
        Count::Active => cell.active,
    }
}

/// A whole number with its thousands set apart: `4,096`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
