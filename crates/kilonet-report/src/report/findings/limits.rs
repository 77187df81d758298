//! Where something refuses that is no mechanism with a name, in sentences.

use super::finding::{Finding, Shown};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Limit, Metric};

/// A finding for each limit that is not told of with what refuses there.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let limits = analysis.limits.iter();
    let unnamed = limits.filter(|limit| limit.mechanism.is_none());
    unnamed.map(|limit| finding(analysis, limit)).collect()
}

/// `bridge: 1,022 containers could be measured, 1,024 are refused: open netlink socket: EPERM`
fn finding(analysis: &Analysis, limit: &Limit) -> Finding {
    let (good, bad) = (grouped(limit.good as usize), grouped(limit.bad as usize));
    Finding {
        text: format!(
            "{}: {good} {} could be measured, {bad} are refused: {}",
            analysis.series[limit.series].label,
            analysis.count.noun(),
            limit.failure.sentence()
        ),
        evidence: match limit.trials {
            1 => format!("the one trial at {bad} failed"),
            many => format!("all {many} trials at {bad} failed"),
        },
        under: Vec::new(),
        shown: Shown::In(Metric::Goodput),
    }
}
