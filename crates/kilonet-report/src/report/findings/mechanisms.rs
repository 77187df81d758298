//! What bound or broke, in sentences: each mechanism with where it began, and under it what follows, what the kernel says, and what
//! helps.

use super::finding::{Finding, Shown};
use crate::analysis::mechanisms::{
    BoundCell, Certainty, Consequence, Drops, Explained, ExplainedCell, Filling, Intervention,
    Unit, Usual,
};
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, Mechanism, Metric};
use crate::store::record::TrialPhase;
use crate::units::{counted, three_digits};

/// A finding for each mechanism.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let mechanisms = analysis.mechanisms.iter();
    mechanisms.map(|one| finding(analysis, one)).collect()
}

/// `the neighbour table was full (net.ipv4.neigh.default.gc_thresh3 = 128): bridge from 128 containers on, first while flows connected`
fn finding(analysis: &Analysis, one: &Mechanism) -> Finding {
    let probably = match one.certain {
        Certainty::Witnessed => "",
        Certainty::ByError => "probably, by its error: ",
    };
    let limit = one.limit.as_ref();
    let limit = limit.map(|of| format!(" ({} = {})", of.name, of.value.replace('\t', " ")));
    let curves = one.cells.chunk_by(|left, right| left.nth == right.nth);
    let places = curves.zip(&one.began);
    let places: Vec<_> = places
        .map(|(cells, began)| place(analysis, cells, began.onwards))
        .collect();
    let phase = one
        .began_at
        .phase
        .map(|phase| format!(", first {}", when(phase)));
    Finding {
        text: format!(
            "{probably}{}{}: {}{}",
            one.title,
            limit.unwrap_or_default(),
            places.join("; "),
            phase.unwrap_or_default()
        ),
        evidence: evidence(analysis, one),
        under: under(analysis, one),
        shown: Shown::In(seen_in(one)),
    }
}

/// The figure in which what follows from it first is seen, or what the whole node moves.
pub(in crate::report) fn seen_in(one: &Mechanism) -> Metric {
    let first = one.explains.first().map(|of| of.consequence);
    first.map_or(Metric::Goodput, |consequence| match consequence {
        Consequence::Starved | Consequence::Unfair => Metric::Jain,
        Consequence::RequestsLost | Consequence::Behind => Metric::Transactions,
        Consequence::Late => Metric::LatencyP99,
        Consequence::DatagramsLost => Metric::Loss,
        Consequence::SetupFailed
        | Consequence::Failed
        | Consequence::Died
        | Consequence::Stalled
        | Consequence::Retransmits
        | Consequence::BacklogDrops => Metric::Goodput,
    })
}

/// `bridge from 128 containers on`, where it bound at every larger count; `bridge at 128 and 256 containers`
fn place(analysis: &Analysis, cells: &[BoundCell], onwards: bool) -> String {
    let (series, noun) = (&cells[0].series, analysis.count.noun());
    let counts: Vec<_> = cells.iter().map(|cell| cell.count).collect();
    if onwards && counts.len() > 1 {
        let first = grouped(counts[0] as usize);
        return format!("{series} from {first} {noun} on");
    }
    format!("{series} at {} {noun}", listed(&counts))
}

/// `2, 4`; their ends where there are many.
fn listed(counts: &[u32]) -> String {
    let show = |count: &u32| grouped(*count as usize);
    match counts {
        [first, _, _, _, .., last] => {
            format!(
                "{} counts from {} to {}",
                counts.len(),
                show(first),
                show(last)
            )
        }
        few => few.iter().map(show).collect::<Vec<_>>().join(", "),
    }
}

/// When that was, in words.
fn when(phase: TrialPhase) -> &'static str {
    match phase {
        TrialPhase::Setup => "while the lab was set up",
        TrialPhase::Connect => "while flows connected",
        TrialPhase::Warmup => "in the warm-up",
        TrialPhase::Window => "in the window",
        TrialPhase::Teardown => "while the lab was removed",
    }
}

/// `neighbour_overflows: up to 1,234 times; 3 of 8 cells, 9 trials`
fn evidence(analysis: &Analysis, one: &Mechanism) -> String {
    let trials: usize = one.cells.iter().map(|cell| cell.trials.len()).sum();
    format!(
        "{}: up to {}; {} of {}, {}",
        one.witness.name,
        amount(one),
        one.cells.len(),
        counted(analysis.cells.len(), "cell"),
        counted(trials, "trial")
    )
}

