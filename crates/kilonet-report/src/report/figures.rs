//! All figures of a report: what each of its forms draws from, computed once.
//!
//! Must not know what draws them. The invariant: a figure is computed when the first form asks for it, and never again.

use std::cell::OnceCell;

use super::answers::Answer;
use super::figure::{self, Counts, Figure, Panel, SHEETS, Sheet};
use super::findings::Shown;
use super::look::Looks;
use crate::analysis::metric::Focus;
use crate::analysis::{Analysis, Metric};

/// The figures of a run, for every form of its report.
pub struct Figures<'a> {
    /// What they are of.
    pub analysis: &'a Analysis,
    /// The axis of all counts.
    pub(super) counts: Counts,
    /// What tells the series apart.
    pub(super) looks: Looks,
    /// In reading order; a run without a panel's metric has no figure of it.
    panels: Vec<(&'static Panel, OnceCell<Option<Figure<'a>>>)>,
}

impl<'a> Figures<'a> {
    /// Those of a run.
    #[must_use]
    pub fn of(analysis: &'a Analysis) -> Self {
        let panels = SHEETS.iter().flat_map(|sheet| sheet.panels);
        Self {
            analysis,
            counts: figure::counts(analysis),
            looks: Looks::of(&analysis.series),
            panels: panels.map(|panel| (panel, OnceCell::new())).collect(),
        }
    }

    /// All that there are, in reading order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Figure<'a>> {
        let metrics = self.panels.iter().map(|(panel, _)| panel.metric);
        metrics.filter_map(|metric| self.by_metric(metric))
    }

    /// Those that stand in one file.
    pub(super) fn of_sheet(&self, sheet: &Sheet) -> impl Iterator<Item = &Figure<'a>> {
        let metrics = sheet.panels.iter().map(|panel| panel.metric);
        metrics.filter_map(|metric| self.by_metric(metric))
    }

    /// The figure that shows an answer; where none does, that of what all pairs get through, or the first that there is.
    pub(super) fn showing(&self, answer: Option<&Answer>) -> Option<&Figure<'a>> {
        let shown = answer.and_then(|answer| match answer.shown {
            Shown::In(metric) => self.by_metric(metric),
            Shown::Section(_) => None,
        });
        let glance = || {
            let metric = Metric::at_a_glance(self.analysis.of_requests, Focus::All)?;
            self.by_metric(metric)
        };
        let telling = shown.filter(|figure| !figure.says_little());
        telling.or_else(glance).or_else(|| self.all().next())
    }

    /// The figure in which a metric is drawn, if any cell carries it.
    pub(super) fn by_metric(&self, metric: Metric) -> Option<&Figure<'a>> {
        let mut panels = self.panels.iter();
        let (panel, figure) = panels.find(|(panel, _)| panel.metric == metric)?;
        figure
            .get_or_init(|| figure::of(panel, self.analysis))
            .as_ref()
    }
}
