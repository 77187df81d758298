//! Flows brought up: sockets made inside the containers' namespaces, connected, and accepted.
//!
//! Must not know drivers or the window. The invariant: on return each flow has exactly its two connected sockets, in the
//! mode its driver needs, or an error that names it; no listener is left but where more calls are to come.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::Socket;

use super::dialer::Dialer;
use super::flow::{Role, Sockets};
use super::observer::Observer;
use super::plan::{Flow, Namespaces, PATIENCE, Settings};
use super::socket::{self, Dress, Taken};
use super::workload;
use crate::error::{Act, Error, Result};
use crate::lab::netns::Visitor;
use crate::scenario::Orders;

/// Flows on their way at once. Each has three descriptors until it is accepted and two after, so this many are needed
/// beyond those of the flows themselves.
const UNDER_WAY: usize = 1024;

/// What connecting came to.
#[derive(Debug)]
pub(super) struct Connected {
    /// For each plan, in order, its sockets or why there are none.
    pub(super) flows: Vec<Result<Sockets>>,
    pub(super) warnings: Vec<String>,
}

/// Connects all plans, on a thread of its own: the caller's never leaves its namespace.
///
/// # Errors
/// [`Error::Interrupted`] when the observer says so, and where the thread or the way home cannot be had.
pub(super) fn connect(
    (plans, namespaces): (&[Flow], Namespaces<'_>),
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Connected> {
    let cancelled = AtomicBool::new(false);
    thread::scope(|scope| {
        let (alive, ended) = channel::<Infallible>();
        let cancelled = &cancelled;
        let work = move || {
            // Nothing is ever sent: that this end is gone tells that the thread is done.
            let _alive = alive;
            Connector::new((plans, namespaces), settings, cancelled)?.run()
        };
        let thread = thread::Builder::new()
            .name("connect".to_owned())
            .spawn_scoped(scope, work)
            .map_err(|source| {
                Error::kernel(Act::Spawn, "the thread that connects flows", source)
            })?;
        while ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            if observer.interrupted() {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
        thread
            .join()
            .unwrap_or_else(|cause| panic::resume_unwind(cause))
    })
}

/// A flow whose client has called and whose server has not answered yet.
#[derive(Debug)]
struct Pending {
    plan: usize,
    listener: Socket,
    client: Socket,
    /// Whom the client has called.
    target: SocketAddr,
    /// When it last did.
    called: Instant,
}

/// How long a call by datagram is waited for before it is sent again: what a busy kernel drops of TCP it sends again by itself,
/// after as long.
const CALL_AGAIN: Duration = Duration::from_secs(1);

/// What a pending flow has come to.
#[derive(Debug, Clone, Copy)]
enum News {
    None,
    /// Its listener can accept: the handshake is complete.
    Arrived,
    /// Its client has an error.
    Failed,
}

struct Connector<'a> {
    plans: &'a [Flow],
    namespaces: Namespaces<'a>,
    dress: Dress,
    settings: &'a Settings,
    deadline: Instant,
    cancelled: &'a AtomicBool,
    visitor: Visitor,
    /// The namespace the thread is in, as the plans' descriptor of it.
    place: Option<RawFd>,
    pending: Vec<Pending>,
    flows: Vec<Option<Result<Sockets>>>,
    /// Namespaces that clients go on calling from, each held once.
    homes: HashMap<RawFd, Arc<OwnedFd>>,
}

impl<'a> Connector<'a> {
    fn new(
        (plans, namespaces): (&'a [Flow], Namespaces<'a>),
        settings: &'a Settings,
        cancelled: &'a AtomicBool,
    ) -> Result<Self> {
        Ok(Self {
            plans,
            namespaces,
            dress: Dress::new(&settings.congestion, settings.buffers),
            settings,
            deadline: Instant::now() + settings.connect,
            cancelled,
            visitor: Visitor::new()?,
            place: None,
            pending: Vec::with_capacity(UNDER_WAY.min(plans.len())),
            flows: plans.iter().map(|_| None).collect(),
            homes: HashMap::new(),
        })
    }

    fn run(mut self) -> Result<Connected> {
        let mut plans = 0..self.plans.len();
        while Instant::now() < self.deadline && (!plans.is_empty() || !self.pending.is_empty()) {
            if self.cancelled.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            let room = UNDER_WAY - self.pending.len();
            for plan in plans.by_ref().take(room) {
                match self.call(plan) {
                    Ok(pending) => self.pending.push(pending),
                    Err(error) => self.flows[plan] = Some(Err(error)),
                }
            }
            self.answer()?;
        }
        Ok(self.finish())
    }

    /// Makes a flow's listener in the server's namespace, and calls it from the client's. A listener of each flow's own
    /// makes sure that what it accepts is that flow.
    fn call(&mut self, plan: usize) -> Result<Pending> {
        let flow = self.plans[plan];
        let Flow {
            client,
            server,
            door,
            ..
        } = flow;
        let workload = flow.orders.workload;
        self.enter(self.namespaces[server.container as usize], plan)?;
        let listener = self.attempt(Act::ListenForFlow, plan, |dress| {
            dress.listener(flow.listens_at(), workload)
        })?;
        let own = self.attempt(Act::ListenForFlow, plan, |_| socket::address(&listener))?;
        let target = door.map_or(own, |door| door.call);
        self.enter(self.namespaces[client.container as usize], plan)?;
        let client = self.attempt(Act::ConnectFlow, plan, |dress| {
            dress.caller((client.address, target), workload)
        })?;
        Ok(Pending {
            plan,
            listener,
            client,
            target,
            called: Instant::now(),
        })
    }

    fn orders(&self, plan: usize) -> Orders {
        self.plans[plan].orders
    }

    fn attempt<T>(
        &mut self,
        act: Act,
        plan: usize,
        what: impl FnOnce(&mut Dress) -> io::Result<T>,
    ) -> Result<T> {
        what(&mut self.dress).map_err(|source| failure(act, &self.plans[plan], source))
    }

    /// Enters a namespace unless the thread is there already: containers that share one are next to each other.
    fn enter(&mut self, namespace: BorrowedFd<'_>, plan: usize) -> Result<()> {
        if self.place != Some(namespace.as_raw_fd()) {
            self.place = None;
            self.visitor.enter(namespace).map_err(|source| {
                failure("enter the namespace of flow", &self.plans[plan], source)
            })?;
            self.place = Some(namespace.as_raw_fd());
        }
        Ok(())
    }

    /// Waits for news of the pending flows, and takes those that have some off the list.
    fn answer(&mut self) -> Result<()> {
        let news = self.news()?;
        for (pending, news) in mem::take(&mut self.pending).into_iter().zip(news) {
            let plan = pending.plan;
            self.flows[plan] = match news {
                News::None => {
                    let pending = self.call_again(pending);
                    self.pending.push(pending);
                    continue;
                }
                News::Arrived => Some(self.accept(pending)),
                News::Failed => {
                    let cause = pending.client.take_error().ok().flatten();
                    let cause = cause.unwrap_or_else(|| Errno::ECONNABORTED.into());
                    Some(Err(failure(Act::ConnectFlow, &self.plans[plan], cause)))
                }
            };
        }
        Ok(())
    }

    /// Calls once more where a call by datagram has not come for so long that it must have been dropped. One that cannot be sent
    /// either is waited for like one that was.
    fn call_again(&self, pending: Pending) -> Pending {
        let is_lost = self.orders(pending.plan).workload.is_datagrams()
            && pending.called.elapsed() >= CALL_AGAIN;
        if is_lost {
            let _ = socket::say_call(&pending.client);
        }
        Pending {
            called: if is_lost {
                Instant::now()
            } else {
                pending.called
            },
            ..pending
        }
    }

    fn news(&self) -> Result<Vec<News>> {
        let mut polled = Vec::with_capacity(2 * self.pending.len());
        for pending in &self.pending {
            polled.push(PollFd::new(pending.listener.as_fd(), PollFlags::POLLIN));
            // Errors are always reported; being connected is not news, as the listener tells it later.
            polled.push(PollFd::new(pending.client.as_fd(), PollFlags::empty()));
        }
        let left = self
            .deadline
            .saturating_duration_since(Instant::now())
            .min(PATIENCE);
        match poll(
            &mut polled,
            PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO),
        ) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::kernel("wait for", "flows to connect", errno.into())),
        }
        let news = polled
            .chunks_exact(2)
            .map(|ends| match (ends[0].any(), ends[1].any()) {
                (_, Some(true)) => News::Failed,
                (Some(true), _) => News::Arrived,
                _ => News::None,
            });
        Ok(news.collect())
    }

    /// The listener is closed on return, unless more calls are to come.
    fn accept(&mut self, pending: Pending) -> Result<Sockets> {
        let plan = pending.plan;
        let answer = self.answer_call(pending);
        answer.map_err(|source| failure(Act::AcceptFlow, &self.plans[plan], source))
    }

    fn answer_call(&mut self, pending: Pending) -> io::Result<Sockets> {
        let orders = self.orders(pending.plan);
        let driver = self.settings.driver;
        let client = pending.client;
        let Taken { server, listener } = socket::accept(pending.listener, orders.workload)?;
        for (socket, role) in [(&server, Role::Server), (&client, Role::Client)] {
            workload::ready(socket, &orders, (driver, role))?;
        }
        let dialer = listener.as_ref();
        let dialer = dialer.map(|_| self.dialer(pending.plan, pending.target));
        Ok(Sockets {
            client,
            server,
            redial: dialer.transpose()?.zip(listener),
        })
    }

    /// What the client of a flow makes its further connections with.
    fn dialer(&mut self, plan: usize, to: SocketAddr) -> io::Result<Dialer> {
        let client = self.plans[plan].client;
        let namespace = self.namespaces[client.container as usize];
        let place = namespace.as_raw_fd();
        let home = match self.homes.entry(place) {
            Entry::Occupied(home) => home.into_mut(),
            Entry::Vacant(none) => none.insert(Arc::new(namespace.try_clone_to_owned()?)),
        };
        Ok(Dialer {
            home: Some(Arc::clone(home)),
            from: client.address,
            to,
            options: self.dress.options().clone(),
            workload: self.orders(plan).workload,
        })
    }

    /// Names the flows that time ran out for.
    fn finish(self) -> Connected {
        let named = self.plans.iter().zip(self.flows);
        let flows = named.map(|(plan, flow)| {
            flow.unwrap_or_else(|| Err(failure(Act::ConnectFlow, plan, Errno::ETIMEDOUT.into())))
        });
        Connected {
            flows: flows.collect(),
            warnings: self.dress.into_warnings(),
        }
    }
}

fn failure(act: impl Into<Act>, flow: &Flow, source: io::Error) -> Error {
    Error::kernel(act, flow.to_string(), source)
}
