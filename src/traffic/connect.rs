//! Flows brought up, whoever has their ends: servers listen, clients call, and the calls are taken.
//!
//! Must not know sockets, namespaces or processes. The invariant: every flow comes up or has an error that names it, and what
//! keeps one waiting holds up the others for no longer than a moment at a time.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::plan::Flow;
use super::refusal::{Refusal, Step};
use crate::error::{Error, Result};

/// Flows on their way at once. Each has three descriptors until it is accepted and two after, so this many are needed
/// beyond those of the flows themselves.
const UNDER_WAY: usize = 1024;

/// What a step of a flow has come to; absent where that is not known yet.
pub(super) type News<T, F> = Option<Result<T, F>>;

/// Who has the ends of flows. Each step is asked of some flows, by their numbers, and answered for each of them in their order; it
/// waits for a moment at most, so that what is not known then is asked again.
pub(super) trait Hands {
    /// What keeps a flow from coming up.
    type Failure: Into<Failure>;

    /// Has the server of each listen, and says where.
    ///
    /// # Errors
    /// When nobody can do anything any more; so of all steps.
    fn listen(&mut self, flows: &[usize]) -> Result<Vec<News<SocketAddr, Self::Failure>>>;

    /// Has the client of each call there, or looks what has become of its call, which it makes again where that was lost.
    fn call(&mut self, calls: &[(usize, SocketAddr)]) -> Result<Vec<News<(), Self::Failure>>>;

    /// Has the server of each take its client's call.
    fn accept(&mut self, flows: &[usize]) -> Result<Vec<News<(), Self::Failure>>>;
}

/// What keeps a flow from coming up.
#[derive(Debug)]
pub(super) enum Failure {
    /// The kernel refused a step.
    Refused(Refusal),
    /// Whoever has one of its ends could not be told or heard, for this reason.
    Unheard(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failure {
    /// The error of the flow.
    pub(super) fn of(self, flow: &Flow) -> Error {
        match self {
            Self::Refused(refusal) => refusal.error(flow.to_string()),
            Self::Unheard(reason) => Error::refused("bring up", format!("flow {flow}"), reason),
        }
    }
}

/// Brings flows up within `limit`: for each of them, in their order, why it did not come up, if it did not. `stop` is asked between
/// any two rounds.
///
/// # Errors
/// [`Error::Interrupted`] when `stop` says so, and when nobody can do anything any more.
pub(super) fn bring_up(
    flows: &[Flow],
    hands: &mut impl Hands,
    (limit, stop): (Duration, &dyn Fn() -> bool),
) -> Result<Vec<Result<()>>> {
    let deadline = Instant::now() + limit;
    let mut rounds = Rounds::of(flows);
    while Instant::now() < deadline && !rounds.are_done() {
        if stop() {
            return Err(Error::Interrupted);
        }
        rounds.go_on(hands)?;
    }
    Ok(rounds.end())
}

struct Rounds<'a> {
    flows: &'a [Flow],
    /// Those that nothing has been done for yet.
    waiting: Range<usize>,
    /// Those under way, each with whom its client is to call.
    calls: Vec<(usize, SocketAddr)>,
    ended: Vec<Option<Result<()>>>,
}

impl<'a> Rounds<'a> {
    fn of(flows: &'a [Flow]) -> Self {
        Self {
            flows,
            waiting: 0..flows.len(),
            calls: Vec::new(),
            ended: flows.iter().map(|_| None).collect(),
        }
    }

    fn are_done(&self) -> bool {
        self.waiting.is_empty() && self.calls.is_empty()
    }

    /// Begins as many as there is room for, and asks after all that are under way.
    fn go_on(&mut self, hands: &mut impl Hands) -> Result<()> {
        let room = UNDER_WAY - self.calls.len();
        let begun: Vec<_> = self.waiting.by_ref().take(room).collect();
        if !begun.is_empty() {
            let listening = hands.listen(&begun)?;
            for (flow, own) in self.sift(begun, listening) {
                let call = self.flows[flow].door.map_or(own, |door| door.call);
                self.calls.push((flow, call));
            }
        }
        let called = hands.call(&self.calls)?;
        let calling: Vec<_> = self.calls.iter().map(|(flow, _)| *flow).collect();
        let answered = self.sift(calling, called).into_iter();
        let answered: Vec<_> = answered.map(|(flow, ())| flow).collect();
        if !answered.is_empty() {
            let taken = hands.accept(&answered)?;
            for (flow, ()) in self.sift(answered, taken) {
                self.ended[flow] = Some(Ok(()));
            }
        }
        self.calls.retain(|(flow, _)| self.ended[*flow].is_none());
        Ok(())
    }

    /// The flows of a step that it went well for; those it failed for end with that.
    fn sift<T, F: Into<Failure>>(
        &mut self,
        flows: Vec<usize>,
        news: Vec<News<T, F>>,
    ) -> Vec<(usize, T)> {
        let mut well = Vec::with_capacity(flows.len());
        for (flow, news) in flows.into_iter().zip(news) {
            match news {
                Some(Ok(it)) => well.push((flow, it)),
                Some(Err(failure)) => {
                    let error = failure.into().of(&self.flows[flow]);
                    self.ended[flow] = Some(Err(error));
                }
                None => {}
            }
        }
        well
    }

    /// Time ran out for those that have not ended.
    fn end(self) -> Vec<Result<()>> {
        let late = || Failure::Refused(Refusal::of(Step::Connect, &Errno::ETIMEDOUT.into()));
        let flows = self.flows.iter().zip(self.ended);
        let ended = flows.map(|(flow, ended)| ended.unwrap_or_else(|| Err(late().of(flow))));
        ended.collect()
    }
}

#[cfg(test)]
mod tests;
