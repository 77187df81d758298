//! Where something refuses that is no mechanism with a name, in sentences.

use super::answer::{Answer, Candidate, Class, LONGEST, Of, Subject};
use super::words;
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Limit, Metric};
use crate::report::findings::Shown;
use crate::units::counted;

/// A sentence for each limit that no mechanism is named for.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let limits = analysis.limits.iter();
    let unnamed = limits.filter(|limit| limit.mechanism.is_none());
    unnamed.map(|limit| candidate(analysis, limit)).collect()
}

/// `over a bridge 512 containers could be measured and 1,024 could not: open netlink socket: EPERM`
fn candidate(analysis: &Analysis, limit: &Limit) -> Candidate {
    let text = format!(
        "{} {} could be measured and {} could not",
        words::place(analysis, limit.series),
        words::counts(analysis.count, &[limit.good], &[]),
        grouped(limit.bad as usize),
    );
    let failed = counted(limit.trials, "trial");
    let longer = format!("{text} ({failed}): {}", limit.failure.sentence());
    let is_short = words::words_of(&longer) <= LONGEST;
    let cells = [limit.good, limit.bad].into_iter();
    Candidate {
        answer: Answer {
            rule: "limit",
            about: analysis.series[limit.series].label.clone(),
            cells: cells
                .filter_map(|count| words::cell_at(analysis, limit.series, count))
                .collect(),
            estimate: Some(f64::from(limit.good)),
            interval: Some((f64::from(limit.good), f64::from(limit.bad))),
            evidence: format!("{failed} failed at {}", grouped(limit.bad as usize)),
            words: words::sentence(if is_short { &longer } else { &text }),
            shown: Shown::In(Metric::Goodput),
        },
        class: Class::Refused,
        size: 1.0 / f64::from(limit.good.max(1)),
        says: vec![Subject::Curve {
            label: analysis.series[limit.series].label.clone(),
            of: Of::Lab,
        }],
    }
}
