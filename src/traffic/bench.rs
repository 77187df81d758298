//! The sockets of one process on their way to being connected.
//!
//! Must not know who asks for the steps. The invariant: a socket is made inside its container's namespace, in the mode its driver
//! needs from then on that it is connected; no step waits longer than a moment; what has not come up in the end is closed.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
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
use super::one_port::{self, OnePort};
use super::plan::{Flow, PATIENCE, Settings};
use super::refusal::{Refusal, Step};
use super::socket::{self, Dress, Taken};
use super::tentative;
use super::tour::Tour;
use super::workload;
use crate::error::{Error, Result};
use crate::scenario::{Buffers, Congestion, Driver, MOST_WAITING};

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
    /// Those that the clients of all flows to a container call, by container.
    ports: BTreeMap<u32, OnePort>,
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

/// What some flows are waited for: an event at a descriptor of each, and what is done then.
struct Wait {
    event: PollFlags,
    descriptor: for<'b> fn(&'b Bench<'_>, usize) -> Option<BorrowedFd<'b>>,
    act: fn(&mut Bench<'_>, usize) -> News<(), Refusal>,
    /// What is known of one without an event of its own.
    known: fn(&mut Bench<'_>, usize) -> News<(), Refusal>,
}

/// Writable once the call is answered, or refused.
const AN_ANSWER: Wait = Wait {
    event: PollFlags::POLLOUT,
    descriptor: |bench, flow| Some(bench.callers.get(&flow)?.end.socket.as_fd()),
    act: |bench, flow| Some(bench.hear_answer(flow)),
    known: |_, _| None,
};

/// Readable once a call has come.
const A_CALL: Wait = Wait {
    event: PollFlags::POLLIN,
    descriptor: |bench, flow| bench.door(flow),
    act: |bench, flow| bench.take_call(flow),
    // The same event may have been that of another flow to the same port.
    known: |bench, flow| bench.take_known(flow),
};

impl<'a> Bench<'a> {
    pub(super) fn new(outfit: Outfit, ledger: &'a Arc<Ledger>, tour: Option<Tour<'a>>) -> Self {
        Self {
            dress: Dress::new(&outfit.congestion, outfit.buffers),
            outfit,
            ledger,
            tour,
            listeners: HashMap::new(),
            ports: BTreeMap::new(),
            callers: HashMap::new(),
            servers: Vec::new(),
        }
    }

    /// The ends of flows that came up, in their order, and what the kernel did not grant. All else is closed.
    pub(super) fn clear(mut self, is_up: impl Fn(usize) -> bool) -> (Vec<Endpoint>, Vec<String>) {
        let ports = mem::take(&mut self.ports);
        let flows = mem::take(&mut self.outfit.flows);
        let clients = self.callers.into_values().map(|caller| caller.end);
        let ends = self.servers.into_iter().chain(clients);
        let mut ends: Vec<_> = ends.filter(|end| is_up(end.flow)).collect();
        ends.sort_by_key(|end| place(end.flow, end.role));
        for (container, port) in ports {
            let is_there = |end: &&mut Endpoint| {
                let flow = flows.get(&end.flow);
                end.role == Role::Server && flow.is_some_and(|it| it.server.container == container)
            };
            if let Some(first) = ends.iter_mut().find(is_there) {
                hand_over(port, first, &mut self.dress);
            }
        }
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

    /// A listener of each flow's own makes sure that what it accepts is that flow; at one that all flows to a container share, each
    /// says its number.
    fn open(&mut self, number: usize) -> Result<SocketAddr, Refusal> {
        let refused = |source| Refusal::of(Step::Listen, &source);
        let flow = self.flow(number).map_err(refused)?;
        let load = flow.orders.load;
        if !load.shares_port() {
            let listener = self.listener(&flow, load.backlog())?;
            let address = socket::address(&listener).map_err(refused)?;
            self.listeners.insert(number, listener);
            return Ok(address);
        }
        let container = flow.server.container;
        if let Some(port) = self.ports.get(&container) {
            return Ok(port.address());
        }
        // All come up at once: with less room that would take many seconds.
        let port = OnePort::new(self.listener(&flow, MOST_WAITING)?).map_err(refused)?;
        let address = port.address();
        self.ports.insert(container, port);
        Ok(address)
    }

    fn listener(&mut self, flow: &Flow, backlog: u32) -> Result<Socket, Refusal> {
        self.enter(flow.server.container)?;
        let listener = self
            .dress
            .listener(flow.listens_at(), flow.orders.workload, backlog);
        listener.map_err(|source| Refusal::of(Step::Listen, &source))
    }

    /// The port that all flows to the container of this flow's server share, if they do.
    fn port_of(&mut self, number: usize) -> Option<&mut OnePort> {
        let container = self.outfit.flows.get(&number)?.server.container;
        self.ports.get_mut(&container)
    }

    /// What is readable once a call may have come.
    fn door(&self, number: usize) -> Option<BorrowedFd<'_>> {
        let own = self.listeners.get(&number).map(AsFd::as_fd);
        own.or_else(|| {
            let container = self.outfit.flows.get(&number)?.server.container;
            self.ports.get(&container).map(AsFd::as_fd)
        })
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
            .and_then(|()| {
                if caller.end.orders.load.shares_port() {
                    one_port::introduce(socket, number)
                } else {
                    Ok(())
                }
            })
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

    fn take_call(&mut self, number: usize) -> News<(), Refusal> {
        match self.port_of(number).map(OnePort::take_in) {
            Some(Ok(())) => self.take_known(number),
            Some(Err(source)) => Some(Err(Refusal::of(Step::Accept, &source))),
            None => {
                let server = self.server(number);
                Some(self.keep(server))
            }
        }
    }

    /// Takes a call to a shared port that has said whose it is.
    fn take_known(&mut self, number: usize) -> News<(), Refusal> {
        let server = self.port_of(number)?.claim(number)?;
        let end = self.end(number, server);
        Some(self.keep(end))
    }

    fn keep(&mut self, server: io::Result<Endpoint>) -> Result<(), Refusal> {
        let server = server.map_err(|source| Refusal::of(Step::Accept, &source))?;
        self.servers.push(server);
        Ok(())
    }

    /// The listener is closed on return, unless more calls are to come.
    fn server(&mut self, number: usize) -> io::Result<Endpoint> {
        let orders = self.flow(number)?.orders;
        let listener = self.listeners.remove(&number).ok_or(Errno::ENOTCONN)?;
        let Taken { server, listener } = socket::accept(listener, orders.workload)?;
        let end = self.end(number, server)?;
        Ok(end.with(listener.map(Redial::Answers)))
    }

    /// The server's end of a flow that came up.
    fn end(&mut self, number: usize, server: Socket) -> io::Result<Endpoint> {
        let orders = self.flow(number)?.orders;
        let end = Endpoint::new(server, Role::Server, (number, orders), self.ledger);
        self.make_ready(&end)?;
        Ok(end)
    }

    fn make_ready(&self, end: &Endpoint) -> io::Result<()> {
        workload::ready(&end.socket, &end.orders, (self.outfit.driver, end.role))
    }

    /// Waits until there is news of all of these flows, for a moment.
    fn wait(&mut self, flows: &[usize], news: &mut [News<(), Refusal>], wait: &Wait) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            for (news, flow) in news
                .iter_mut()
                .zip(flows)
                .filter(|(news, _)| news.is_none())
            {
                *news = (wait.known)(self, *flow);
            }
            let open = news.iter().enumerate().filter(|(_, news)| news.is_none());
            let open: Vec<_> = open.map(|(at, _)| (at, flows[at])).collect();
            if open.is_empty() || Instant::now() >= deadline {
                return Ok(());
            }
            for at in self.ready(&open, wait, deadline)? {
                news[at] = (wait.act)(self, flows[at]);
            }
        }
    }

    /// Those that have had their event by the deadline, or some of them.
    fn ready(&self, open: &[(usize, usize)], wait: &Wait, deadline: Instant) -> Result<Vec<usize>> {
        let awaited = open.iter();
        let awaited = awaited.filter_map(|(at, flow)| Some((*at, (wait.descriptor)(self, *flow)?)));
        let polled = awaited.map(|(at, descriptor)| (at, PollFd::new(descriptor, wait.event)));
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

/// Gives the first of the ends that share a port what takes their further calls, if there are to be any: it serves them all.
fn hand_over(port: OnePort, first: &mut Endpoint, dress: &mut Dress) {
    if !first.orders.is_served_together() {
        return;
    }
    // A socket that listens does so with another backlog as well; were it not so, its clients would say that nobody answers.
    let listener = port.into_listener(dress, first.orders.load.backlog());
    first.redial = listener.ok().map(Redial::Answers);
}

/// Why a socket's connection was refused or lost, if it was.
fn refusal_of(socket: &Socket) -> io::Result<()> {
    match socket.take_error()? {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}
