//! Where a panel's plot lies: its four sides, and the scales of its two axes.
//!
//! Must not know what is plotted. The invariant: beside the plot there is room for its curves' labels, and above it for its
//! caption.

use super::canvas::text_width;
use super::panel::{MARGIN, Paper};
use crate::report::scale::{Range, Scale};

/// Room left of the plot, for tick labels.
const LEFT: f64 = 92.0;
/// Room above the plot, for the caption.
const CAPTION: f64 = 30.0;

/// See the file's head.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Frame {
    /// The frame of a panel on a paper that begins at `top`, with these labels at its right.
    pub(super) fn beside<'a>(
        labels: impl Iterator<Item = &'a str>,
        (paper, top): (Paper, f64),
        x: Range,
        y: Range,
    ) -> Self {
        let widest = labels
            .map(|label| text_width(&shortened(label)))
            .fold(0.0, f64::max);
        let (left, right) = (LEFT, paper.width - MARGIN - widest - 22.0);
        let (top, bottom) = (top + CAPTION, top + CAPTION + paper.plot);
        Self {
            left,
            right,
            top,
            bottom,
            x: x.along((left, right)),
            y: y.along((bottom, top)),
        }
    }

    /// Where a value at a count is.
    pub(super) fn place(&self, count: u32, value: f64) -> (f64, f64) {
        (self.x.place(f64::from(count)), self.y.place(value))
    }
}

pub(super) fn shortened(label: &str) -> String {
    if label.chars().count() <= LONGEST {
        return label.to_owned();
    }
    label.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// The longest label that leaves the plot enough room; longer ones are cut.
pub(super) const LONGEST: usize = 34;
