//! What the page's closer figures draw from: their axes, and how each of their values is written.
//!
//! The values stand in the analysis, cell by cell, in the same order. The invariant: what a cell lacks has no text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::quantity::Quantity;
use crate::analysis::{Analysis, CellSummary, CpuParts, Metric};
use crate::report::figure::Axis;
use crate::report::scale::{Range, ends};

/// See the file's head.
#[derive(Serialize)]
pub(super) struct Closer {
    /// Where CPU time went, measured in one way or another.
    cpu: Vec<Measure>,
    spread: Spread,
    latency: Latency,
    timeline: Timeline,
}

/// A way to measure CPU time by kind.
#[derive(Serialize)]
struct Measure {
    /// What it is chosen by.
    word: Cow<'static, str>,
    /// Its key in the analysis.
    key: &'static str,
    /// What columns of it begin and end with.
    column: (&'static str, &'static str),
    /// From zero, the lowest first: the first that holds what is shown is drawn.
    axes: Vec<Axis>,
    cells: Vec<Option<Stack>>,
}

/// The parts of a cell, written.
#[derive(Serialize)]
struct Stack {
    parts: [String; 4],
    all: f64,
    sum: String,
}

/// The axes of the pairs of a cell.
#[derive(Serialize)]
struct Spread {
    linear: Vec<Axis>,
    log: Axis,
    unit: &'static str,
}

/// How long each share of the requests took.
#[derive(Serialize)]
struct Latency {
    /// From where to where shares lie, and the ones that are marked.
    across: Across,
    axis: Axis,
    /// By share, its place and its name; shares are those of the analysis.
    shares: Vec<(f64, f64, String)>,
    cells: Vec<Vec<String>>,
}

/// A trial over its window.
#[derive(Serialize)]
struct Timeline {
    across: Across,
    axes: Vec<Axis>,
    /// How the ends of intervals are written, by their nanoseconds.
    moments: BTreeMap<u64, String>,
    cells: Vec<Vec<String>>,
}

/// A horizontal axis.
#[derive(Serialize)]
struct Across {
    #[serde(flatten)]
    range: Range,
    ticks: Vec<(f64, String)>,
}

impl Closer {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let cells = &analysis.cells;
        Self {
            cpu: MEASURES.iter().filter_map(|way| way.of(analysis)).collect(),
            spread: Spread::of(cells),
            latency: Latency::of(cells),
            timeline: Timeline::of(cells),
        }
    }
}

/// How CPU time may be measured.
struct Way {
    word: &'static str,
    key: &'static str,
    column: (&'static str, &'static str),
    quantity: Quantity,
    of_bytes: bool,
    read: fn(&CpuParts) -> Option<[f64; 4]>,
}

const MEASURES: [Way; 3] = [
    Way {
        word: "share of window",
        key: "of_window",
        column: ("cpu_share", "ratio"),
        quantity: Quantity::Percent,
        of_bytes: false,
        read: |cpu| Some(cpu.of_window),
    },
    Way {
        word: "per byte",
        key: "per_byte_ns",
        column: ("cpu_per_byte", "ns"),
        quantity: Quantity::CpuPerByte,
        of_bytes: true,
        read: |cpu| cpu.per_byte_ns,
    },
    Way {
        word: "per {request}",
        key: "per_transaction_ns",
        column: ("cpu_per_request", "ns"),
        quantity: Quantity::Time,
        of_bytes: false,
        read: |cpu| cpu.per_transaction_ns,
    },
];

impl Way {
    fn of(&self, analysis: &Analysis) -> Option<Measure> {
        if self.of_bytes && analysis.of_requests {
            return None;
        }
        let parts = |cell: &CellSummary| (self.read)(cell.detail.cpu.as_ref()?);
        let stack = |parts: [f64; 4]| {
            let all = parts.iter().sum();
            Stack {
                parts: parts.map(|part| self.quantity.show(part)),
                all,
                sum: self.quantity.show(all),
            }
        };
        let cells = analysis.cells.iter();
        let cells: Vec<_> = cells.map(|cell| parts(cell).map(stack)).collect();
        let sums: Vec<_> = cells.iter().flatten().map(|stack| stack.all).collect();
        (!sums.is_empty()).then(|| Measure {
            word: analysis.requests().fill(self.word),
            key: self.key,
            column: self.column,
            axes: Axis::from_zero(&sums, self.quantity),
            cells,
        })
    }
}

