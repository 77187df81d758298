//! Whether curves are of networks, and how much less is asked of those that are not.

use crate::analysis::Analysis;

/// How much less it is asked of a lab without links, which no network is.
const CEILING: f64 = 0.5;

/// Whether all these curves are of labs with links.
pub(super) fn have_links(analysis: &Analysis, series: &[usize]) -> bool {
    series.iter().all(|nth| {
        let first = analysis.series[*nth].cells.first();
        first.is_none_or(|nth| analysis.cells[*nth].cell.topology.has_links())
    })
}

/// How much what is said of these curves weighs.
pub(super) fn weight(analysis: &Analysis, series: &[usize]) -> f64 {
    if have_links(analysis, series) {
        1.0
    } else {
        CEILING
    }
}