/// The most of what shows it in a trial: `1,234 packets`, `97.2 % of the pages`.
fn amount(one: &Mechanism) -> String {
    match one.witness.unit {
        Unit::Things(noun) => things(one.witness.amount, noun),
        Unit::Share(of) => format!("{} {of}", Quantity::Percent.show(one.witness.amount)),
    }
}

/// `1 packet`, `1,234 packets`
fn things(amount: f64, noun: &str) -> String {
    let number = number(amount);
    if number == "1" {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A number of things as it is, another in three digits.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and amounts are non-negative"
)]
fn number(amount: f64) -> String {
    if amount.fract() == 0.0 {
        grouped(amount as usize)
    } else {
        three_digits(amount)
    }
}

/// What stands under a mechanism: what more is known of it, what follows, the kernel's own words, and what helps.
fn under(analysis: &Analysis, one: &Mechanism) -> Vec<String> {
    let filling = one.filling.iter().map(filled);
    // At the largest count it shows most; programs are told of all.
    let interventions = one.interventions.iter().max_by_key(|of| of.count);
    let interventions = interventions.map(intervention);
    let explains = one.explains.iter().map(|of| consequence(analysis, of));
    let drops = one.drops.iter().map(dropped);
    let line = one.kernel_line.as_ref();
    let line = line.map(|line| format!("the kernel logged: \"{}\"", line.trim()));
    filling
        .chain(explains)
        .chain(interventions)
        .chain(drops)
        .chain(line)
        .chain([format!("remedy: {}", one.remedy)])
        .collect()
}

/// `the kernel dropped 1,234 packets for CPU_BACKLOG until the window was over, on the whole machine`
fn dropped(of: &Drops) -> String {
    let packets = things(of.packets as f64, "packet");
    format!(
        "the kernel dropped {packets} for {} until the window was over, on the whole machine",
        of.reason
    )
}

/// `so up to 64 of 128 pairs moved nothing in the window: bridge at 256, 512`
fn consequence(analysis: &Analysis, explained: &Explained) -> String {
    let what = worst(explained);
    let curves = explained
        .cells
        .chunk_by(|left, right| left.nth == right.nth);
    let places = curves.map(|cells| {
        let counts: Vec<_> = cells.iter().map(|cell| cell.count).collect();
        format!(
            "{} at {}{}",
            cells[0].series,
            listed(&counts),
            refused(analysis, cells)
        )
    });
    format!("so {what}: {}", places.collect::<Vec<_>>().join("; "))
}

/// What follows where it is worst: `up to 64 of 128 pairs moved nothing in the window`.
pub(in crate::report) fn worst(explained: &Explained) -> String {
    let share = |cell: &ExplainedCell| cell.amount / cell.of.unwrap_or(1.0);
    let cells = explained.cells.iter();
    let least = explained.consequence == Consequence::Behind;
    let worst = cells.max_by(|a, b| {
        let order = share(a).total_cmp(&share(b));
        if least { order.reverse() } else { order }
    });
    worst.map_or_else(String::new, |worst| {
        follows(explained.consequence, worst, explained.cells.len() > 1)
    })
}

/// What follows, at its worst.
fn follows(consequence: Consequence, worst: &ExplainedCell, of_many: bool) -> String {
    let amount = number(worst.amount);
    let up_to = if of_many { "up to " } else { "" };
    let parts = |noun: &str| match worst.of {
        Some(all) => format!("{up_to}{amount} of {}", things(all, noun)),
        None => format!("{up_to}{}", things(worst.amount, noun)),
    };
    let percent = |share: f64| Quantity::Percent.show(share);
    match consequence {
        Consequence::SetupFailed => format!("set-up failed in {}", parts("trial")),
        Consequence::Failed => format!("{} failed", parts("trial")),
        Consequence::Starved => format!("{} moved nothing in the window", parts("pair")),
        Consequence::Died => format!("{} ended with an error", parts("flow")),
        Consequence::Stalled => format!("{} stalled", parts("flow")),
        Consequence::RequestsLost => format!("{} were given up", parts("request")),
        Consequence::Late => {
            let waited = Quantity::Time.show(worst.amount);
            format!("the slowest requests took {up_to}{waited}")
        }
        Consequence::Behind => {
            format!(
                "requests were answered at {} of the rate that was offered",
                percent(worst.amount)
            )
        }
        Consequence::Unfair => format!(
            "pairs got unequal shares, down to {} by Jain's index",
            three_digits(1.0 - worst.amount)
        ),
        Consequence::Retransmits => {
            format!(
                "{up_to}{} of the payload was sent again",
                percent(worst.amount)
            )
        }
        Consequence::DatagramsLost => {
            format!(
                "{up_to}{} of the datagrams were lost",
                percent(worst.amount)
            )
        }
        Consequence::BacklogDrops => {
            format!("{} were dropped at full backlogs", parts("packet"))
        }
    }
}

