//! The findings, as the page lists them: each with a link to where it is seen.
//!
//! The invariant: a link leads to a figure or a section by the name the page gives it.

use crate::analysis::{Analysis, Metric};
use crate::report::findings::{self, Finding, Shown};

/// A finding and where its link leads.
#[derive(Debug)]
pub(super) struct Found {
    /// What was found.
    pub(super) text: String,
    /// What it rests on.
    pub(super) evidence: String,
    /// The name of the element in which it is seen.
    pub(super) anchor: String,
}

/// Every finding, in the order in which they are told.
pub(super) fn found(analysis: &Analysis) -> Vec<Found> {
    let findings = findings::findings(analysis).into_iter();
    findings.map(Found::of).collect()
}

impl Found {
    fn of(finding: Finding) -> Self {
        let anchor = match finding.shown {
            Shown::In(metric) => format!("figure-{}", name(metric)),
            Shown::Section(id) => id.to_owned(),
        };
        Self {
            text: finding.text,
            evidence: finding.evidence,
            anchor,
        }
    }
}

/// A metric's name in the page's data, by which its figure is named.
fn name(metric: Metric) -> String {
    let name = serde_json::to_value(metric).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    #[test]
    fn links_lead_to_figures_and_sections_of_the_page() {
        let analysis = Analysis::of(&sample::sweep(64));
        let anchors: Vec<_> = found(&analysis).into_iter().map(|one| one.anchor).collect();
        assert!(
            anchors.contains(&"figure-pair_p50".to_owned()),
            "{anchors:?}"
        );
        let figures = include_str!("assets/figures.js");
        for anchor in &anchors {
            let metric = anchor.strip_prefix("figure-").unwrap();
            assert!(
                figures.contains(&format!("metric: \"{metric}\"")),
                "{anchor}"
            );
        }
    }
}
