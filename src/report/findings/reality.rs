//! Model against reality, in rows and sentences.
//!
//! The invariant: a sentence says what the records show to differ, and guesses no cause.

use std::collections::BTreeSet;

use super::Section;
use crate::analysis::{Analysis, Metric, Ratio, Reality};
use crate::report::quantity::Quantity;
use crate::units::three_digits;

/// The section; none unless the run has cells of both testbeds.
pub(super) fn section(analysis: &Analysis) -> Option<Section> {
    (!analysis.realities.is_empty()).then(|| Section {
        id: "reality",
        title: "model against reality",
        basis: "real over modelled: geometric mean of the ratios within blocks, with its 95 % interval",
        headings: &["", "count", "goodput", "CPU per byte", "blocks"],
        rows: rows(analysis),
        sentences: sentences(analysis),
    })
}

/// A row for each pair of cells.
fn rows(analysis: &Analysis) -> Vec<Vec<String>> {
    let mut label = None;
    let row = |reality: &Reality| {
        let first = label.replace(reality.label.clone()) != Some(reality.label.clone());
        let ratio = |metric| find(reality, metric).map_or_else(|| "-".to_owned(), show);
        let blocks = reality.ratios.iter().map(|ratio| ratio.blocks).max();
        vec![
            if first {
                reality.label.clone()
            } else {
                String::new()
            },
            reality.count.to_string(),
            ratio(Metric::Goodput),
            ratio(Metric::CpuPerByte),
            Quantity::Pairs.tick(blocks.unwrap_or(0) as f64),
        ]
    };
    analysis.realities.iter().map(row).collect()
}

fn find(reality: &Reality, metric: Metric) -> Option<&Ratio> {
    reality.ratios.iter().find(|ratio| ratio.metric == metric)
}

/// `0.912 (0.850 to 0.970)`
fn show(ratio: &Ratio) -> String {
    let mean = three_digits(ratio.ratio);
    match ratio.interval {
        Some((low, high)) => format!("{mean} ({} to {})", three_digits(low), three_digits(high)),
        None => mean,
    }
}

/// What the figures come to, and what differs beside them.
fn sentences(analysis: &Analysis) -> Vec<String> {
    let realities = &analysis.realities;
    let labels: Vec<_> = realities
        .chunk_by(|left, right| left.label == right.label)
        .collect();
    let mut said: Vec<_> = labels.into_iter().map(verdict).collect();
    let mut met = BTreeSet::new();
    let differences = realities.iter().flat_map(|reality| &reality.differences);
    said.extend(differences.filter(|text| met.insert(*text)).cloned());
    said
}

/// `bridge: a real container moves 0.85 to 0.97 of what a modelled one does, and its bytes cost 1.05 to 1.20 times as much`
fn verdict(realities: &[Reality]) -> String {
    let range = |metric| {
        let ratios = || {
            realities
                .iter()
                .filter_map(|reality| Some(find(reality, metric)?.ratio))
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
    let goodput =
        range(Metric::Goodput).map(|range| format!("move {range} times what the model's do"));
    let cost =
        range(Metric::CpuPerByte).map(|range| format!("spend {range} times the CPU on a byte"));
    let parts: Vec<_> = [goodput, cost].into_iter().flatten().collect();
    format!(
        "{}: real containers {}",
        realities[0].label,
        parts.join(" and ")
    )
}