impl Spread {
    fn of(cells: &[CellSummary]) -> Self {
        let medians = |metric| {
            let estimates = cells.iter().filter_map(move |cell| cell.estimate(metric));
            estimates.map(|estimate| estimate.median)
        };
        let about = Metric::PairMax.about();
        let tops: Vec<_> = medians(Metric::PairMax).collect();
        let ends = ends(medians(Metric::PairMin).chain(medians(Metric::PairMax)));
        Self {
            linear: Axis::from_zero(&tops, about.quantity),
            log: Axis::across(ends, about.quantity),
            unit: about.quantity.suffix(),
        }
    }
}

/// Shares that are marked, where there are requests as rare.
const MARKED: [f64; 6] = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];

impl Latency {
    fn of(cells: &[CellSummary]) -> Self {
        let points = || cells.iter().flat_map(|cell| &cell.detail.latency);
        let mut shares: Vec<_> = points().map(|(share, _)| *share).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        // How rare a request is that takes longer: one of two, of ten, of a hundred. The longest has no share beyond it, and
        // stands at the end.
        let rarity = |share: f64| (1.0 - share).recip();
        let rarest = shares.iter().rfind(|share| **share < 1.0);
        let end = 3.0 * rarity(rarest.copied().unwrap_or(0.0));
        let at = |share| if share < 1.0 { rarity(share) } else { end };
        let marked = MARKED
            .into_iter()
            .map(|share| (rarity(share), percent(share)));
        let ticks = marked.filter(|(place, _)| *place <= end / 2.5);
        let times = || points().map(|(_, nanos)| nanos.max(1.0));
        Self {
            across: Across {
                range: Range::around_counts((1.0, end)),
                ticks: ticks.chain([(end, "all".to_owned())]).collect(),
            },
            axis: Axis::across(ends(times()), Quantity::Time),
            shares: shares
                .iter()
                .map(|share| (*share, at(*share), percent(*share)))
                .collect(),
            cells: cells
                .iter()
                .map(|cell| {
                    let times = cell.detail.latency.iter().map(|(_, nanos)| *nanos);
                    times.map(|nanos| Quantity::Time.show(nanos)).collect()
                })
                .collect(),
        }
    }
}

/// A share of requests in words: `99.9 %`.
fn percent(share: f64) -> String {
    if share < 1.0 {
        // Seven digits: no share is finer, and what is beyond them is not of it.
        let percent: f64 = format!("{:.6e}", share * 100.0).parse().unwrap_or(share);
        format!("{percent} %")
    } else {
        "the longest".to_owned()
    }
}

impl Timeline {
    fn of(cells: &[CellSummary]) -> Self {
        let trials = || {
            cells
                .iter()
                .filter_map(|cell| cell.detail.timeline.as_ref())
        };
        let moments = trials().flat_map(|trial| {
            let intervals = 1..=trial.goodput_bps.len() as u64;
            intervals.map(|nth| nth * trial.interval_ns)
        });
        let text = |moment| (moment, Quantity::Time.show(moment as f64));
        let moments: BTreeMap<_, _> = moments.map(text).collect();
        let end = moments.keys().next_back().copied().unwrap_or(1) as f64;
        let most = trials().map(|trial| trial.goodput_bps.iter().copied().fold(0.0, f64::max));
        let ticks = Range::linear((0.0, end)).ticks().into_iter();
        Self {
            across: Across {
                range: Range::linear((0.0, end * 1.01)),
                ticks: ticks
                    .map(|tick| (tick, Quantity::Time.tick(tick)))
                    .collect(),
            },
            axes: Axis::from_zero(&most.collect::<Vec<_>>(), Quantity::Rate),
            moments,
            cells: cells
                .iter()
                .map(|cell| {
                    let goodput = cell.detail.timeline.iter().flat_map(|it| &it.goodput_bps);
                    goodput.map(|bps| Quantity::Rate.show(*bps)).collect()
                })
                .collect(),
        }
    }
}
