//! The sockets of one process on their way to being connected.
//!
//! Must not know who asks for the steps. The invariant: a socket is made inside its container's namespace, in the mode its driver
//! needs from then on that it is connected; no step waits longer than a moment; what has not come up in the end is closed.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::{Deserialize, Serialize};
use socket2::Socket;

use super::connect::{Hands, News};
use super::dialer::Dialer;
use super::flow::{Endpoint, Redial, Role, place};
use super::ledger::Ledger;
use super::plan::{Flow, PATIENCE, Settings};
use super::refusal::{Refusal, Step};
use super::socket::{self, Dress, Taken};
use super::tentative;
use super::tour::Tour;
use super::workload;
use crate::error::{Error, Result};
use crate::scenario::{Buffers, Congestion, Driver};

/// How long a call by datagram is waited for before it is sent again: what a busy kernel drops of TCP it sends again by itself,
/// after as long.
const CALL_AGAIN: Duration = Duration::from_secs(1);

/// What a process is told of the flows that it has ends of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outfit {
    /// Planned flows of the trial, for the size of the ledger.
    pub(super) planned: usize,
    pub(super) driver: Driver,
    congestion: Congestion,
    buffers: Buffers,
    /// By their numbers among the planned ones.
    flows: BTreeMap<usize, Flow>,
}

impl Outfit {
    pub(super) fn of(settings: &Settings, planned: usize, flows: BTreeMap<usize, Flow>) -> Self {
        Self {
            planned,
            driver: settings.driver,
            congestion: settings.congestion.clone(),
            buffers: settings.buffers,
            flows,
        }
    }
}

/// See the file's head.
pub(super) struct Bench<'a> {
    outfit: Outfit,
    dress: Dress,
    ledger: &'a Arc<Ledger>,
    /// None where every thread of the process is in the one container whose ends it has.
    tour: Option<Tour<'a>>,
    listeners: HashMap<usize, Socket>,
    callers: HashMap<usize, Caller>,
    servers: Vec<Endpoint>,
}

/// A client that has called.
struct Caller {
    end: Endpoint,
    /// Whom.
    to: SocketAddr,
    /// When it last did.
    called: Instant,
    /// Whether it is known to be connected.
    answered: bool,
}

/// What some flows are waited for: an event at a socket of each, and what is done then.
struct Wait {
    event: PollFlags,
    socket: for<'b> fn(&'b Bench<'_>, usize) -> Option<&'b Socket>,
    act: fn(&mut Bench<'_>, usize) -> Result<(), Refusal>,
}

/// Writable once the call is answered, or refused.
const AN_ANSWER: Wait = Wait {
    event: PollFlags::POLLOUT,
    socket: |bench, flow| Some(&bench.callers.get(&flow)?.end.socket),
    act: |bench, flow| bench.hear_answer(flow),
};

/// Readable once a call has come.
const A_CALL: Wait = Wait {
    event: PollFlags::POLLIN,
    socket: |bench, flow| bench.listeners.get(&flow),
    act: |bench, flow| bench.take_call(flow),
};

impl<'a> Bench<'a> {
    pub(super) fn new(outfit: Outfit, ledger: &'a Arc<Ledger>, tour: Option<Tour<'a>>) -> Self {
        Self {
            dress: Dress::new(&outfit.congestion, outfit.buffers),
            outfit,
            ledger,
            tour,
            listeners: HashMap::new(),
            callers: HashMap::new(),
            servers: Vec::new(),
        }
    }

    /// The ends of flows that came up, in their order, and what the kernel did not grant. All else is closed.
    pub(super) fn clear(self, is_up: impl Fn(usize) -> bool) -> (Vec<Endpoint>, Vec<String>) {
        let clients = self.callers.into_values().map(|caller| caller.end);
        let ends = self.servers.into_iter().chain(clients);
        let mut ends: Vec<_> = ends.filter(|end| is_up(end.flow)).collect();
        ends.sort_by_key(|end| place(end.flow, end.role));
        (ends, self.dress.into_warnings())
    }

