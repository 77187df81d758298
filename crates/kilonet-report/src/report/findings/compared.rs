//! How many comparisons of levels were told apart, and how well, in a sentence.

use super::finding::{Finding, Shown};
use crate::analysis::{Analysis, Held, Metric, Verdict};
use crate::units::counted;

/// `of 30 comparisons between levels 4 show a difference, 6 show none, and 20 are too uncertain for either`
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let all: Vec<&Held> = analysis.contrasts.iter().map(|it| &it.all).collect();
    let (mut different, mut same, mut unknown) = (0, 0, 0);
    for held in &all {
        match held.verdict {
            Verdict::Different => different += 1,
            Verdict::Same(_) => same += 1,
            Verdict::Unknown => unknown += 1,
        }
    }
    let blocks = || all.iter().map(|held| held.blocks);
    let each = match (blocks().min().unwrap_or(0), blocks().max().unwrap_or(0)) {
        (least, most) if least == most => format!("{least}"),
        (least, most) => format!("{least} to {most}"),
    };
    let finding = (!all.is_empty()).then(|| Finding {
        text: format!(
            "of {} between levels {different} show a difference, {same} show none, and {unknown} are too uncertain for either",
            counted(all.len(), "comparison")
        ),
        evidence: format!(
            "ratios within blocks, {each} each; intervals as wide as all of them together ask"
        ),
        under: Vec::new(),
        shown: Shown::In(analysis.contrasts.first().map_or(Metric::Goodput, |it| it.metric)),
    });
    finding.into_iter().collect()
}
