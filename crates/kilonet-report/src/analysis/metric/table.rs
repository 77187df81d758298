//! The table of metrics, a row each. To add one, add a row here and its variant to [`Metric`].
//!
//! The invariant of readers: a figure that the record lacks is absent, never zero.

use super::row::{
    About, Along, Bends, Extent, Falls, Focus, Glance, PLAIN, Reader, Role, Scale, Slopes, Told,
    Traits,
};
use super::variants::Metric;
use crate::scenario::measure;
use crate::store::record::{Latency, PerPair, Phases, Record};

/// Every metric, in the order of its variants.
pub const METRICS: &[About] = &[
    About {
        metric: Metric::Goodput,
        word: measure::GOODPUT.word,
        name: "aggregate goodput",
        better: measure::GOODPUT.better,
        quantity: measure::GOODPUT.quantity,
        read: Reader::Record(|record| {
            let all = record.aggregate?.goodput_bps;
            record.cell.has_goodput().then_some(all)
        }),
        title: "Aggregate goodput",
        caption: "Payload delivered to all receivers in the one window they share.",
        heading: Some("goodput"),
        traits: Traits {
            of_bytes: true,
            bends: Some(OF_BYTES),
            falls: Some(Falls::Itself),
            glance: Some(at_a_glance(false, Focus::All)),
            told: Some(MOVE),
            ..PLAIN
        },
    },
    About {
        metric: Metric::BaselineRatio,
        word: measure::BASELINE_RATIO.word,
        name: "the ratio to lo",
        better: measure::BASELINE_RATIO.better,
        quantity: measure::BASELINE_RATIO.quantity,
        read: Reader::Baseline,
        title: "Ratio to loopback",
        caption: "Aggregate goodput over that of one pair on lo, measured in the same block; 1 is as fast as lo.",
        heading: Some("ratio to lo"),
        traits: Traits {
            extent: Extent::One("lo"),
            slopes: None,
            ..PLAIN
        },
    },
    About {
        metric: Metric::PairMin,
        word: measure::PAIR_MIN.word,
        name: "goodput of the slowest pair",
        better: measure::PAIR_MIN.better,
        quantity: measure::PAIR_MIN.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| pairs.min_bps)),
        title: "Goodput of the slowest pair",
        caption: "The pair of a cell that got least.",
        heading: Some("slowest pair"),
        traits: OF_A_PAIR,
    },
    About {
        metric: Metric::PairP5,
        word: measure::PAIR_P5.word,
        name: "goodput of pairs, 5th percentile",
        better: measure::PAIR_P5.better,
        quantity: measure::PAIR_P5.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| pairs.p5_bps)),
        title: "Goodput of pairs, 5th percentile",
        caption: "One pair of twenty gets less.",
        heading: None,
        traits: OF_A_PAIR,
    },
    About {
        metric: Metric::PairP50,
        word: measure::PAIR_P50.word,
        name: "goodput of the median pair",
        better: measure::PAIR_P50.better,
        quantity: measure::PAIR_P50.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| pairs.p50_bps)),
        title: "Goodput of the median pair",
        caption: "Half of a cell's pairs get less.",
        heading: Some("median pair"),
        traits: Traits {
            falls: Some(Falls::EqualShares(Metric::Goodput)),
            glance: Some(at_a_glance(false, Focus::Each)),
            ..OF_A_PAIR
        },
    },
    About {
        metric: Metric::PairP95,
        word: measure::PAIR_P95.word,
        name: "goodput of pairs, 95th percentile",
        better: measure::PAIR_P95.better,
        quantity: measure::PAIR_P95.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| pairs.p95_bps)),
        title: "Goodput of pairs, 95th percentile",
        caption: "One pair of twenty gets more.",
        heading: None,
        traits: OF_A_PAIR,
    },
    About {
        metric: Metric::PairMax,
        word: measure::PAIR_MAX.word,
        name: "goodput of the fastest pair",
        better: measure::PAIR_MAX.better,
        quantity: measure::PAIR_MAX.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| pairs.max_bps)),
        title: "Goodput of the fastest pair",
        caption: "The pair of a cell that got most.",
        heading: Some("fastest pair"),
        traits: OF_A_PAIR,
    },
    About {
        metric: Metric::Jain,
        word: measure::JAIN.word,
        name: "fairness",
        better: measure::JAIN.better,
        quantity: measure::JAIN.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| pairs.jain)),
        title: "Fairness among pairs",
        caption: "Jain's index: 1 when all pairs get the same, 1/n when one of n gets everything.",
        heading: Some("Jain"),
        traits: Traits {
            of_many_pairs: true,
            extent: Extent::Share,
            bends: Some(Bends {
                scale: Scale::Linear,
                ..OF_BYTES
            }),
            along: Along::ManyPairs,
            ..PLAIN
        },
    },
    About {
        metric: Metric::Starved,
        word: measure::STARVED.word,
        name: "starved pairs",
        better: measure::STARVED.better,
        quantity: measure::STARVED.quantity,
        read: Reader::Record(|record| pairs(record, |pairs| f64::from(pairs.starved))),
        title: "Starved pairs",
        caption: "Pairs that moved no byte in the window.",
        heading: Some("starved"),
        traits: FROM_ZERO,
    },
    About {
        metric: Metric::KeptRate,
        word: measure::KEPT_RATE.word,
        name: "pairs that kept their rate",
        better: measure::KEPT_RATE.better,
        quantity: measure::KEPT_RATE.quantity,
        read: Reader::Record(|record| Some(record.pacing?.kept_ratio())),
        title: "Pairs that kept their rate",
        caption: "The share of pairs whose receivers took at least 99 % of what was due, but for one message of each flow.",
        heading: Some("kept its rate"),
        traits: Traits {
            extent: Extent::Share,
            ..PLAIN
        },
    },
    About {
        metric: Metric::CpuPerByte,
        word: measure::CPU_PER_BYTE.word,
        name: "CPU time per byte",
        better: measure::CPU_PER_BYTE.better,
        quantity: measure::CPU_PER_BYTE.quantity,
        read: Reader::Record(|record| record.cpu?.ns_per_byte),
        title: "CPU time per byte",
        caption: "The whole machine's user, system and interrupt time over the window, per payload byte.",
        heading: Some("CPU"),
        traits: Traits {
            of_bytes: true,
            difference: Some("CPU time"),
            bends: Some(OF_BYTES),
            falls: Some(Falls::Itself),
            slopes: Some(Slopes::Unit),
            told: Some(COST_OF_BYTE),
            ..PLAIN
        },
    },
    About {
        metric: Metric::Transactions,
        word: measure::TRANSACTIONS.word,
        name: "{requests} {answered}",
        better: measure::TRANSACTIONS.better,
        quantity: measure::TRANSACTIONS.quantity,
        read: Reader::Record(|record| record.aggregate?.transactions_per_s),
        title: "{Requests} {answered}",
        caption: "{Requests} completed in the window, all pairs together: answered whole or, with tcp-cc, connected and closed.",
        heading: Some("{requests}"),
        traits: Traits {
            glance: Some(at_a_glance(true, Focus::All)),
            falls: Some(Falls::Itself),
            told: Some(COMPLETE),
            ..BENDS
        },
    },
    About {
        metric: Metric::LatencyP50,
        word: measure::LATENCY_P50.word,
        name: "median latency",
        better: measure::LATENCY_P50.better,
        quantity: measure::LATENCY_P50.quantity,
        read: Reader::Record(|record| latency(record, |latency| Some(latency.p50_ns))),
        title: "Latency, median",
        caption: "From the moment a {request} was meant to be sent until it was complete: answered whole or, with tcp-cc, closed.",
        heading: Some("latency p50"),
        traits: Traits {
            told: Some(WAIT_OF_HALF),
            ..OF_TURNS
        },
    },
    About {
        metric: Metric::LatencyP99,
        word: measure::LATENCY_P99.word,
        name: "the 99th percentile of latency",
        better: measure::LATENCY_P99.better,
        quantity: measure::LATENCY_P99.quantity,
        read: Reader::Record(|record| latency(record, |latency| latency.p99_ns)),
        title: "Latency, 99th percentile",
        caption: "One {request} of a hundred takes longer.",
        heading: Some("p99"),
        traits: Traits {
            glance: Some(at_a_glance(true, Focus::Each)),
            falls: Some(Falls::Turns),
            told: Some(WAIT_OF_SLOWEST),
            ..BENDS
        },
    },
    About {
        metric: Metric::LatencyP999,
        word: measure::LATENCY_P999.word,
        name: "the 99.9th percentile of latency",
        better: measure::LATENCY_P999.better,
        quantity: measure::LATENCY_P999.quantity,
        read: Reader::Record(|record| latency(record, |latency| latency.p999_ns)),
        title: "Latency, 99.9th percentile",
        caption: "One {request} of a thousand takes longer.",
        heading: Some("p99.9"),
        traits: OF_TURNS,
    },
    About {
        metric: Metric::Above1s,
        word: measure::ABOVE_1S.word,
        name: "connections above 1 s",
        better: measure::ABOVE_1S.better,
        quantity: measure::ABOVE_1S.quantity,
        read: Reader::Record(Record::above_1s_ratio),
        title: "Connections above 1 s",
        caption: "The share that took longer than 1 s, from the moment a connection was meant to be made: a SYN that is lost is sent again after 1 s.",
        heading: Some("above 1 s"),
        traits: FROM_ZERO,
    },
    About {
        metric: Metric::Above3s,
        word: measure::ABOVE_3S.word,
        name: "connections above 3 s",
        better: measure::ABOVE_3S.better,
        quantity: measure::ABOVE_3S.quantity,
        read: Reader::Record(Record::above_3s_ratio),
        title: "Connections above 3 s",
        caption: "The share that took longer than 3 s: usually three SYNs in a row were lost (two before Linux 6.5).",
        heading: Some("above 3 s"),
        traits: FROM_ZERO,
    },
    About {
        metric: Metric::CpuPerTransaction,
        word: measure::CPU_PER_TRANSACTION.word,
        name: "CPU time per {request}",
        better: measure::CPU_PER_TRANSACTION.better,
        quantity: measure::CPU_PER_TRANSACTION.quantity,
        read: Reader::Record(|record| record.cpu?.ns_per_transaction),
        title: "CPU time per {request}",
        caption: "The whole machine's user, system and interrupt time over the window, per {request}.",
        heading: Some("CPU a {request}"),
        traits: Traits {
            difference: Some("CPU time a {request}"),
            falls: Some(Falls::Itself),
            slopes: Some(Slopes::Unit),
            told: Some(COST_OF_REQUEST),
            ..PLAIN
        },
    },
    About {
        metric: Metric::Datagrams,
        word: measure::DATAGRAMS.word,
        name: "datagrams delivered",
        better: measure::DATAGRAMS.better,
        quantity: measure::DATAGRAMS.quantity,
        read: Reader::Record(|record| record.aggregate?.datagrams_per_s),
        title: "Datagrams received",
        caption: "Datagrams that receivers took in the window, all pairs together, each once.",
        heading: Some("datagrams"),
        traits: Traits {
            falls: Some(Falls::Itself),
            ..PLAIN
        },
    },
    About {
        metric: Metric::Loss,
        word: measure::LOSS.word,
        name: "the share of datagrams lost",
        better: measure::LOSS.better,
        quantity: measure::LOSS.quantity,
        read: Reader::Record(|record| record.aggregate?.loss_ratio),
        title: "Datagrams lost",
        caption: "The share that receivers found missing when later ones arrived.",
        heading: Some("lost"),
        traits: FROM_ZERO,
    },
    About {
        metric: Metric::Retransmits,
        word: measure::RETRANSMITS.word,
        name: "segments retransmitted",
        better: measure::RETRANSMITS.better,
        quantity: measure::RETRANSMITS.quantity,
        read: Reader::Record(|record| Some(record.counters?.retransmits? as f64)),
        title: "Segments retransmitted",
        caption: "TCP segments that all senders retransmitted over the whole life of their flows, warm-up included.",
        heading: Some("retransmitted"),
        traits: FROM_ZERO,
    },
    About {
        metric: Metric::Setup,
        word: measure::SETUP.word,
        name: "set-up",
        better: measure::SETUP.better,
        quantity: measure::SETUP.quantity,
        read: Reader::Record(|record| Some(record.lab.as_ref()?.setup_ns as f64)),
        title: "Set-up",
        caption: "From the first act until the lab is ready.",
        heading: Some("set-up"),
        traits: Traits {
            along: Along::PerContainer("set-up per container"),
            falls: Some(Falls::Itself),
            slopes: Some(Slopes::Lab),
            parts: Some(phases_of_setup),
            told: Some(SET_UP),
            ..BENDS
        },
    },
    About {
        metric: Metric::Teardown,
        word: measure::TEARDOWN.word,
        name: "teardown",
        better: measure::TEARDOWN.better,
        quantity: measure::TEARDOWN.quantity,
        read: Reader::Record(|record| Some(record.lab.as_ref()?.teardown_ns? as f64)),
        title: "Teardown",
        caption: "From the first close until the kernel has destroyed everything.",
        heading: Some("teardown"),
        traits: Traits {
            slopes: Some(Slopes::Lab),
            ..PLAIN
        },
    },
    About {
        metric: Metric::KernelMemory,
        word: measure::KERNEL_MEMORY.word,
        name: "kernel memory per container",
        better: measure::KERNEL_MEMORY.better,
        quantity: measure::KERNEL_MEMORY.quantity,
        read: Reader::Record(|record| {
            Some(record.lab.as_ref()?.kernel_bytes_per_container? as f64)
        }),
        title: "Kernel memory per container",
        caption: "Growth of slab, per-CPU, page-table, stack and vmalloc memory over the containers.",
        heading: Some("memory each"),
        traits: Traits {
            slopes: Some(Slopes::Lab),
            told: Some(TAKE_MEMORY),
            ..BENDS
        },
    },
];