/// ` (1,022 could be measured; add port v01022 to bridge br0: EXFULL)`, where a curve ends there.
fn refused(analysis: &Analysis, cells: &[ExplainedCell]) -> String {
    let mut limits = analysis.limits.iter();
    let limit = limits.find(|limit| {
        let ends = |cell: &ExplainedCell| (cell.nth, cell.count) == (limit.series, limit.bad);
        limit.mechanism.is_some() && cells.iter().any(ends)
    });
    limit.map_or_else(String::new, |limit| {
        let good = grouped(limit.good as usize);
        format!(" ({good} could be measured; {})", limit.failure.sentence())
    })
}

/// `it holds 5,000 connections; it was full 400 ms after flows began to run, after 5,000 more connections, at 12.5 k/s; ...`
fn filled(of: &Filling) -> String {
    let latest = if of.at_the_latest {
        "at the latest "
    } else {
        ""
    };
    let least = if of.at_the_latest { "at least " } else { "" };
    let since = if of.in_window {
        "the window opened"
    } else {
        "flows began to run"
    };
    let seconds = |s: f64| Quantity::Time.show(s * 1e9);
    let whole = |number: u64| grouped(usize::try_from(number).unwrap_or(usize::MAX));
    let holds = of
        .entries
        .map(|entries| format!("it holds {} connections", whole(entries)));
    let full = of
        .full_after_s
        .map(|s| format!("it was full {latest}{} after {since}", seconds(s)));
    let after = of
        .connections
        .map(|made| format!("after {} more connections", whole(made)));
    let rate = of
        .connections_per_s
        .map(|rate| format!("at {least}{}", Quantity::Count.show(rate)));
    let stay = of
        .closed_stay_s
        .map(|s| format!("a closed connection keeps its entry for {s} s"));
    let apart = format!(
        "{} entries could not be inserted (insert_failed), {} packets were dropped (drop), {} entries were evicted (early_drop)",
        whole(of.insert_failed),
        whole(of.drops),
        whole(of.early_drops)
    );
    let usual = of.usual_full_after_s.map(|s| {
        let owner = match of.usual {
            Usual::OfTheMachine => "this machine's table of",
            Usual::OfTheKernel => "the kernel's default table of",
        };
        let size = whole(of.usual_entries);
        format!(
            "{owner} {size} would be full after {latest}{} at this rate",
            seconds(s)
        )
    });
    let filled = [full, after, rate].into_iter().flatten();
    let filled = filled.collect::<Vec<_>>().join(", ");
    let filled = Some(filled).filter(|text| !text.is_empty());
    let parts = [holds, filled, stay, Some(apart), usual];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `bridge at 1,000: with buffers = 64 KiB in place of auto it was not there, and 25.0 Gb/s was moved in place of 10.0 Gb/s: ...`
fn intervention(of: &Intervention) -> String {
    let (with, without) = of.goodput_bps;
    let rate = |bps| Quantity::Rate.show(bps);
    let verdict = if without > with {
        "goodput was higher without it, so it was the limit"
    } else {
        "goodput was no higher without it, so something else is the limit"
    };
    let waited = of.p99_ns.map(|(under, free)| {
        let [under, free] = [under, free].map(|ns| Quantity::Time.show(ns));
        format!("; p99 latency was {free} instead of {under}")
    });
    format!(
        "{} at {}: with {} = {} instead of {} this did not happen, and goodput was {} instead of {}: {verdict}{}",
        of.series,
        grouped(of.count as usize),
        of.factor,
        of.levels.1,
        of.levels.0,
        rate(without),
        rate(with),
        waited.unwrap_or_default()
    )
}
