//! A trial by agents: the crew's owner has the flows brought up, lets them run, and measures one window of all.
//!
//! Must not know how the containers came to be. The invariant: every agent with a flow is told the same things in the same
//! order; what one of them cannot do costs its own flows, and the others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
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
use crate::scenario::Orders;
use crate::traffic::account::Account;
use crate::traffic::dials::Dials;
use crate::traffic::flow::places;
use crate::traffic::ledger::Ledger;
use crate::traffic::outcome::{Finished, Outcome, Roll};
use crate::traffic::plan::FlowName;
use crate::traffic::priority::Urgent;
use crate::traffic::window::{self, Counters};
use crate::traffic::{Observer, Settings};

/// How long an agent may take to answer, beyond what it was given for calls.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// A flow between two containers, each of which has an agent: `client` sends, `server` receives.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Pair, from 0.
    pub pair: u32,
    /// Stream of the pair, from 0.
    pub stream: u32,
    /// Container that sends.
    pub client: u32,
    /// Container that receives.
    pub server: u32,
    /// The address it is sent from.
    pub from: IpAddr,
    /// Where the server listens; port 0 is one that the kernel chooses.
    pub listen: SocketAddr,
    /// Whom the client calls, where that is not the address the server listens on: the published port of it.
    pub call: Option<SocketAddr>,
    /// What it does, where that is not what the settings say.
    pub orders: Option<Orders>,
}

impl Route {
    fn orders(&self, settings: &Settings) -> Orders {
        self.orders.unwrap_or(settings.orders())
    }

    fn name(&self, settings: &Settings) -> FlowName {
        FlowName {
            pair: self.pair,
            stream: self.stream,
            client: self.client,
            server: self.server,
            orders: self.orders(settings),
        }
    }

    fn failed(&self, refusal: &Refusal) -> Error {
        let to = self.call.unwrap_or(self.listen).ip();
        let object = format!("{}.{} from {} to {to}", self.pair, self.stream, self.from);
        let source = io::Error::from_raw_os_error(refusal.errno);
        Error::kernel(refusal.act, object, source)
    }
}

/// Has the crew bring the flows up and drive them, and measures one window. On return nothing moves any more; the agents
/// have served, and are of no further use.
///
/// # Errors
/// When no flow connects (the first one's cause), and [`Error::Interrupted`] when the observer says so.
pub fn run(
    crew: &Crew,
    routes: &[Route],
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let ledger = Ledger::create(places(routes.len()))?;
    let plan = Rounds::new(crew, routes, settings);
    let connected = plan.bring_up(&ledger, observer)?;
    let names = routes.iter().map(|route| route.name(settings));
    let names: Vec<_> = names.collect();
    let (_, roll) = Roll::call(names.clone(), connected.flows, connected.warnings)?;
    let mut counters = Counters {
        ledger: &ledger,
        flows: routes.len(),
    };
    observer.flowing(Dials::new(&ledger, &names));
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

/// What connecting came to, for each route.
struct Connected {
    flows: Vec<Result<()>>,
    warnings: Vec<String>,
}

/// The rounds of orders and answers.
struct Rounds<'a> {
    crew: &'a Crew,
    routes: &'a [Route],
    settings: &'a Settings,
    /// Containers with a flow.
    busy: BTreeSet<u32>,
}

impl<'a> Rounds<'a> {
    fn new(crew: &'a Crew, routes: &'a [Route], settings: &'a Settings) -> Self {
        let busy = routes.iter().flat_map(|route| [route.client, route.server]);
        Self {
            crew,
            routes,
            settings,
            busy: busy.collect(),
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
        let every = self.routes.iter().map(|_| Ok(()));
        Ok(self.deal(every.collect(), answers.collect(), |route| route.server))
    }

    fn outfit(&self, container: u32) -> Outfit {
        let settings = self.settings;
        let served = self.routes.iter().enumerate();
        let served = served.filter(|(_, route)| route.server == container);
        Outfit {
            flows: self.routes.len(),
            driver: settings.driver,
            congestion: settings.congestion.clone(),
            buffers: settings.buffers,
            patience: settings.connect,
            listen: served
                .map(|(flow, route)| Ear {
                    flow,
                    orders: route.orders(settings),
                    address: route.listen,
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
        for ((flow, route), address) in self.routes.iter().enumerate().zip(&listening) {
            if let (Ok(address), Some(calls)) = (address, orders.get_mut(&route.client)) {
                calls.0.push(Call {
                    flow,
                    orders: route.orders(self.settings),
                    from: route.from,
                    to: route.call.unwrap_or(*address),
                });
            }
        }
        let answers = self.ask::<_, Called>(&orders, observer)?;
        let answers = answers
            .into_iter()
            .map(|(it, answer)| (it, answer.map(|it| it.0)));
        Ok(self.deal(listening, answers.collect(), |route| route.client))
    }

    fn accept(&self, called: Vec<Result<()>>, observer: &dyn Observer) -> Result<Connected> {
        let mut orders: BTreeMap<u32, Accepts> = self.silence();
        for ((flow, route), called) in self.routes.iter().enumerate().zip(&called) {
            if let (Ok(()), Some(accepts)) = (called, orders.get_mut(&route.server)) {
                accepts.0.push(flow);
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
            flows: self.deal(called, answers, |route| route.server),
            warnings: warnings.into_iter().collect(),
        })
    }

    /// An order for every busy agent that asks nothing of it yet.
    fn silence<Q: Default>(&self) -> BTreeMap<u32, Q> {
        self.busy.iter().map(|it| (*it, Q::default())).collect()
    }

    /// Deals answers out to the routes that were still well: each agent has answered for its own, in their order.
    fn deal<A, T>(
        &self,
        before: Vec<Result<A>>,
        answers: BTreeMap<u32, Result<Vec<Result<T, Refusal>>>>,
        whose: impl Fn(&Route) -> u32,
    ) -> Vec<Result<T>> {
        let mut answers: BTreeMap<u32, _> = answers
            .into_iter()
            .map(|(container, answer)| (container, answer.map(Vec::into_iter)))
            .collect();
        let dealt = before.into_iter().zip(self.routes).map(|(before, route)| {
            before?;
            match answers.get_mut(&whose(route)) {
                Some(Ok(own)) => match own.next() {
                    Some(result) => result.map_err(|refusal| route.failed(&refusal)),
                    None => Err(silent(whose(route))),
                },
                Some(Err(error)) => Err(Error::refused(
                    "bring up",
                    format!("flow {}.{}", route.pair, route.stream),
                    error.sentence(),
                )),
                None => Err(silent(whose(route))),
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
        let senders: BTreeSet<u32> = self.routes.iter().map(|route| route.client).collect();
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

fn silent(container: u32) -> Error {
    Error::refused(
        "hear the agent of",
        format!("container {container}"),
        "it has said nothing of a flow of its own",
    )
}
