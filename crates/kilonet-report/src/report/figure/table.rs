//! The figures of a report, in reading order: which metrics stand together, under which question, with which band. To add one,
//! add a row here; the file, the page's figure and its links follow.
//!
//! Must not know values. What a metric's axis and words are stands in the table of metrics.

use crate::analysis::Metric;

/// Figures that answer one question, one below the other in one file.
pub(in crate::report) struct Sheet {
    /// The file.
    pub(in crate::report) file: &'static str,
    /// What they answer, with the words for requests to be filled in.
    pub(in crate::report) question: &'static str,
    /// The figures.
    pub(in crate::report) panels: &'static [Panel],
}

/// One metric over the count.
pub(in crate::report) struct Panel {
    /// Which.
    pub(in crate::report) metric: Metric,
    /// A shaded stretch around each curve.
    pub(in crate::report) band: Option<Band>,
    /// What the page says of the dotted line that it draws for equal shares of the first point.
    pub(in crate::report) guide: Option<&'static str>,
    /// Whether it takes the page's whole width.
    pub(in crate::report) wide: bool,
    /// Whether there is nothing to see where all values are zero.
    pub(in crate::report) above_zero: bool,
}

/// A shaded stretch around a curve, from one metric's value to another's.
pub(in crate::report) struct Band {
    /// Its lower end.
    pub(in crate::report) from: Metric,
    /// Its upper end.
    pub(in crate::report) to: Metric,
    /// What it is, in a sentence.
    pub(in crate::report) caption: &'static str,
    /// What stands above its values in a table.
    pub(in crate::report) heading: &'static str,
}

/// All of them.
pub(in crate::report) const SHEETS: &[Sheet] = &[
    Sheet {
        file: "aggregate.svg",
        question: "How much do all pairs move together?",
        panels: &[Panel {
            wide: true,
            ..of(Metric::Goodput)
        }],
    },
    Sheet {
        file: "per-pair.svg",
        question: "What does one pair get?",
        panels: &[Panel {
            wide: true,
            band: Some(Band {
                from: Metric::PairP5,
                to: Metric::PairP95,
                caption: "The band holds the pairs from the 5th to the 95th percentile.",
                heading: "P5 to P95",
            }),
            guide: Some("The dotted line falls as 1/N: equal shares of the fastest first point."),
            ..of(Metric::PairP50)
        }],
    },
    Sheet {
        file: "requests.svg",
        question: "How many {requests} are {answered}?",
        panels: &[Panel {
            wide: true,
            ..of(Metric::Transactions)
        }],
    },
    Sheet {
        file: "latency.svg",
        question: "How long does a {request} take?",
        panels: &[
            of(Metric::LatencyP50),
            Panel {
                band: Some(Band {
                    from: Metric::LatencyP50,
                    to: Metric::LatencyP999,
                    caption: "The band reaches from the median to the 99.9th percentile.",
                    heading: "P50 to P99.9",
                }),
                ..of(Metric::LatencyP99)
            },
            of(Metric::LatencyP999),
        ],
    },
    Sheet {
        file: "slow-connections.svg",
        question: "How many connections take above 1 s?",
        panels: &[
            Panel {
                above_zero: true,
                ..of(Metric::Above1s)
            },
            Panel {
                above_zero: true,
                ..of(Metric::Above3s)
            },
        ],
    },
    Sheet {
        file: "kept-rate.svg",
        question: "How many pairs keep their rate?",
        panels: &[of(Metric::KeptRate)],
    },
    Sheet {
        file: "datagrams.svg",
        question: "How many datagrams arrive?",
        panels: &[
            Panel {
                wide: true,
                ..of(Metric::Datagrams)
            },
            of(Metric::Loss),
        ],
    },
    Sheet {
        file: "retransmits.svg",
        question: "How many segments are retransmitted?",
        panels: &[Panel {
            above_zero: true,
            ..of(Metric::Retransmits)
        }],
    },
    Sheet {
        file: "ratio.svg",
        question: "How does it compare with loopback?",
        panels: &[of(Metric::BaselineRatio)],
    },
    Sheet {
        file: "fairness.svg",
        question: "How evenly do pairs share?",
        panels: &[of(Metric::Jain)],
    },
    Sheet {
        file: "starved.svg",
        question: "How many pairs get nothing?",
        panels: &[Panel {
            above_zero: true,
            ..of(Metric::Starved)
        }],
    },
    Sheet {
        file: "cpu-per-byte.svg",
        question: "What does a byte cost?",
        panels: &[of(Metric::CpuPerByte)],
    },
    Sheet {
        file: "cpu-per-request.svg",
        question: "What does a {request} cost?",
        panels: &[of(Metric::CpuPerTransaction)],
    },
    Sheet {
        file: "kernel-memory.svg",
        question: "How much of the kernel's memory does a container take?",
        panels: &[of(Metric::KernelMemory)],
    },
    Sheet {
        file: "setup.svg",
        question: "How long do set-up and teardown take?",
        panels: &[of(Metric::Setup), of(Metric::Teardown)],
    },
];

/// The figure of a metric of which nothing is to be said beside its row.
const fn of(metric: Metric) -> Panel {
    Panel {
        metric,
        band: None,
        guide: None,
        wide: false,
        above_zero: false,
    }
}

/// The file in which a metric is drawn; absent for those that have no figure.
pub(in crate::report) fn file_of(metric: Metric) -> Option<&'static str> {
    let shows = |sheet: &&Sheet| sheet.panels.iter().any(|panel| panel.metric == metric);
    SHEETS.iter().find(shows).map(|sheet| sheet.file)
}
