//! Where something refuses, in sentences.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Limit, Metric};

/// A finding for each limit.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let limits = analysis.limits.iter();
    limits.map(|limit| finding(analysis, limit)).collect()
}

/// `bridge: 1,022 containers stand and 1,024 are refused: add port v01022 to bridge br0: EXFULL (a Linux bridge holds 1,023 ports)`
fn finding(analysis: &Analysis, limit: &Limit) -> Finding {
    let mechanism = limit.mechanism.map(|name| format!(" ({name})"));
    let (good, bad) = (grouped(limit.good as usize), grouped(limit.bad as usize));
    Finding {
        text: format!(
            "{}: {good} {} could be measured, {bad} are refused: {}{}",
            analysis.series[limit.series].label,
            analysis.count.noun(),
            limit.failure.sentence(),
            mechanism.unwrap_or_default()
        ),
        evidence: match limit.trials {
            1 => format!("the one trial at {bad} failed"),
            many => format!("all {many} trials at {bad} failed"),
        },
        shown: Shown::In(Metric::Goodput),
    }
}
