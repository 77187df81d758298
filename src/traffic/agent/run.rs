//! A trial by agents: the crew's owner has the flows brought up, lets them run, and measures one window of all.
//!
//! Must not know how the containers came to be. The invariant: every agent with a flow is told the same things in the same
//! order; what one of them cannot do costs its own flows, and the others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::crew::Crew;
use super::message::{Accounts, Launched, Order, Report, Start, Stop, Stopped};
use crate::error::{Error, Result};
use crate::traffic::account::Account;
use crate::traffic::bench::Outfit;
use crate::traffic::connect::{self, Failure, Hands, News};
use crate::traffic::flow::places;
use crate::traffic::ledger::Ledger;
use crate::traffic::moved::Moved;
use crate::traffic::outcome::Outcome;
use crate::traffic::plan::{Flow, Seat};
use crate::traffic::priority::Urgent;
use crate::traffic::refusal::Refusal;
use crate::traffic::trial::{Drive, Trial, Up};
use crate::traffic::window::Measured;
use crate::traffic::{Observer, Settings};

/// How long an agent may take to answer, beyond the time that flows have to connect.
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
    let agents = Agents::new(crew, flows, settings);
    let up = agents.bring_up(&ledger, observer)?;
    let trial = Trial {
        flows,
        ledger: &ledger,
        settings,
        observer,
    };
    trial.measure(up)
}

/// The agents of a trial's flows.
struct Agents<'a> {
    crew: &'a Crew,
    flows: &'a [Flow],
    settings: &'a Settings,
    /// Containers with a flow.
    busy: BTreeSet<u32>,
}

impl<'a> Agents<'a> {
    fn new(crew: &'a Crew, flows: &'a [Flow], settings: &'a Settings) -> Self {
        let busy = flows.iter().flat_map(|flow| [flow.client, flow.server]);
        Self {
            crew,
            flows,
            settings,
            busy: busy.map(|seat| seat.container).collect(),
        }
    }

    /// On return the drivers' threads stand at their gates.
    fn bring_up(self, ledger: &Arc<Ledger>, observer: &dyn Observer) -> Result<Up<Self>> {
        self.fit_out(ledger);
        let mut asking = Asking {
            agents: &self,
            observer,
        };
        let within = self.settings.connect;
        let stop = || observer.interrupted();
        let flows = connect::bring_up(self.flows, &mut asking, (within, &stop))?;
        let (flows, warnings) = asking.launch(flows)?;
        Ok(Up {
            flows,
            warnings,
            ends: self,
        })
    }

    /// Tells all of their flows. One that cannot be told is gone, which its flows will show.
    fn fit_out(&self, ledger: &Arc<Ledger>) {
        let mut own: BTreeMap<u32, BTreeMap<usize, Flow>> = BTreeMap::new();
        for (number, flow) in self.flows.iter().enumerate() {
            for end in [flow.client, flow.server] {
                own.entry(end.container).or_default().insert(number, *flow);
            }
        }
        for (container, flows) in own {
            let outfit = Outfit::of(self.settings, self.flows.len(), flows);
            let _ = self.crew.say(container, &outfit, &[ledger.as_fd()]);
        }
    }

    /// Tells every agent its order, then hears every answer. An agent that fails has its error as its answer.
    fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        orders: &BTreeMap<u32, Q>,
        observer: &dyn Observer,
    ) -> Result<BTreeMap<u32, Result<A>>> {
        let told = orders.iter();
        let told = told.map(|(it, order)| (*it, self.crew.say(*it, order, &[])));
        let told: Vec<_> = told.collect();
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
        let clients = self.flows.iter().map(|flow| flow.client.container);
        let senders: BTreeSet<u32> = clients.collect();
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

impl Drive for Agents<'_> {
    fn drive(self, trial: &mut Trial<'_>) -> Result<(Measured<Moved>, Vec<Account>)> {
        trial.flowing();
        let measured = {
            let _urgent = Urgent::raise();
            self.start();
            trial.window()?
        };
        Ok((measured, self.stop(trial.observer)?))
    }
}

/// Agents who are asked to bring flows up.
struct Asking<'a> {
    agents: &'a Agents<'a>,
    observer: &'a dyn Observer,
}

