//! What a reader must know beside the figures: failed trials, invalid ones, warnings, notes on the folder.
//!
//! The same sentence about many cells is said once, with the places it holds for. The invariant: no failure and no
//! warning of the analysis is missing here.

use std::fmt;

use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, CellSummary};

/// How grave a notice is; the page lists them in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Trials without a result.
    Failed,
    /// Trials whose witnesses disagree.
    Invalid,
    /// About the run folder as a whole.
    Note,
    /// Trials with a result and a doubt.
    Warning,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Note => "note",
            Self::Warning => "warning",
        })
    }
}

/// One sentence and where it holds.
#[derive(Debug)]
pub(super) struct Notice {
    /// What sort of sentence.
    pub(super) kind: Kind,
    /// The sentence.
    pub(super) text: String,
    /// The remedy, where one is known.
    pub(super) hint: Option<String>,
    /// The cells, by series: `bridge ipv4 at 2,048 and 4,096`.
    pub(super) places: Vec<Place>,
    /// Trials it speaks of; 0 where that is not counted.
    pub(super) trials: usize,
}

/// The counts of one series.
#[derive(Debug)]
pub(super) struct Place {
    series: String,
    counts: Vec<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = self
            .counts
            .iter()
            .map(|count| grouped(*count as usize))
            .collect();
        write!(out, "{} at {}", self.series, counts.join(", "))
    }
}

/// Every notice, the gravest first.
pub(super) fn notices(analysis: &Analysis) -> Vec<Notice> {
    let mut book = Book {
        notices: Vec::new(),
    };
    for note in &analysis.notes {
        book.add(
            Said {
                kind: Kind::Note,
                text: note.clone(),
                hint: None,
                trials: 0,
            },
            None,
        );
    }
    for (label, summary) in labelled(analysis) {
        let count = analysis.count.of(&summary.cell);
        for said in said_of(summary) {
            book.add(said, Some((label, count)));
        }
    }
    book.notices.sort_by_key(|notice| notice.kind);
    book.notices
}

/// Each cell with its series' label, in the order of the series.
fn labelled(analysis: &Analysis) -> impl Iterator<Item = (&str, &CellSummary)> {
    analysis.series.iter().flat_map(|series| {
        series
            .cells
            .iter()
            .filter_map(|index| Some((series.label.as_str(), analysis.cells.get(*index)?)))
    })
}

/// A sentence before it is known where else it holds.
struct Said {
    kind: Kind,
    text: String,
    hint: Option<String>,
    trials: usize,
}

fn said_of(summary: &CellSummary) -> Vec<Said> {
    let failed = summary.failures.iter().map(|failure| Said {
        kind: Kind::Failed,
        text: failure.sentence(),
        hint: failure.hint.clone(),
        trials: 1,
    });
    let invalid = (summary.invalid > 0).then(|| Said {
        kind: Kind::Invalid,
        text: "the witnesses of the bytes disagree; kept in the records, not shown as values"
            .to_owned(),
        hint: None,
        trials: summary.invalid,
    });
    let warned = summary.warnings.iter().map(|warning| Said {
        kind: Kind::Warning,
        text: warning.clone(),
        hint: None,
        trials: 0,
    });
    failed.chain(invalid).chain(warned).collect()
}

/// Notices so far, each sentence once.
struct Book {
    notices: Vec<Notice>,
}

impl Book {
    fn add(&mut self, said: Said, place: Option<(&str, u32)>) {
        let known = self
            .notices
            .iter()
            .position(|notice| notice.kind == said.kind && notice.text == said.text);
        let index = known.unwrap_or_else(|| {
            let Said {
                kind, text, hint, ..
            } = said;
            self.notices.push(Notice {
                kind,
                text,
                hint,
                places: Vec::new(),
                trials: 0,
            });
            self.notices.len() - 1
        });
        let notice = &mut self.notices[index];
        notice.trials += said.trials;
        if let Some((series, count)) = place {
            notice.hold_at(series, count);
        }
    }
}

/// Places that a reader takes in at once.
const FEW: usize = 8;

impl Notice {
    /// The places that are told at once.
    pub(super) fn first_places(&self) -> &[Place] {
        &self.places[..self.places.len().min(FEW)]
    }

    /// Those beyond, told on demand.
    pub(super) fn more_places(&self) -> &[Place] {
        &self.places[self.places.len().min(FEW)..]
    }

    fn hold_at(&mut self, series: &str, count: u32) {
        match self.places.iter_mut().find(|place| place.series == series) {
            Some(place) if place.counts.contains(&count) => {}
            Some(place) => place.counts.push(count),
            None => self.places.push(Place {
                series: series.to_owned(),
                counts: vec![count],
            }),
        }
    }
}
