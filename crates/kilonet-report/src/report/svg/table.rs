//! The figures of a report, each with the question that it answers.

use super::panel::{Band, Extent, Panel};
use crate::analysis::Metric;

/// A figure's file and what it shows.
pub(super) struct Figure {
    pub(super) file: &'static str,
    pub(super) question: &'static str,
    pub(super) panels: &'static [Panel],
}

pub(super) const FIGURES: &[Figure] = &[
    Figure {
        file: "aggregate.svg",
        question: "How much do all pairs move together?",
        panels: &[Panel {
            metric: Metric::Goodput,
            caption: "Aggregate goodput",
            band: None,
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "per-pair.svg",
        question: "What does one pair get?",
        panels: &[Panel {
            metric: Metric::PairP50,
            caption: "Goodput of the median pair",
            band: Some(Band {
                from: Metric::PairP5,
                to: Metric::PairP95,
                caption: "band: 5th to 95th percentile of pairs",
            }),
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "requests.svg",
        question: "How many requests are answered?",
        panels: &[Panel {
            metric: Metric::Transactions,
            caption: "Responses a second, all pairs together",
            band: None,
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "latency.svg",
        question: "How long does a request take?",
        panels: &[
            Panel {
                metric: Metric::LatencyP50,
                caption: "Median",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::LatencyP99,
                caption: "99th percentile",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::LatencyP999,
                caption: "99.9th percentile",
                band: None,
                extent: Extent::Values,
            },
        ],
    },
    Figure {
        file: "datagrams.svg",
        question: "How many datagrams arrive?",
        panels: &[
            Panel {
                metric: Metric::Datagrams,
                caption: "Datagrams received a second, all pairs together",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::Loss,
                caption: "Share of datagrams lost",
                band: None,
                extent: Extent::Values,
            },
        ],
    },
    Figure {
        file: "fairness.svg",
        question: "How evenly is it shared?",
        panels: &[Panel {
            metric: Metric::Jain,
            caption: "Jain's index: 1 when all pairs get the same, 1/n when one of n gets everything",
            band: None,
            extent: Extent::Share,
        }],
    },
    Figure {
        file: "cpu-per-byte.svg",
        question: "What does a byte cost?",
        panels: &[Panel {
            metric: Metric::CpuPerByte,
            caption: "CPU time of the whole machine per payload byte",
            band: None,
            extent: Extent::Values,
        }],
    },
    Figure {
        file: "setup.svg",
        question: "How long does the lab take to come and to go?",
        panels: &[
            Panel {
                metric: Metric::Setup,
                caption: "Set-up",
                band: None,
                extent: Extent::Values,
            },
            Panel {
                metric: Metric::Teardown,
                caption: "Teardown",
                band: None,
                extent: Extent::Values,
            },
        ],
    },
    Figure {
        file: "ratio.svg",
        question: "How close does it come to loopback?",
        panels: &[Panel {
            metric: Metric::BaselineRatio,
            caption: "Aggregate goodput over that of one pair on lo, measured in the same block",
            band: None,
            extent: Extent::ValuesAndOne("lo"),
        }],
    },
];

/// The file in which a metric is drawn; absent for those that have no figure.
pub(in crate::report) fn file_of(metric: Metric) -> Option<&'static str> {
    let shows = |figure: &&Figure| figure.panels.iter().any(|panel| panel.metric == metric);
    FIGURES.iter().find(shows).map(|figure| figure.file)
}