    fn flow(&self, number: usize) -> io::Result<Flow> {
        let flow = self.outfit.flows.get(&number).copied();
        flow.ok_or_else(|| Errno::EINVAL.into())
    }

    fn enter(&mut self, container: u32) -> Result<(), Refusal> {
        match &mut self.tour {
            Some(tour) => {
                let entered = tour.enter(container);
                entered.map_err(|source| Refusal::of(Step::EnterForFlow, &source))
            }
            None => Ok(()),
        }
    }

    /// A listener of each flow's own makes sure that what it accepts is that flow.
    fn open(&mut self, number: usize) -> Result<SocketAddr, Refusal> {
        let refused = |source| Refusal::of(Step::Listen, &source);
        let flow = self.flow(number).map_err(refused)?;
        self.enter(flow.server.container)?;
        let dress = &mut self.dress;
        let listener = dress.listener(flow.listens_at(), flow.orders.workload);
        let listener = listener.map_err(refused)?;
        let address = socket::address(&listener).map_err(refused)?;
        self.listeners.insert(number, listener);
        Ok(address)
    }

    fn place_call(&mut self, number: usize, to: SocketAddr) -> News<(), Refusal> {
        let placed = match self.callers.remove(&number) {
            Some(caller) => self.look_after(number, caller),
            None => self.dial(number, to).map(|()| None),
        };
        placed.transpose()
    }

    fn dial(&mut self, number: usize, to: SocketAddr) -> Result<(), Refusal> {
        let refused = |source| Refusal::of(Step::Connect, &source);
        let Flow { client, orders, .. } = self.flow(number).map_err(refused)?;
        self.enter(client.container)?;
        let caller = self.dress.caller((client.address, to), orders.workload);
        let caller = match caller {
            Err(error) if tentative::is_why(&error, client.address) => return Ok(()),
            caller => caller.map_err(refused)?,
        };
        let caller = Caller {
            end: Endpoint::new(caller, Role::Client, (number, orders), self.ledger),
            to,
            called: Instant::now(),
            answered: false,
        };
        self.callers.insert(number, caller);
        Ok(())
    }

    /// Sees whether a call still stands, and makes it once more where a call by datagram has not come for so long that it must
    /// have been dropped. One that cannot be sent either is waited for like one that was.
    fn look_after(&mut self, number: usize, mut caller: Caller) -> Result<Option<()>, Refusal> {
        if caller.answered {
            refusal_of(&caller.end.socket).map_err(|source| Refusal::of(Step::Connect, &source))?;
        }
        let datagrams = caller.end.orders.workload.is_datagrams();
        if datagrams && caller.called.elapsed() >= CALL_AGAIN {
            let _ = socket::say_call(&caller.end.socket);
            caller.called = Instant::now();
        }
        let answered = caller.answered.then_some(());
        self.callers.insert(number, caller);
        Ok(answered)
    }

    fn hear_answer(&mut self, number: usize) -> Result<(), Refusal> {
        let caller = self.callers.remove(&number);
        let mut caller =
            caller.ok_or_else(|| Refusal::of(Step::Connect, &Errno::ENOTCONN.into()))?;
        let socket = &caller.end.socket;
        refusal_of(socket)
            .and_then(|()| socket.peer_addr().map(drop))
            .map_err(|source| Refusal::of(Step::Connect, &source))?;
        let redial = self
            .make_ready(&caller.end)
            .and_then(|()| self.dialer(number, caller.to));
        let redial = redial.map_err(|source| Refusal::of(Step::Accept, &source))?;
        caller.end = caller.end.with(redial.map(Redial::Calls));
        caller.answered = true;
        self.callers.insert(number, caller);
        Ok(())
    }

