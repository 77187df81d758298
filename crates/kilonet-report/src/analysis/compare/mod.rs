//! Two runs, cell by cell: what got better, what got worse, what stayed, and of what nothing can be said.
//!
//! Must not know words. The invariant: only figures of the same cell and metric are held against each other, both of trials
//! that may be shown; what one side lacks is said, and never counted as a figure.
//!
//! `draft` finds which cells and figures there are to compare, by `matching` (which cell is which) and `fingerprint` (what
//! differs beside the figures); `verdict` is what may be said of them all together;
//! `model` is what it is handed on as.

mod draft;
mod fingerprint;
mod matching;
mod model;
mod verdict;

use crate::error::Result;
use draft::{Draft, Side};

pub use fingerprint::{Difference, Kind};
pub use model::{Against, CellPair, Comparison, Figure, Folder, Presence, Source, Standing};
pub use verdict::{Change, Doubt, Terms, Verdict};

impl Comparison {
    /// Holds runs against a base. All their figures together are one family: the more there are, the clearer a single one
    /// must be.
    ///
    /// # Errors
    /// When a run has no cell in common with the base.
    pub fn of(base: &Folder, news: &[Folder], terms: Terms) -> Result<Self> {
        let side = Side::of(base);
        let drafts: Vec<_> = news
            .iter()
            .map(|new| Draft::of([&side, &Side::of(new)], &terms))
            .collect::<Result<_>>()?;
        let all: Vec<_> = drafts.iter().flat_map(Draft::samples).collect();
        let mut findings = verdict::findings(&all, &terms).into_iter();
        let news = drafts.iter().map(|draft| draft.decided(&mut findings));
        Ok(Self {
            base: Source::of(base),
            news: news.collect(),
            terms,
        })
    }

    /// Every cell of every run.
    pub fn cells(&self) -> impl Iterator<Item = &CellPair> {
        self.news.iter().flat_map(|against| &against.cells)
    }

    /// Every figure that is compared.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.cells().flat_map(|cell| &cell.figures)
    }

    /// How many figures are worse by the threshold or more, and cells that fail now.
    #[must_use]
    pub fn regressions(&self) -> usize {
        let fail = |cell: &&CellPair| cell.presence == Presence::FailsNow;
        let figures = self.figures().filter(|figure| figure.regression);
        self.cells().filter(fail).count() + figures.count()
    }
}

#[cfg(test)]
mod tests;
