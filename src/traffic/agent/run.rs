//! A trial by agents: the crew's owner has the flows brought up, lets them run, and measures one window of all.
//!
//! Must not know how the containers came to be. The invariant: every agent with a flow is told the same things in the same
//! order; what one of them cannot do costs its own flows, and the others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::crew::Crew;
use super::message::{
    Accepted, Accepts, Accounts, Call, Called, Calls, Ear, Listening, Outfit, Refusal, Report,
    Start, Stop, Stopped,
};
use crate::error::{Error, Result};
use crate::traffic::account::Account;
use crate::traffic::dials::Dials;
use crate::traffic::flow::places;
use crate::traffic::ledger::Ledger;
use crate::traffic::outcome::{Finished, Outcome, Roll};
use crate::traffic::plan::{Flow, Seat};
use crate::traffic::priority::Urgent;
use crate::traffic::window::{self, Counters};
use crate::traffic::{Observer, Settings};

/// How long an agent may take to answer, beyond what it was given for calls.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// Has the crew bring the flows up and drive them, and measures one window. On return nothing moves any more; the agents
/// have served, and are of no further use.
///
/// # Errors
/// When no flow connects (the first one's cause), and [`Error::Interrupted`] when the observer says so.
pub fn run(
    crew: &Crew,
    flows: &[Flow],
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let ledger = Ledger::create(places(flows.len()))?;
    let plan = Rounds::new(crew, flows, settings);
    let connected = plan.bring_up(&ledger, observer)?;
    let (_, roll) = Roll::call(flows.to_vec(), connected.flows, connected.warnings)?;
    let mut counters = Counters {
        ledger: &ledger,
        flows: flows.len(),
    };
    observer.flowing(Dials::new(&ledger, flows));
    let measured = {
        let _urgent = Urgent::raise();
        plan.start();
        window::measure(&mut counters, settings, observer)?
    };
    Ok(roll.outcome(Finished {
        measured,
        accounts: plan.stop(observer)?,
        ledger: &ledger,
    }))
}

/// What connecting came to, for each flow.
struct Connected {
    flows: Vec<Result<()>>,
    warnings: Vec<String>,
}

/// The rounds of orders and answers.
struct Rounds<'a> {
    crew: &'a Crew,
    flows: &'a [Flow],
    settings: &'a Settings,
    /// Containers with a flow.
    busy: BTreeSet<u32>,
}

impl<'a> Rounds<'a> {
    fn new(crew: &'a Crew, flows: &'a [Flow], settings: &'a Settings) -> Self {
        let busy = flows.iter().flat_map(|flow| [flow.client, flow.server]);
        Self {
            crew,
            flows,
            settings,
            busy: busy.map(|seat| seat.container).collect(),
        }
    }

    /// Listening first, then calling, then taking the calls that were made: nobody waits for a call that never comes.
    fn bring_up(&self, ledger: &Arc<Ledger>, observer: &dyn Observer) -> Result<Connected> {
        let listening = self.listen(ledger, observer)?;
        let called = self.call(listening, observer)?;
        self.accept(called, observer)
    }

    fn listen(
        &self,
        ledger: &Arc<Ledger>,
        observer: &dyn Observer,
    ) -> Result<Vec<Result<SocketAddr>>> {
        let told = self.busy.iter().map(|container| {
            let outfit = self.outfit(*container);
            let told = self.crew.say(*container, &outfit, &[ledger.as_fd()]);
            (*container, told)
        });
        let answers = self.hear_all::<Listening>(told.collect(), observer)?;
        let answers = answers
            .into_iter()
            .map(|(it, answer)| (it, answer.map(|it| it.0)));
        let every = self.flows.iter().map(|_| Ok(()));
        Ok(self.deal(every.collect(), answers.collect(), |flow| flow.server))
    }

    fn outfit(&self, container: u32) -> Outfit {
        let settings = self.settings;
        let served = self.flows.iter().enumerate();
        let served = served.filter(|(_, flow)| flow.server.container == container);
        Outfit {
            flows: self.flows.len(),
            driver: settings.driver,
            congestion: settings.congestion.clone(),
            buffers: settings.buffers,
            patience: settings.connect,
            listen: served
                .map(|(number, flow)| Ear {
                    flow: number,
                    orders: flow.orders,
                    address: flow.listens_at(),
                })
                .collect(),
        }
    }

    fn call(
        &self,
        listening: Vec<Result<SocketAddr>>,
        observer: &dyn Observer,
    ) -> Result<Vec<Result<()>>> {
        let mut orders: BTreeMap<u32, Calls> = self.silence();
        for ((number, flow), address) in self.flows.iter().enumerate().zip(&listening) {
            if let (Ok(address), Some(calls)) = (address, orders.get_mut(&flow.client.container)) {
                calls.0.push(Call {
                    flow: number,
                    orders: flow.orders,
                    from: flow.client.address,
                    to: flow.door.map_or(*address, |door| door.call),
                });
            }
        }
        let answers = self.ask::<_, Called>(&orders, observer)?;
        let answers = answers
            .into_iter()
            .map(|(it, answer)| (it, answer.map(|it| it.0)));
        Ok(self.deal(listening, answers.collect(), |flow| flow.client))
    }

