//! The findings, as the page lists them: each with a link to where it is seen.
//!
//! The invariant: a link leads to a figure or a section by the name the page gives it.

use crate::report::answers::Answer;
use crate::report::findings::{Finding, Shown};

/// A finding and where its link leads.
#[derive(Debug)]
pub(super) struct Found {
    /// What was found.
    pub(super) text: String,
    /// The places that it holds for beyond those that a reader takes in.
    pub(super) rest: Option<Rest>,
    /// What it rests on.
    pub(super) evidence: String,
    /// What stands under it.
    pub(super) under: Vec<String>,
    /// The name of the element in which it is seen.
    pub(super) anchor: String,
}

/// The end of a long list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rest {
    /// How many items it has.
    pub(super) items: usize,
    /// The items.
    pub(super) text: String,
}

/// Bytes of a sentence that a reader takes in at once.
const SHORT: usize = 360;

/// Parts a long list after the last item that has room; a sentence that is no list stays whole.
fn parted(text: String) -> (String, Option<Rest>) {
    let ends = text.match_indices("; ").map(|(at, _)| at);
    let Some(end) = ends.take_while(|at| *at <= SHORT).last() else {
        return (text, None);
    };
    if text.len() <= SHORT {
        return (text, None);
    }
    let rest = text[end + 2..].to_owned();
    let items = rest.matches("; ").count() + 1;
    let text = text[..=end].to_owned();
    (text, Some(Rest { items, text: rest }))
}

/// Findings, in the order in which they are told.
pub(super) fn found(findings: Vec<Finding>) -> Vec<Found> {
    findings.into_iter().map(Found::of).collect()
}

impl Found {
    /// A sentence that the page begins with.
    pub(super) fn answer(answer: Answer) -> Self {
        Self {
            text: answer.words,
            rest: None,
            evidence: answer.evidence,
            under: Vec::new(),
            anchor: anchor(answer.shown),
        }
    }

    fn of(finding: Finding) -> Self {
        let anchor = anchor(finding.shown);
        let (text, rest) = parted(finding.text);
        Self {
            text,
            rest,
            evidence: finding.evidence,
            under: finding.under,
            anchor,
        }
    }
}

fn anchor(shown: Shown) -> String {
    match shown {
        Shown::In(metric) => format!("figure-{}", metric.key()),
        Shown::Section(id) => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::report::figure::SHEETS;
    use crate::report::findings;
    use crate::store::sample;

    #[test]
    fn a_long_list_is_parted_between_two_items_and_loses_none() {
        let short = "lost at: a; b; c".to_owned();
        assert_eq!(parted(short.clone()), (short, None));
        let sentence = "x".repeat(2 * SHORT);
        assert_eq!(parted(sentence.clone()), (sentence, None));
        let items: Vec<_> = (0..200).map(|place| format!("veth at {place}")).collect();
        let (text, rest) = parted(items.join("; "));
        let rest = rest.unwrap();
        assert!(text.len() <= SHORT + 1 && text.ends_with(';'));
        assert_eq!(text.matches(';').count() + rest.items, 200);
        assert_eq!(format!("{text} {}", rest.text), items.join("; "));
    }

    #[test]
    fn links_lead_to_figures_and_sections_of_the_page() {
        let analysis = Analysis::of(&sample::sweep(64));
        let anchors: Vec<_> = found(findings::findings(&analysis))
            .into_iter()
            .map(|one| one.anchor)
            .collect();
        assert!(
            anchors.contains(&"figure-goodput".to_owned()),
            "{anchors:?}"
        );
        let panels = SHEETS.iter().flat_map(|sheet| sheet.panels);
        let figures: Vec<_> = panels.map(|panel| panel.metric.key()).collect();
        for anchor in &anchors {
            let metric = anchor.strip_prefix("figure-").unwrap();
            assert!(figures.iter().any(|figure| figure == metric), "{anchor}");
        }
    }
}