const MOVE: Told = Told {
    role: Role::Through,
    who: "pairs together move",
    times: "as much",
    more: "more",
    less: "less",
    of: "",
};

const COMPLETE: Told = Told {
    who: "pairs together complete",
    times: "as many {requests}",
    more: "more {requests}",
    less: "fewer {requests}",
    ..MOVE
};

const COST_OF_BYTE: Told = Told {
    role: Role::Cost,
    who: "a byte costs",
    times: "as much CPU time",
    more: "more CPU time",
    less: "less CPU time",
    of: "",
};

const COST_OF_REQUEST: Told = Told {
    who: "a {request} costs",
    of: " of CPU time",
    ..COST_OF_BYTE
};

const WAIT_OF_HALF: Told = Told {
    role: Role::Wait,
    who: "the median {request} takes",
    times: "as long",
    more: "longer",
    less: "less time",
    of: "",
};

const WAIT_OF_SLOWEST: Told = Told {
    who: "the slowest {request} in 100 takes",
    ..WAIT_OF_HALF
};

const SET_UP: Told = Told {
    role: Role::Lab,
    who: "set-up takes",
    ..WAIT_OF_HALF
};

const TAKE_MEMORY: Told = Told {
    role: Role::Lab,
    who: "a container takes",
    times: "as much kernel memory",
    more: "more kernel memory",
    less: "less kernel memory",
    of: " of kernel memory",
};

