//! Levels between which no difference larger than so much is left open, in sentences.
//!
//! The invariant: said only of levels that differ at no count in nothing that crosses the lab; the size is rounded up.

use super::answer::{Answer, Candidate, Class, Of, Subject};
use super::pairs::{looks_at, told};
use super::words;
use crate::analysis::metric::row::{Role, Told};
use crate::analysis::{Analysis, Contrast, Held, Verdict, tell};
use crate::report::findings::Shown;
use crate::units::counted;

pub(super) const RULE: &str = "same";

/// A sentence for each two levels.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let contrasts = analysis.contrasts.iter();
    let same = contrasts.filter_map(|contrast| {
        let told = told(analysis, contrast)?;
        let is_asked = [Role::Through, Role::Cost].contains(&told.role);
        let within = within(contrast).filter(|_| is_asked && !differs(analysis, contrast))?;
        candidate(analysis, contrast, told, &within)
    });
    same.collect()
}

/// By how much levels differ at most.
struct Within {
    share: f64,
    over: &'static str,
}

/// By how much levels differ at most at every count, or else on average over counts that are alike.
fn within(contrast: &Contrast) -> Option<Within> {
    let all = Some(&contrast.all).filter(|_| contrast.is_alike);
    let mut each = contrast.at.iter().map(|at| &at.held);
    let least = |held: &Held| match held.verdict {
        Verdict::Same(within) => Some(within),
        Verdict::Different | Verdict::Unknown => None,
    };
    let each = each.try_fold(0.0, |most: f64, it| Some(most.max(least(it)?)));
    let of = |over| move |share| Within { share, over };
    let average = || all.and_then(least).map(of("on average over"));
    each.map(of("at")).or_else(average)
}

/// Whether its levels differ anywhere in what crosses the lab.
fn differs(analysis: &Analysis, one: &Contrast) -> bool {
    let alike = analysis.contrasts.iter().filter(|other| {
        (other.factor, &other.from, &other.to) == (one.factor, &one.from, &one.to)
            && told(analysis, other).is_some_and(|told| looks_at(told.role) == Of::Traffic)
    });
    let mut held = alike.flat_map(|it| it.at.iter().map(|at| &at.held).chain([&it.all]));
    held.any(|held| match held.verdict {
        Verdict::Different => true,
        Verdict::Same(_) | Verdict::Unknown => false,
    })
}

/// `no difference larger than 4 % at 2 to 32 containers: pairs together move as much over veth pairs as over a bridge (45.1 Gb/s at 32)`
fn candidate(
    analysis: &Analysis,
    one: &Contrast,
    told: Told,
    within: &Within,
) -> Option<Candidate> {
    let called = words::called(analysis);
    let counts: Vec<_> = one.at.iter().map(|at| at.count).collect();
    let last = *counts.last()?;
    let cell = words::cell_at(analysis, one.base, last)?;
    let median = analysis.cells[cell].estimate(one.metric)?.median;
    let at = words::at_last(&counts);
    let text = format!(
        "no difference larger than {} % {} {}: {} {} {} as {} ({}{at})",
        rounded_up(within.share),
        within.over,
        words::counts(analysis.count, &counts, &counts),
        called.fill(told.who),
        called.fill(told.times),
        tell(one.factor, &one.to),
        tell(one.factor, &one.from),
        words::value(one.metric, called, median),
    );
    let held = &one.all;
    Some(Candidate {
        answer: Answer {
            rule: RULE,
            about: words::about_levels(one.metric, one.factor, &[&one.from, &one.to]),
            cells: [one.base, one.other]
                .into_iter()
                .flat_map(|series| counts.iter().map(move |count| (series, *count)))
                .filter_map(|(series, count)| words::cell_at(analysis, series, count))
                .collect(),
            estimate: held.ratio,
            interval: held.interval,
            evidence: format!(
                "{} within blocks; the interval holds for all contrasts of the run together",
                counted(held.blocks, "ratio")
            ),
            words: words::sentence(&text),
            shown: Shown::In(one.metric),
        },
        class: Class::Same,
        size: -within.share,
        says: vec![Subject::levels(one.factor, &one.from, &one.to, Of::Traffic)],
    })
}

/// Hundredths, with a tenth where there are few: `4`, `0.7`.
fn rounded_up(share: f64) -> String {
    let hundredths = share * 100.0;
    if hundredths > 1.0 {
        format!("{:.0}", hundredths.ceil())
    } else {
        format!("{:.1}", (hundredths * 10.0).ceil() / 10.0)
    }
}
