//! By which errors flows were lost, and in which phase of the trial.
//!
//! The invariant: a flow that was lost is counted once.

use std::time::Duration;

use nix::errno::Errno;

use crate::store::record::{FlowErrors, TrialPhase};
use crate::traffic::{FlowStatus, Loss, Outcome};

/// Those of a window, in the order in which flows first met them.
pub(super) fn of(outcome: &Outcome) -> Vec<FlowErrors> {
    let window = Duration::from_nanos(outcome.window.duration_ns);
    let mut met: Vec<FlowErrors> = Vec::new();
    for (phase, loss) in outcome
        .flows
        .iter()
        .filter_map(|flow| lost(&flow.status, window))
    {
        let errno = loss
            .errno
            .map(|number| format!("{:?}", Errno::from_raw(number)));
        // What no number tells apart, its words do.
        let same = |it: &&mut FlowErrors| {
            (it.phase, &it.act, &it.errno) == (phase, &loss.act, &errno)
                && (errno.is_some() || it.first == loss.sentence)
        };
        match met.iter_mut().find(same) {
            Some(known) => known.flows += 1,
            None => met.push(FlowErrors {
                phase,
                act: loss.act.clone(),
                errno,
                flows: 1,
                first: loss.sentence.clone(),
            }),
        }
    }
    met
}

fn lost(status: &FlowStatus, window: Duration) -> Option<(TrialPhase, &Loss)> {
    match status {
        FlowStatus::Ok | FlowStatus::Stalled => None,
        FlowStatus::Unconnected(loss) => Some((TrialPhase::Connect, loss)),
        FlowStatus::Died { loss, before_end } if *before_end > window => {
            Some((TrialPhase::Warmup, loss))
        }
        FlowStatus::Died { loss, .. } => Some((TrialPhase::Window, loss)),
    }
}