const fn at_a_glance(of_requests: bool, focus: Focus) -> Glance {
    Glance { of_requests, focus }
}

/// Of curves whose figures compare by their ratio, where bytes are what moves.
const OF_BYTES: Bends = Bends {
    scale: Scale::Log,
    of_requests: false,
};

const BENDS: Traits = Traits {
    bends: Some(Bends {
        of_requests: true,
        ..OF_BYTES
    }),
    ..PLAIN
};

const FROM_ZERO: Traits = Traits {
    extent: Extent::Zero,
    ..PLAIN
};

/// Of what a closed loop makes wait for the other pairs.
const OF_TURNS: Traits = Traits {
    falls: Some(Falls::Turns),
    ..PLAIN
};

/// A pair's part of what lines of all pairs together tell.
const OF_A_PAIR: Traits = Traits {
    of_bytes: true,
    of_many_pairs: true,
    slopes: None,
    ..PLAIN
};

/// The phases in which a lab is set up.
fn phases_of_setup(record: &Record) -> Vec<(&'static str, f64)> {
    let Some(lab) = &record.lab else {
        return Vec::new();
    };
    let Phases {
        netns,
        links,
        addresses,
        neighbours,
        firewall,
        processes,
    } = lab.phases_ns;
    let parts = [
        ("namespaces", netns),
        ("links", links),
        ("addresses", addresses),
        ("neighbours", neighbours),
        ("rules", firewall),
        ("processes", processes),
    ];
    parts.map(|(name, nanos)| (name, nanos as f64)).into()
}

fn pairs(record: &Record, read: fn(&PerPair) -> f64) -> Option<f64> {
    record.per_pair.as_ref().map(read)
}

fn latency(record: &Record, read: fn(&Latency) -> Option<u64>) -> Option<f64> {
    record
        .latency
        .as_ref()
        .and_then(read)
        .map(|value| value as f64)
}
