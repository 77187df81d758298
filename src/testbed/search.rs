//! The highest rate at which no more than a given share of datagrams is lost (RFC 2544, section 26.1): several windows of
//! one lab, at rates that close in on it.
//!
//! Must not know sockets. The invariant: what is handed back was measured in a window that passed, and in none at a higher
//! rate.

use super::{Measurement, Phase, Testbed, TrialPlan, Watch};
use crate::error::{Error, Remedy, Result};
use crate::scenario::{Cell, MOST_WINDOWS, Search};
use crate::stats::Bisection;
use crate::store::record::{DatagramCounts, RateSearch, SearchStep};

/// The share of the datagrams that are due which may be left out where a rate counts as offered: the share above which a
/// window has a warning of it.
const LEFT_OUT: f64 = 0.001;

/// Measures what a trial asks for: one window, or the one that a search ends at.
///
/// # Errors
/// Those of [`Testbed::measure`], and where a search finds no rate that passes.
pub fn measure<T: Testbed>(
    testbed: &mut T,
    lab: &T::Lab,
    trial: TrialPlan<'_>,
    watch: &dyn Watch,
) -> Result<Measurement> {
    let Some(accepted_loss) = trial.cell.load.search.accepted_loss() else {
        return testbed.measure(lab, trial, watch);
    };
    let hunt = Hunt {
        trial,
        accepted_loss,
        steps: Vec::new(),
        best: None,
    };
    hunt.run(&mut |trial| {
        watch.phase(Phase::Connect);
        testbed.measure(lab, trial, watch)
    })
}

/// What measures one window.
type Measure<'a> = dyn FnMut(TrialPlan<'_>) -> Result<Measurement> + 'a;

/// A search that goes on.
struct Hunt<'a> {
    trial: TrialPlan<'a>,
    accepted_loss: f64,
    steps: Vec<SearchStep>,
    /// That of the highest rate that passed.
    best: Option<Measurement>,
}

impl Hunt<'_> {
    fn run(mut self, measure: &mut Measure<'_>) -> Result<Measurement> {
        let mut bisection = match self.trial.cell.load.rate {
            Some(rate) => Bisection::new(rate, None, MOST_WINDOWS),
            None => match self.unbridled(measure)? {
                Some(bisection) => bisection,
                None => return self.found(None),
            },
        };
        while let Some(rate) = bisection.next() {
            let measurement = self.window(Some(rate), measure)?;
            bisection.tell(self.judge(Some(rate), measurement));
        }
        self.found(bisection.resolution())
    }

    /// Begins without a rate to begin at: as fast as it goes. What was received then is a good guess, and what was sent is
    /// too much: a node that is busy with what it drops may carry more where less is sent. None where not even that is.
    fn unbridled(&mut self, measure: &mut Measure<'_>) -> Result<Option<Bisection>> {
        let measurement = self.window(None, measure)?;
        let seconds = measurement.window.duration_ns as f64 / 1e9;
        let flows = f64::from(self.trial.cell.flows());
        let of_each = |count: u64| rounded(count as f64 / seconds / flows);
        let counts = measurement.flows.datagrams;
        let received = counts.map_or(0, |counts| of_each(counts.datagrams_received));
        let sent = counts.map(|counts| of_each(counts.datagrams_sent));
        let passed = self.judge(None, measurement);
        Ok((!passed).then(|| Bisection::new(received, sent, MOST_WINDOWS - 1)))
    }

    /// One window at a rate.
    fn window(&self, rate: Option<u32>, measure: &mut Measure<'_>) -> Result<Measurement> {
        let mut cell: Cell = self.trial.cell.clone();
        cell.load.rate = rate;
        cell.load.search = Search::None;
        measure(TrialPlan {
            cell: &cell,
            ..self.trial
        })
    }

    /// Whether a window passes. One that does is at a higher rate than all that did before.
    fn judge(&mut self, rate: Option<u32>, measurement: Measurement) -> bool {
        let flows = measurement.flows;
        let loss_ratio = measurement.aggregate.loss_ratio;
        let left_out_share = flows.datagrams.map_or(0.0, left_out_share);
        let lost_flows = flows.expected - flows.connected + flows.died;
        let passed = loss_ratio.is_some_and(|loss| loss <= self.accepted_loss)
            && left_out_share <= LEFT_OUT
            && lost_flows == 0;
        self.steps.push(SearchStep {
            rate,
            loss_ratio,
            left_out_share,
            lost_flows,
            passed,
        });
        if passed {
            self.best = Some(measurement);
        }
        passed
    }

    fn found(self, resolution: Option<f64>) -> Result<Measurement> {
        let Some(best) = self.best else {
            return Err(nothing_found(self.trial.cell.load.search, &self.steps));
        };
        Ok(Measurement {
            search: Some(RateSearch {
                accepted_loss: self.accepted_loss,
                resolution,
                steps: self.steps,
            }),
            ..best
        })
    }
}

fn left_out_share(counts: DatagramCounts) -> f64 {
    let due = counts.left_out_datagrams + counts.datagrams_sent;
    counts.left_out_datagrams as f64 / due.max(1) as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is not negative, and beyond u32 it saturates"
)]
fn rounded(rate: f64) -> u32 {
    rate as u32
}

/// The rates fall from one failure to the next, so the last of them is the lowest.
fn nothing_found(search: Search, steps: &[SearchStep]) -> Error {
    let lowest = steps.last().copied().unwrap_or_default();
    let rate = lowest.rate.unwrap_or_default();
    let left_out = lowest.left_out_share * 100.0;
    let lost = match lowest.loss_ratio {
        Some(loss) => format!("{:.2} % were lost", loss * 100.0),
        None => "none were sent".to_owned(),
    };
    let flows = match lowest.lost_flows {
        0 => String::new(),
        count => format!(", with {count} of its flows lost"),
    };
    let object = format!("a rate at which no more than {search} of datagrams are lost");
    let reason = format!(
        "at {rate}/s a flow, the lowest tried, {lost} and {left_out:.2} % of those due were not sent{flows}"
    );
    Error::refused("find", object, reason).with_remedy(Remedy::EasierSearch)
}

#[cfg(test)]
pub(crate) mod tests;
