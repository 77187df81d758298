//! That trials are too few to tell levels apart, and how many would.

use super::answer::{Answer, Candidate, Class, LONGEST, Of, Subject};
use super::pairs::told;
use super::{networks, words};
use crate::analysis::metric::row::{Role, Told};
use crate::analysis::{Analysis, Contrast, Verdict, tell};
use crate::report::findings::Shown;
use crate::units::counted;

/// A difference that is worth knowing.
const WORTH: f64 = 0.1;

/// So many standard errors from sameness a difference is as good as always found, for all that an interval is widened for others.
const ERRORS: f64 = 4.0;

/// A sentence for the first two levels in what people ask for first; of networks, if any are compared.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let contrasts = analysis.contrasts.iter().filter_map(|one| {
        let told = told(analysis, one).filter(|told| told.role == Role::Through)?;
        is_unknown(one).then_some((one, told))
    });
    let first = contrasts.min_by_key(|(one, _)| !networks::have_links(analysis, &one.sides()));
    let first = first.and_then(|(one, told)| candidate(analysis, one, told));
    first.into_iter().collect()
}

/// Whether nothing can be said of the largest count.
fn is_unknown(one: &Contrast) -> bool {
    one.at.last().is_some_and(|at| match at.held.verdict {
        Verdict::Unknown => true,
        Verdict::Different | Verdict::Same(_) => false,
    })
}

/// `3 trials cannot tell whether pairs move as much over veth pairs as over a bridge at 512 containers; about 40 would show a difference of 10 %`
fn candidate(analysis: &Analysis, one: &Contrast, told: Told) -> Option<Candidate> {
    let last = one.at.last()?;
    let cell = |series| words::cell_at(analysis, series, last.count);
    let cells = [cell(one.base)?, cell(one.other)?];
    let scatter = |nth: usize| Some(analysis.cells[nth].scatter?.between);
    let [base, other] = cells.map(scatter);
    let needed = base.zip(other).map(|(base, other)| {
        let trials = (ERRORS / (1.0 + WORTH).ln()).powi(2) * (base.powi(2) + other.powi(2));
        trials.ceil()
    });
    let needed = needed.filter(|needed| *needed > last.held.blocks as f64 && *needed < 1e4);
    let needed = needed.map_or_else(
        || "; more or longer ones are needed".to_owned(),
        |needed| {
            format!(
                "; about {needed} would show a difference of {:.0} %",
                WORTH * 100.0
            )
        },
    );
    let called = words::called(analysis);
    let text = format!(
        "{} cannot tell whether {} {} {} as {} at {}",
        counted(last.held.blocks, "trial"),
        called.fill(told.who),
        called.fill(told.times),
        tell(one.factor, &one.to),
        tell(one.factor, &one.from),
        words::counts(analysis.count, &[last.count], &[]),
    );
    let longer = format!("{text}{needed}");
    let is_short = words::words_of(&longer) <= LONGEST;
    Some(Candidate {
        answer: Answer {
            rule: "unknown",
            about: words::about_levels(one.metric, one.factor, &[&one.from, &one.to]),
            cells: cells.to_vec(),
            estimate: last.held.ratio,
            interval: last.held.interval,
            evidence:
                "the interval of the ratio holds 1, and is too wide to call the levels the same"
                    .to_owned(),
            words: words::sentence(if is_short { &longer } else { &text }),
            shown: Shown::In(one.metric),
        },
        class: Class::Unknown,
        size: 0.0,
        says: vec![Subject::levels(one.factor, &one.from, &one.to, Of::Traffic)],
    })
}
