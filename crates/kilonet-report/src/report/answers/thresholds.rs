//! Thresholds of the scenario that were not kept, in sentences: one for each condition.

use super::answer::{Answer, Candidate, Class, LONGEST, Subject};
use super::words;
use crate::analysis::Analysis;
use crate::analysis::fail_if::{Failing, Judged};
use crate::plan::cell_id;
use crate::report::findings::{self, Shown};
use crate::units::counted;

/// A sentence for each condition for which the run fails.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let all = analysis.fail_if.iter().enumerate();
    all.filter_map(|(nth, judged)| candidate(analysis, nth, judged))
        .collect()
}

fn candidate(analysis: &Analysis, nth: usize, judged: &Judged) -> Option<Candidate> {
    let known = judged.failing.iter().find(|it| it.value.is_some());
    let first = known.or(judged.failing.first())?;
    let (number, of) = (judged.failing.len(), judged.cells);
    let ids: Vec<_> = judged.failing.iter().map(|it| it.cell.as_str()).collect();
    let cells = analysis.cells.iter().enumerate();
    let cells = cells.filter(|(_, cell)| ids.contains(&cell_id(&cell.cell).as_str()));
    Some(Candidate {
        answer: Answer {
            rule: "threshold",
            about: judged.subject.to_owned(),
            cells: cells.map(|(nth, _)| nth).collect(),
            estimate: first.value,
            interval: None,
            evidence: format!("{} of {} failed fail_if", number, counted(of, "cell")),
            words: words::sentence(&text(judged, first)),
            shown: Shown::In(findings::seen_of(judged)),
        },
        class: Class::Failed,
        size: ((nth + 1) as f64).recip(),
        says: vec![Subject::Threshold(nth)],
    })
}

/// `goodput of bridge at 64 containers was 3.20 Gb/s, below the 5 Gb/s that fail_if asks for, and so in 2 more cells`
fn text(judged: &Judged, first: &Failing) -> String {
    let said = findings::failure(judged, first);
    let more = match judged.failing.len() - 1 {
        0 => String::new(),
        more => format!("; {} more failed", counted(more, "cell")),
    };
    let quantity = judged.condition.subject.quantity();
    let limit = quantity.tick(judged.limit);
    let short = format!(
        "{} failed fail_if ({} {} {limit}), {} first",
        counted(judged.failing.len(), "cell"),
        judged.subject,
        judged.comparison,
        first.place
    );
    let shortest = format!(
        "{} of {} failed fail_if ({} {} {limit})",
        judged.failing.len(),
        counted(judged.cells, "cell"),
        judged.subject,
        judged.comparison
    );
    let room = [format!("{said}{more}"), said, short];
    let fits = room
        .into_iter()
        .find(|text| words::words_of(text) <= LONGEST);
    fits.unwrap_or(shortest)
}