    /// What a client makes its further connections with, where there are any.
    fn dialer(&mut self, number: usize, to: SocketAddr) -> io::Result<Option<Dialer>> {
        let Flow { client, orders, .. } = self.flow(number)?;
        if !orders.workload.renews_connections() {
            return Ok(None);
        }
        let home = self.tour.as_mut().map(|tour| tour.home(client.container));
        Ok(Some(Dialer {
            home: home.transpose()?,
            from: client.address,
            to,
            options: self.dress.options().clone(),
            workload: orders.workload,
        }))
    }

    fn take_call(&mut self, number: usize) -> Result<(), Refusal> {
        let server = self.server(number);
        let server = server.map_err(|source| Refusal::of(Step::Accept, &source))?;
        self.servers.push(server);
        Ok(())
    }

    /// The listener is closed on return, unless more calls are to come.
    fn server(&mut self, number: usize) -> io::Result<Endpoint> {
        let orders = self.flow(number)?.orders;
        let listener = self.listeners.remove(&number).ok_or(Errno::ENOTCONN)?;
        let Taken { server, listener } = socket::accept(listener, orders.workload)?;
        let end = Endpoint::new(server, Role::Server, (number, orders), self.ledger);
        self.make_ready(&end)?;
        Ok(end.with(listener.map(Redial::Answers)))
    }

    fn make_ready(&self, end: &Endpoint) -> io::Result<()> {
        workload::ready(&end.socket, &end.orders, (self.outfit.driver, end.role))
    }

    /// Waits until there is news of all of these flows, for a moment.
    fn wait(&mut self, flows: &[usize], news: &mut [News<(), Refusal>], wait: &Wait) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let open = news.iter().enumerate().filter(|(_, news)| news.is_none());
            let open: Vec<_> = open.map(|(at, _)| (at, flows[at])).collect();
            if open.is_empty() || Instant::now() >= deadline {
                return Ok(());
            }
            for at in self.ready(&open, wait, deadline)? {
                news[at] = Some((wait.act)(self, flows[at]));
            }
        }
    }

    /// Those that have had their event by the deadline, or some of them.
    fn ready(&self, open: &[(usize, usize)], wait: &Wait, deadline: Instant) -> Result<Vec<usize>> {
        let sockets = open.iter();
        let sockets = sockets.filter_map(|(at, flow)| Some((*at, (wait.socket)(self, *flow)?)));
        let polled = sockets.map(|(at, socket)| (at, PollFd::new(socket.as_fd(), wait.event)));
        let (places, mut polled): (Vec<_>, Vec<_>) = polled.unzip();
        // Rounded up, or the last millisecond would be spent turning.
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        match poll(
            &mut polled,
            PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO),
        ) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::kernel("wait for", "flows to connect", errno.into())),
        }
        let ready = places.into_iter().zip(&polled);
        let ready = ready.filter(|(_, polled)| polled.any() == Some(true));
        Ok(ready.map(|(at, _)| at).collect())
    }
}

impl Hands for Bench<'_> {
    type Failure = Refusal;

    fn listen(&mut self, flows: &[usize]) -> Result<Vec<News<SocketAddr, Refusal>>> {
        Ok(flows.iter().map(|flow| Some(self.open(*flow))).collect())
    }

    fn call(&mut self, calls: &[(usize, SocketAddr)]) -> Result<Vec<News<(), Refusal>>> {
        let placed = calls.iter().map(|(flow, to)| self.place_call(*flow, *to));
        let mut news: Vec<_> = placed.collect();
        let flows: Vec<_> = calls.iter().map(|(flow, _)| *flow).collect();
        self.wait(&flows, &mut news, &AN_ANSWER)?;
        Ok(news)
    }

    fn accept(&mut self, flows: &[usize]) -> Result<Vec<News<(), Refusal>>> {
        let mut news = vec![None; flows.len()];
        self.wait(flows, &mut news, &A_CALL)?;
        Ok(news)
    }
}

/// Why a socket's connection was refused or lost, if it was.
fn refusal_of(socket: &Socket) -> io::Result<()> {
    match socket.take_error()? {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}