    fn accept(&self, called: Vec<Result<()>>, observer: &dyn Observer) -> Result<Connected> {
        let mut orders: BTreeMap<u32, Accepts> = self.silence();
        for ((number, flow), called) in self.flows.iter().enumerate().zip(&called) {
            if let (Ok(()), Some(accepts)) = (called, orders.get_mut(&flow.server.container)) {
                accepts.0.push(number);
            }
        }
        let mut warnings = BTreeSet::new();
        let mut answers = BTreeMap::new();
        for (container, answer) in self.ask::<_, Accepted>(&orders, observer)? {
            let flows = answer.map(|answer| {
                warnings.extend(answer.warnings);
                answer.flows
            });
            answers.insert(container, flows);
        }
        Ok(Connected {
            flows: self.deal(called, answers, |flow| flow.server),
            warnings: warnings.into_iter().collect(),
        })
    }

    /// An order for every busy agent that asks nothing of it yet.
    fn silence<Q: Default>(&self) -> BTreeMap<u32, Q> {
        self.busy.iter().map(|it| (*it, Q::default())).collect()
    }

    /// Deals answers out to the flows that were still well: each agent has answered for its own, in their order.
    fn deal<A, T>(
        &self,
        before: Vec<Result<A>>,
        answers: BTreeMap<u32, Result<Vec<Result<T, Refusal>>>>,
        whose: impl Fn(&Flow) -> Seat,
    ) -> Vec<Result<T>> {
        let mut answers: BTreeMap<u32, _> = answers
            .into_iter()
            .map(|(container, answer)| (container, answer.map(Vec::into_iter)))
            .collect();
        let dealt = before.into_iter().zip(self.flows).map(|(before, flow)| {
            before?;
            let container = whose(flow).container;
            match answers.get_mut(&container) {
                Some(Ok(own)) => match own.next() {
                    Some(result) => result.map_err(|refusal| failed(flow, &refusal)),
                    None => Err(silent(container)),
                },
                Some(Err(error)) => Err(Error::refused(
                    "bring up",
                    format!("flow {flow}"),
                    error.sentence(),
                )),
                None => Err(silent(container)),
            }
        });
        dealt.collect()
    }

    /// Tells every agent its order, then hears every answer. An agent that fails has its error as its answer.
    fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        orders: &BTreeMap<u32, Q>,
        observer: &dyn Observer,
    ) -> Result<BTreeMap<u32, Result<A>>> {
        let told = orders.iter();
        let told = told.map(|(it, order)| (*it, self.crew.say(*it, order, &[])));
        self.hear_all(told.collect(), observer)
    }

    fn hear_all<A: DeserializeOwned>(
        &self,
        told: Vec<(u32, Result<()>)>,
        observer: &dyn Observer,
    ) -> Result<BTreeMap<u32, Result<A>>> {
        let deadline = Instant::now() + self.settings.connect + ANSWER_LIMIT;
        let stop = || {
            if observer.interrupted() {
                Err(Error::Interrupted)
            } else {
                Ok(())
            }
        };
        let mut answers = BTreeMap::new();
        for (container, told) in told {
            let heard = told.and_then(|()| self.crew.hear(container, deadline, &stop));
            if matches!(heard, Err(Error::Interrupted)) {
                return Err(Error::Interrupted);
            }
            answers.insert(container, heard);
        }
        Ok(answers)
    }

    /// One that cannot be told is gone, which its flows will show.
    fn start(&self) {
        for container in &self.busy {
            let _ = self.crew.say(*container, &Start, &[]);
        }
    }

    /// Stops the senders, then the receivers, which have read all that was sent by then, and hears their accounts. One that
    /// does not answer has none.
    fn stop(&self, observer: &dyn Observer) -> Result<Vec<Account>> {
        let senders: BTreeSet<u32> = self
            .flows
            .iter()
            .map(|flow| flow.client.container)
            .collect();
        let (first, last): (BTreeSet<u32>, BTreeSet<u32>) =
            self.busy.iter().partition(|it| senders.contains(it));
        for group in [first, last] {
            let orders = group.into_iter().map(|it| (it, Stop)).collect();
            self.ask::<_, Stopped>(&orders, observer)?;
        }
        let orders = self.busy.iter().map(|it| (*it, Report)).collect();
        let answers = self.ask::<_, Accounts>(&orders, observer)?;
        let accounts = answers.into_values().flatten();
        Ok(accounts.flat_map(|accounts| accounts.0).collect())
    }
}

fn failed(flow: &Flow, refusal: &Refusal) -> Error {
    let source = io::Error::from_raw_os_error(refusal.errno);
    Error::kernel(refusal.act, flow.to_string(), source)
}

fn silent(container: u32) -> Error {
    Error::refused(
        "hear the agent of",
        format!("container {container}"),
        "it has said nothing of a flow of its own",
    )
}
