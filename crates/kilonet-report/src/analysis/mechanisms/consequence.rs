//! What can follow from a mechanism, and how a trial shows it.
//!
//! Must not know mechanisms. The invariant: what has a sign of its own is read as that sign is, with its mark.

use serde::Serialize;

use super::seen::last_phase;
use crate::analysis::signs::{self, Symptom};
use crate::store::record::{FlowCounts, Latency, Record, Status, TrialPhase};

/// What can follow from a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The lab could not be raised; trials.
    SetupFailed,
    /// The trial failed otherwise; trials.
    Failed,
    /// Pairs moved nothing in the window; pairs of all.
    Starved,
    /// Flows ended with an error before the window did; flows of all.
    Died,
    /// Flows stalled, of pairs of which others moved; flows of all.
    Stalled,
    /// Requests were given up, as no response came; requests.
    RequestsLost,
    /// The slowest requests waited for a packet to be sent again, as a first one is after a second; nanoseconds, of the one in
    /// a thousand that took longest (in a hundred, where there were not so many).
    Late,
    /// Requests were answered at less than the rate that was offered; the share of that.
    Behind,
    /// Pairs got unequal shares; Jain's index less than 1 by so much.
    Unfair,
    /// Segments were sent again; the share of what was sent, were each of the usual size.
    Retransmits,
    /// Datagrams were lost; the share.
    DatagramsLost,
    /// Packets were dropped at full backlogs, which bind by themselves where nothing fills them needlessly; packets.
    BacklogDrops,
}

/// What can follow where connections are not let in, or are cut short of what they need.
pub(super) const OF_CONNECTIONS: &[Consequence] = {
    use Consequence::{
        Behind, Died, Failed, Late, RequestsLost, Retransmits, Stalled, Starved, Unfair,
    };
    &[
        Failed,
        Starved,
        Died,
        Stalled,
        RequestsLost,
        Late,
        Behind,
        Unfair,
        Retransmits,
    ]
};

/// What can follow where packets of any kind are dropped.
pub(super) const OF_PACKETS: &[Consequence] = {
    use Consequence::{
        Behind, DatagramsLost, Died, Failed, Late, RequestsLost, Retransmits, Stalled, Starved,
        Unfair,
    };
    &[
        Failed,
        Starved,
        Died,
        Stalled,
        RequestsLost,
        Late,
        Behind,
        Unfair,
        Retransmits,
        DatagramsLost,
    ]
};

/// What can follow where flows are up and get too little of the CPUs.
pub(super) const OF_A_WINDOW: &[Consequence] = {
    use Consequence::{
        Behind, DatagramsLost, Late, RequestsLost, Retransmits, Stalled, Starved, Unfair,
    };
    &[
        Starved,
        Stalled,
        RequestsLost,
        Late,
        Behind,
        Unfair,
        Retransmits,
        DatagramsLost,
    ]
};

/// How a trial shows a consequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shows {
    /// How much: see [`Consequence`].
    pub(super) amount: f64,
    /// Of how many.
    pub(super) of: Option<f64>,
    /// The phase in which it, or most of it, came about; absent where that is not known.
    pub(super) phase: Option<TrialPhase>,
}

/// How long the kernel waits for an answer to a connection's first packet before it sends it again (`TCP_TIMEOUT_INIT`).
const FIRST_TIMEOUT_NS: u64 = 1_000_000_000;
/// An offered rate is kept where no more than one in twenty is missing: what is due at the edges of a window may be.
const KEPT: f64 = 0.95;

impl Consequence {
    /// The sign that it is, where it has one of its own.
    pub(in crate::analysis) fn symptom(self) -> Option<Symptom> {
        match self {
            Self::Starved => Some(Symptom::Starved),
            Self::Unfair => Some(Symptom::Unfair),
            Self::Retransmits => Some(Symptom::Retransmits),
            Self::DatagramsLost => Some(Symptom::DatagramsLost),
            Self::BacklogDrops => Some(Symptom::BacklogDrops),
            Self::SetupFailed
            | Self::Failed
            | Self::Died
            | Self::Stalled
            | Self::RequestsLost
            | Self::Late
            | Self::Behind => None,
        }
    }

    /// Whether some of what was to be measured is lost by it, and not merely slower or uneven.
    pub(crate) fn loses(self) -> bool {
        match self {
            Self::SetupFailed
            | Self::Failed
            | Self::Starved
            | Self::Died
            | Self::Stalled
            | Self::RequestsLost
            | Self::Late
            | Self::Behind => true,
            Self::Unfair | Self::Retransmits | Self::DatagramsLost | Self::BacklogDrops => false,
        }
    }

    /// Whether it is of trials as a whole, which are what is counted then.
    pub(super) fn is_of_whole_trials(self) -> bool {
        match self {
            Self::SetupFailed | Self::Failed => true,
            Self::Starved
            | Self::Died
            | Self::Stalled
            | Self::RequestsLost
            | Self::Late
            | Self::Behind
            | Self::Unfair
            | Self::Retransmits
            | Self::DatagramsLost
            | Self::BacklogDrops => false,
        }
    }