impl Asking<'_> {
    /// Has a step done for some flows by the agents of those ends of them, and deals the answers out: each agent has answered for
    /// its own, in their order.
    fn round<Q: Copy, T: DeserializeOwned>(
        &self,
        (asked, number): (&[Q], fn(&Q) -> usize),
        whose: fn(&Flow) -> Seat,
        order: fn(Vec<Q>) -> Order,
    ) -> Result<Vec<News<T, Failure>>> {
        let whose = |it: &Q| whose(&self.agents.flows[number(it)]).container;
        let mut orders: BTreeMap<u32, Vec<Q>> = BTreeMap::new();
        for it in asked {
            orders.entry(whose(it)).or_default().push(*it);
        }
        let orders = orders
            .into_iter()
            .map(|(container, own)| (container, order(own)));
        let answers = self
            .agents
            .ask::<_, Vec<News<T, Refusal>>>(&orders.collect(), self.observer)?;
        let answers = answers.into_iter().map(|(container, answer)| {
            let answer = answer.map(Vec::into_iter);
            (container, answer.map_err(|error| error.sentence()))
        });
        let mut answers: BTreeMap<_, _> = answers.collect();
        let dealt = asked.iter().map(|it| {
            let container = whose(it);
            let unheard = |reason| Some(Err(Failure::Unheard(reason)));
            match answers.get_mut(&container) {
                Some(Ok(own)) => match own.next() {
                    Some(news) => news.map(|news| news.map_err(Failure::Refused)),
                    None => unheard(silence_of(container)),
                },
                Some(Err(reason)) => unheard(reason.clone()),
                None => unheard(silence_of(container)),
            }
        });
        Ok(dealt.collect())
    }

    /// Has the drivers of flows that came up wait for the start; also what the kernel did not grant to any. A flow comes up no
    /// more when an end of it cannot be driven.
    fn launch(&self, came: Vec<Result<()>>) -> Result<(Vec<Result<()>>, Vec<String>)> {
        let agents = self.agents;
        let mut own: BTreeMap<u32, Vec<usize>> =
            agents.busy.iter().map(|it| (*it, Vec::new())).collect();
        let flows = agents.flows.iter().enumerate().zip(&came);
        for ((number, flow), _) in flows.filter(|(_, came)| came.is_ok()) {
            for end in [flow.client, flow.server] {
                own.entry(end.container).or_default().push(number);
            }
        }
        let orders = own.into_iter();
        let orders = orders.map(|(container, flows)| (container, Order::Launch(flows)));
        let answers = agents.ask::<_, Launched>(&orders.collect(), self.observer)?;
        let warnings: BTreeSet<_> = answers
            .values()
            .flatten()
            .flat_map(|it| &it.warnings)
            .collect();
        let flows = came.into_iter().zip(agents.flows).map(|(came, flow)| {
            came?;
            let answers = [flow.server, flow.client].map(|end| answers.get(&end.container));
            match answers
                .into_iter()
                .flatten()
                .find_map(|answer| answer.as_ref().err())
            {
                Some(error) => Err(Failure::Unheard(error.sentence()).of(flow)),
                None => Ok(()),
            }
        });
        Ok((flows.collect(), warnings.into_iter().cloned().collect()))
    }
}

impl Hands for Asking<'_> {
    type Failure = Failure;

    fn listen(&mut self, flows: &[usize]) -> Result<Vec<News<SocketAddr, Failure>>> {
        self.round((flows, |it| *it), |flow| flow.server, Order::Listen)
    }

    fn call(&mut self, calls: &[(usize, SocketAddr)]) -> Result<Vec<News<(), Failure>>> {
        self.round((calls, |it| it.0), |flow| flow.client, Order::Call)
    }

    fn accept(&mut self, flows: &[usize]) -> Result<Vec<News<(), Failure>>> {
        self.round((flows, |it| *it), |flow| flow.server, Order::Accept)
    }
}

fn silence_of(container: u32) -> String {
    let object = format!("container {container}");
    let reason = "it has said nothing of a flow of its own";
    Error::refused("hear the agent of", object, reason).sentence()
}
