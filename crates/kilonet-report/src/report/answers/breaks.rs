//! What bound or broke, in sentences: from which count on, and what it came to.
//!
//! The invariant: one that is known by its error alone is said to be probable.

use super::answer::{Answer, Candidate, Class, LONGEST, Subject};
use super::{pairs, words};
use crate::analysis::mechanisms::{Began, BoundCell, Certainty, Intervention};
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, Mechanism};
use crate::report::findings::{self, Shown};
use crate::units::counted;

/// A sentence for each mechanism.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let all = analysis.mechanisms.iter().enumerate();
    all.map(|(nth, one)| candidate(analysis, nth, one))
        .collect()
}

/// `from 64 containers the neighbour table was full (gc_thresh3 = 128); 31 of 32 pairs moved nothing in the window`
fn candidate(analysis: &Analysis, nth: usize, one: &Mechanism) -> Candidate {
    let cells = one.cells.iter();
    let cells = cells.filter_map(|cell| words::cell_at(analysis, cell.nth, cell.count));
    Candidate {
        answer: Answer {
            rule: "mechanism",
            about: one.id.to_owned(),
            cells: cells.collect(),
            estimate: Some(one.witness.amount),
            interval: None,
            evidence: evidence(one),
            words: words::sentence(&text(analysis, one)),
            shown: Shown::In(findings::seen_in(one)),
        },
        class: class(analysis, one),
        size: if breaks(analysis, one) {
            // As the analysis has them: what explains most first.
            ((nth + 1) as f64).recip()
        } else {
            one.interventions.iter().map(gain).fold(0.0, f64::max)
        },
        says: vec![Subject::Mechanism(one.id)],
    }
}

fn class(analysis: &Analysis, one: &Mechanism) -> Class {
    if breaks(analysis, one) {
        Class::Broke
    } else if one.interventions.iter().any(|of| gain(of) > 0.0) {
        Class::Effect
    } else {
        Class::Bound
    }
}

/// Whether something is lost by it, or it sets apart what is compared.
fn breaks(analysis: &Analysis, one: &Mechanism) -> bool {
    let loses = one.explains.iter().any(|it| it.consequence.loses());
    let mut contrasts = analysis.contrasts.iter();
    loses || contrasts.any(|contrast| pairs::sets_apart(one, contrast))
}

/// How much more is moved without it, as a logarithm.
fn gain(of: &Intervention) -> f64 {
    let (with, without) = of.goodput_bps;
    (without / with).ln().max(0.0)
}

/// As much of it as there is room for, the most telling first.
fn text(analysis: &Analysis, one: &Mechanism) -> String {
    let probably = match one.certain {
        Certainty::Witnessed => "",
        Certainty::ByError => "probably ",
    };
    let start = format!("{} {probably}{}", began(analysis, one), one.title);
    let limit = one.limit.as_ref().map(|limit| {
        let name = limit.name.rsplit('.').next().unwrap_or(&limit.name);
        format!(" ({name} = {})", limit.value.replace('\t', " "))
    });
    let limit = limit.unwrap_or_default();
    let follows = format!("; {}", follows(one));
    let room = [
        format!("{start}{limit}{follows}"),
        format!("{start}{follows}"),
        format!("{start}{limit}"),
    ];
    let short = room
        .into_iter()
        .find(|text| words::words_of(text) <= LONGEST);
    short.unwrap_or(start)
}

/// `over a bridge from 64 containers`, `on 2 of 6 curves at 2 containers`; the curves only where there are others.
fn began(analysis: &Analysis, one: &Mechanism) -> String {
    let from = if one.began.iter().all(|it| goes_on(one, it)) {
        "from"
    } else {
        "at"
    };
    let count = words::counts(analysis.count, &[one.began_at.count], &[]);
    match (one.began.len(), analysis.series.len()) {
        (some, all) if some == all => format!("{from} {count}"),
        (1, _) => {
            let place = words::place(analysis, one.cells[0].nth);
            format!("{place} {from} {count}")
        }
        (some, all) => format!("on {some} of {all} curves {from} {count}"),
    }
}

/// Whether it bound at every larger count of a curve, and there is one.
fn goes_on(one: &Mechanism, began: &Began) -> bool {
    let mut cells = one.cells.iter();
    let is_larger = |cell: &BoundCell| cell.series == began.series && cell.count > began.count;
    began.onwards && cells.any(is_larger)
}

/// What is lost by it, or else what the same traffic comes to without it, or how often it was seen.
fn follows(one: &Mechanism) -> String {
    let lost = one.explains.iter().find(|it| it.consequence.loses());
    let best = one
        .interventions
        .iter()
        .max_by(|a, b| gain(a).total_cmp(&gain(b)));
    match (lost, best) {
        (Some(lost), _) => findings::worst(lost),
        (None, Some(of)) => {
            let (with, without) = of.goodput_bps;
            let rates = words::both(Quantity::Rate, (without, with), "instead of");
            format!(
                "with {} = {} pairs together move {rates}",
                of.factor, of.levels.1
            )
        }
        (None, None) => format!("seen in {}", trials(one)),
    }
}

/// Those that it was seen in.
fn trials(one: &Mechanism) -> String {
    let each = one.cells.iter().map(|cell| cell.trials.len());
    counted(each.sum::<usize>(), "trial")
}

fn evidence(one: &Mechanism) -> String {
    format!(
        "{} in {} of {}, from {} on",
        one.witness.name,
        trials(one),
        counted(one.cells.len(), "cell"),
        grouped(one.began_at.count as usize)
    )
}
