//! Model against reality, in rows and sentences.
//!
//! The invariant: a sentence says what the records show to differ, and guesses no cause.

use std::collections::BTreeSet;

use super::finding::{Finding, Section, Shown};
use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, Metric, Ratio, Reality};
use crate::units::{counted, three_digits};

const ID: &str = "reality";

/// The section; none unless the run has cells of both testbeds.
pub(super) fn section(analysis: &Analysis) -> Option<Section> {
    (!analysis.realities.is_empty()).then(|| Section {
        id: ID,
        title: "model against reality",
        basis: "real over modelled: geometric mean of the ratios within blocks, with its 95 % interval",
        headings: headings(analysis),
        rows: rows(analysis),
        sentences: differences(analysis),
    })
}

/// What gets through, in bytes or in requests, and what each of them costs.
const THROUGH: [Metric; 2] = [Metric::Goodput, Metric::Transactions];
const COST: [Metric; 2] = [Metric::CpuPerByte, Metric::CpuPerTransaction];

/// A column says bytes or requests where all rows are of the same.
fn headings(analysis: &Analysis) -> &'static [&'static str] {
    let any = |metric| {
        let mut realities = analysis.realities.iter();
        realities.any(|reality| find(reality, &[metric]).is_some())
    };
    match THROUGH.map(any) {
        [true, true] => &[
            "",
            "count",
            "goodput or requests",
            "CPU per byte or request",
            "blocks",
        ],
        [false, true] => &["", "count", "requests", "CPU per request", "blocks"],
        _ => &["", "count", "goodput", "CPU per byte", "blocks"],
    }
}

/// A row for each pair of cells.
fn rows(analysis: &Analysis) -> Vec<Vec<String>> {
    let mut label = None;
    let row = |reality: &Reality| {
        let first = label.replace(reality.label.clone()) != Some(reality.label.clone());
        let ratio = |metrics| find(reality, metrics).map_or_else(|| "-".to_owned(), show);
        let blocks = reality.ratios.iter().map(|ratio| ratio.blocks).max();
        vec![
            if first {
                reality.label.clone()
            } else {
                String::new()
            },
            reality.count.to_string(),
            ratio(&THROUGH),
            ratio(&COST),
            Quantity::Number.tick(blocks.unwrap_or(0) as f64),
        ]
    };
    analysis.realities.iter().map(row).collect()
}

/// The ratio of one of these metrics, of which a reality has one at most.
fn find<'a>(reality: &'a Reality, metrics: &[Metric]) -> Option<&'a Ratio> {
    let mut ratios = reality.ratios.iter();
    ratios.find(|ratio| metrics.contains(&ratio.metric))
}

/// `0.912 (0.850 to 0.970)`
fn show(ratio: &Ratio) -> String {
    let mean = three_digits(ratio.ratio);
    match ratio.interval {
        Some((low, high)) => format!("{mean} ({} to {})", three_digits(low), three_digits(high)),
        None => mean,
    }
}

/// What differs beside the figures.
fn differences(analysis: &Analysis) -> Vec<String> {
    let mut met = BTreeSet::new();
    let all = analysis
        .realities
        .iter()
        .flat_map(|reality| &reality.differences);
    all.filter(|text| met.insert(*text)).cloned().collect()
}

/// A finding for each shape that the run has of both.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let labels = analysis
        .realities
        .chunk_by(|left, right| left.label == right.label);
    let finding = |realities: &[Reality]| Finding {
        text: verdict(realities),
        evidence: evidence(realities),
        under: Vec::new(),
        shown: Shown::Section(ID),
    };
    labels.map(finding).collect()
}

/// `geometric means of the ratios within 5 blocks, at 6 counts; ...`
fn evidence(realities: &[Reality]) -> String {
    let ratios = realities.iter().flat_map(|reality| &reality.ratios);
    let blocks = ratios.map(|ratio| ratio.blocks).max().unwrap_or(0);
    format!(
        "geometric means of the ratios within {}, at {}; their intervals are in the section",
        counted(blocks, "block"),
        counted(realities.len(), "count")
    )
}

/// What a range of ratios says of real containers.
type Say = fn(String) -> String;

/// `bridge: a real container moves 0.85 to 0.97 of what a modelled one does, and its bytes cost 1.05 to 1.20 times as much`
fn verdict(realities: &[Reality]) -> String {
    let range = |metric| {
        let ratios = || {
            realities
                .iter()
                .filter_map(|reality| Some(find(reality, &[metric])?.ratio))
        };
        let (low, high) = (
            ratios().fold(f64::INFINITY, f64::min),
            ratios().fold(0.0, f64::max),
        );
        let (low, high) = (three_digits(low), three_digits(high));
        let ends = if low == high {
            low
        } else {
            format!("{low} to {high}")
        };
        (ratios().count() > 0).then_some(ends)
    };
    let said: [(Metric, Say); 4] = [
        (Metric::Goodput, |range| {
            format!("move {range} times as much as the model's")
        }),
        (Metric::Transactions, |range| {
            format!("answer {range} times as many requests as the model's")
        }),
        (Metric::CpuPerByte, |range| {
            format!("spend {range} times the CPU time per byte")
        }),
        (Metric::CpuPerTransaction, |range| {
            format!("spend {range} times the CPU time per request")
        }),
    ];
    let said = said.into_iter();
    let parts: Vec<_> = said
        .filter_map(|(metric, say)| Some(say(range(metric)?)))
        .collect();
    format!(
        "{}: real containers {}",
        realities[0].label,
        parts.join(" and ")
    )
}
