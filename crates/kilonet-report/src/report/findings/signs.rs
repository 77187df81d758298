//! What counters show that no mechanism accounts for, in sentences: a table, a row for each symptom.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Metric, Place, Sign, Symptom};
use crate::units::{counted, three_digits};

/// How a symptom reads.
struct Words {
    /// What happened.
    text: &'static str,
    /// What its figure is of.
    figure: Figure,
    /// Where it is seen.
    shown: Metric,
    /// Whose it is.
    kind: Kind,
}

/// Whose doing a symptom is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The run's.
    OfTheRun,
    /// That of whoever else used the machine.
    OfOthers,
}

/// How a figure reads.
enum Figure {
    /// `up to 4.5 % of the pairs`
    Share(&'static str),
    /// `down to 0.60, by Jain's index`
    Jain,
    /// `up to 12 times`
    Number(&'static str),
}

/// The row of a symptom.
fn words(symptom: Symptom) -> Words {
    use Figure::{Jain, Number, Share};
    let row = |text, figure, shown| Words {
        text,
        figure,
        shown,
        kind: Kind::OfTheRun,
    };
    let of_others = |text| Words {
        kind: Kind::OfOthers,
        ..row(text, Share("of the CPU time"), Metric::Goodput)
    };
    match symptom {
        Symptom::CpuSaturated => row(
            "the CPUs were busy all the time",
            Share("of their time"),
            Metric::CpuPerByte,
        ),
        Symptom::DatagramsLost => row("datagrams were lost", Share("of those sent"), Metric::Loss),
        Symptom::Unfair => row("pairs got unequal shares", Jain, Metric::Jain),
        Symptom::Starved => row(
            "pairs moved nothing in the window",
            Share("of the pairs"),
            Metric::Jain,
        ),
        Symptom::TcpMemoryPressure => row(
            "TCP's memory was near its pressure mark",
            Share("of the mark"),
            Metric::Goodput,
        ),
        Symptom::Retransmits => row(
            "segments were retransmitted",
            Share("of the payload"),
            Metric::Goodput,
        ),
        Symptom::BacklogDrops => row(
            "packets were dropped at a full backlog",
            Number("packets"),
            Metric::Goodput,
        ),
        Symptom::SoftirqSqueezes => row(
            "the softirq budget ran out",
            Number("times a second"),
            Metric::Goodput,
        ),
        Symptom::ConntrackFull => row(
            "connections could not be tracked, or their entries were evicted for others",
            Number("times"),
            Metric::Goodput,
        ),
        Symptom::Foreign => of_others("the machine was disturbed by other processes"),
        Symptom::Steal => {
            of_others("the machine was disturbed by its hypervisor, which took CPU time for others")
        }
    }
}

/// A finding for each symptom that the run shows.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    of_kind(analysis, Kind::OfTheRun)
}

/// A finding for each that others brought about, by which figures are less sure.
pub(super) fn disturbances(analysis: &Analysis) -> Vec<Finding> {
    of_kind(analysis, Kind::OfOthers)
}

fn of_kind(analysis: &Analysis, kind: Kind) -> Vec<Finding> {
    let signs = analysis.signs.iter();
    let signs = signs.filter(|sign| words(sign.symptom).kind == kind);
    signs.filter_map(|sign| finding(analysis, sign)).collect()
}

/// `pairs moved nothing in the window, up to 4.5 % of the pairs (bridge at 2,048): bridge at 1,024 to 4,096`
fn finding(analysis: &Analysis, sign: &Sign) -> Option<Finding> {
    let words = words(sign.symptom);
    let worst = sign
        .places
        .iter()
        .max_by(|left, right| left.figure.total_cmp(&right.figure))?;
    let figure = match words.figure {
        Figure::Share(of) => format!(", up to {} % {of}", three_digits(worst.figure * 100.0)),
        Figure::Jain => format!(
            ", down to {} by Jain's index",
            three_digits(1.0 - worst.figure)
        ),
        Figure::Number(of) => format!(", up to {} {of}", three_digits(worst.figure)),
    };
    let label = |place: &Place| &analysis.series[place.series].label;
    let groups = sign
        .places
        .chunk_by(|left, right| left.series == right.series);
    let places: Vec<_> = groups
        .map(|group| format!("{} at {}", label(&group[0]), counts(group)))
        .collect();
    let cells = analysis.cells.len();
    Some(Finding {
        text: format!("{}{figure}: {}", words.text, places.join("; ")),
        evidence: format!(
            "{} of {}; most at {} {}, {}",
            sign.places.len(),
            counted(cells, "cell"),
            label(worst),
            grouped(worst.count as usize),
            counted(worst.trials, "trial")
        ),
        under: Vec::new(),
        shown: Shown::In(words.shown),
    })
}

/// The counts of some places: `2, 4`; their ends where there are many.
fn counts(places: &[Place]) -> String {
    let show = |place: &Place| grouped(place.count as usize);
    match places {
        [first, _, _, _, .., last] => {
            format!(
                "{} counts from {} to {}",
                places.len(),
                show(first),
                show(last)
            )
        }
        few => few.iter().map(show).collect::<Vec<_>>().join(", "),
    }
}