    /// Whether an error by which flows or trials were lost is itself enough to make it.
    pub(super) fn is_of_errors(self) -> bool {
        match self {
            Self::SetupFailed | Self::Failed | Self::Starved | Self::Died => true,
            Self::Stalled
            | Self::RequestsLost
            | Self::Late
            | Self::Behind
            | Self::Unfair
            | Self::Retransmits
            | Self::DatagramsLost
            | Self::BacklogDrops => false,
        }
    }

    /// Whether less of it is worse.
    pub(super) fn is_worse_when_less(self) -> bool {
        self == Self::Behind
    }

    /// What a trial shows of it; absent where there is nothing of it, or too little.
    pub(super) fn of(self, record: &Record) -> Option<Shows> {
        match self {
            Self::SetupFailed => failed(record).filter(|it| it.phase == Some(TrialPhase::Setup)),
            Self::Failed => failed(record).filter(|it| it.phase != Some(TrialPhase::Setup)),
            Self::Starved => starved(record),
            Self::Died => flows(record, |of| of.died, lost_in(record)),
            Self::Stalled => flows(record, stalled(record), Some(TrialPhase::Window)),
            Self::RequestsLost => {
                let lost = record.flows?.lost_requests;
                (lost > 0).then(|| in_window(lost as f64))
            }
            Self::Late => late(record),
            Self::Behind => behind(record),
            Self::Unfair | Self::Retransmits | Self::DatagramsLost | Self::BacklogDrops => {
                signs::of_trial(self.symptom()?, record).map(in_window)
            }
        }
    }
}

fn in_window(amount: f64) -> Shows {
    Shows {
        amount,
        of: None,
        phase: Some(TrialPhase::Window),
    }
}

fn failed(record: &Record) -> Option<Shows> {
    (record.status == Status::Failed).then(|| Shows {
        amount: 1.0,
        of: None,
        phase: last_phase(record),
    })
}

fn starved(record: &Record) -> Option<Shows> {
    signs::of_trial(Symptom::Starved, record)?;
    let pairs = record.per_pair?;
    Some(Shows {
        amount: f64::from(pairs.starved),
        of: Some(f64::from(record.cell.pairs)),
        phase: lost_in(record),
    })
}

/// The phase in which most of the flows that were lost or stalled were lost: by their errors, and in the window what has none.
fn lost_in(record: &Record) -> Option<TrialPhase> {
    let of = record.flows?;
    let by_errors: u32 = record.errors.iter().map(|it| it.flows).sum();
    let lost = of.expected.saturating_sub(of.connected) + of.died + of.stalled;
    if by_errors < lost.saturating_sub(of.stalled) {
        // Some are of a record that does not say when each was lost.
        return None;
    }
    let lost_before = [TrialPhase::Setup, TrialPhase::Connect, TrialPhase::Warmup].map(|phase| {
        let errors = record.errors.iter().filter(|it| it.phase == phase);
        (errors.map(|it| it.flows).sum::<u32>(), phase)
    });
    let before: u32 = lost_before.iter().map(|(flows, _)| flows).sum();
    let in_window = (lost.saturating_sub(before), TrialPhase::Window);
    let all = lost_before.into_iter().chain([in_window]);
    all.max_by_key(|(flows, _)| *flows).map(|(_, phase)| phase)
}

fn flows(
    record: &Record,
    count: impl FnOnce(FlowCounts) -> u32,
    phase: Option<TrialPhase>,
) -> Option<Shows> {
    let all = record.flows?;
    let amount = count(all);
    (amount > 0).then(|| Shows {
        amount: f64::from(amount),
        of: Some(f64::from(all.expected)),
        phase,
    })
}

/// Where pairs starved, their stalled flows are told of as that.
fn stalled(record: &Record) -> impl FnOnce(FlowCounts) -> u32 {
    let starved = record.per_pair.is_some_and(|it| it.starved > 0);
    move |all| if starved { 0 } else { all.stalled }
}

/// From which share of connections above a second on the one in a thousand that took longest is among those.
const ONE_IN_A_THOUSAND: f64 = 1e-3;

fn late(record: &Record) -> Option<Shows> {
    let slowest = |of: &Latency| of.p999_ns.or(of.p99_ns);
    let classes = record.classes.iter().filter_map(|of| of.latency.as_ref());
    let all = record.latency.iter().chain(classes);
    // Of what had not ended nothing is in the percentiles, and it took longer than its age.
    let hung = record.under_way.filter(|of| of.above_1s > 0);
    let hung = hung.filter(|_| record.above_1s_ratio() >= Some(ONE_IN_A_THOUSAND));
    let hung = hung.map(|of| of.oldest_ns);
    let slowest = all.filter_map(slowest).chain(hung).max()?;
    (slowest >= FIRST_TIMEOUT_NS).then(|| in_window(slowest as f64))
}

fn behind(record: &Record) -> Option<Shows> {
    let load = record.cell.load;
    let rate = load.rate.filter(|_| load.is_offered())?;
    let done = record.aggregate?.transactions_per_s?;
    let share = done / (f64::from(rate) * f64::from(record.cell.flows()));
    (share < KEPT && record.classes.is_empty()).then(|| in_window(share))
}
