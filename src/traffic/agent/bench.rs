//! An agent's sockets on their way to being connected.
//!
//! Must not know the link. The invariant: a flow's sockets are here from its listening or calling until it is connected, and
//! every wait has a deadline.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::Socket;

use super::message::{Accepts, Call, Calls, Ear, Outfit, Refusal, Step};
use super::tentative;
use crate::scenario::Orders;
use crate::traffic::dialer::Dialer;
use crate::traffic::flow::{Endpoint, Redial, Role};
use crate::traffic::ledger::Ledger;
use crate::traffic::socket::{self, Dress};
use crate::traffic::workload;

/// See the file's head.
pub(super) struct Bench<'a> {
    outfit: &'a Outfit,
    dress: Dress,
    ledger: &'a Arc<Ledger>,
    listeners: HashMap<usize, (Socket, Orders)>,
    connected: Vec<Endpoint>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(outfit: &'a Outfit, ledger: &'a Arc<Ledger>) -> Self {
        Self {
            outfit,
            dress: Dress::new(&outfit.congestion, outfit.buffers),
            ledger,
            listeners: HashMap::new(),
            connected: Vec::new(),
        }
    }

    /// Listens for every flow that is to be received.
    pub(super) fn listen(&mut self) -> Vec<Result<SocketAddr, Refusal>> {
        let outfit = self.outfit;
        outfit.listen.iter().map(|ear| self.open(*ear)).collect()
    }

    fn open(&mut self, ear: Ear) -> Result<SocketAddr, Refusal> {
        let opened = self
            .dress
            .listener(ear.address, ear.orders.workload)
            .and_then(|listener| Ok((socket::address(&listener)?, listener)));
        let (address, listener) = opened.map_err(|source| Refusal::of(Step::Listen, &source))?;
        self.listeners.insert(ear.flow, (listener, ear.orders));
        Ok(address)
    }

    /// Makes every call, and waits until each is answered or refused.
    pub(super) fn call(&mut self, calls: &Calls) -> Vec<Result<(), Refusal>> {
        let deadline = Instant::now() + self.outfit.patience;
        let own = calls.0.iter().map(|call| call.from);
        tentative::outwait(&own.collect(), deadline);
        let callers: Vec<_> = calls.0.iter().map(|call| self.dial(call)).collect();
        let answered = callers.into_iter().zip(&calls.0).map(|(caller, call)| {
            let socket = caller.and_then(|caller| answer(caller, deadline));
            let connection = socket.map(|socket| (socket, self.redial(call)));
            self.connect(connection, Role::Client, (call.flow, call.orders))
                .map_err(|source| Refusal::of(Step::Connect, &source))
        });
        answered.collect()
    }

    fn dial(&mut self, call: &Call) -> io::Result<Socket> {
        self.dress
            .caller((call.from, call.to), call.orders.workload)
    }

    /// What a flow makes its further calls with. All of the process is in the container already.
    fn redial(&self, call: &Call) -> Option<Redial> {
        let renewed = call.orders.workload.renews_connections();
        renewed.then(|| {
            Redial::Calls(Dialer {
                home: None,
                from: call.from,
                to: call.to,
                options: self.dress.options().clone(),
                workload: call.orders.workload,
            })
        })
    }

    /// Takes the calls of flows whose caller knows to be connected.
    pub(super) fn accept(&mut self, accepts: &Accepts) -> Vec<Result<(), Refusal>> {
        let deadline = Instant::now() + self.outfit.patience;
        let flows = accepts.0.iter();
        let accepted = flows.map(|flow| {
            self.answer(*flow, deadline)
                .map_err(|source| Refusal::of(Step::Accept, &source))
        });
        accepted.collect()
    }

    fn answer(&mut self, flow: usize, deadline: Instant) -> io::Result<()> {
        let listening = self.listeners.remove(&flow);
        let (listener, orders) = listening.ok_or(Errno::ENOTCONN)?;
        wait(&listener, PollFlags::POLLIN, deadline)?;
        let taken = socket::accept(listener, orders.workload);
        let connection = taken.map(|taken| (taken.server, taken.listener.map(Redial::Answers)));
        self.connect(connection, Role::Server, (flow, orders))
    }

    fn connect(
        &mut self,
        connection: io::Result<(Socket, Option<Redial>)>,
        role: Role,
        (flow, orders): (usize, Orders),
    ) -> io::Result<()> {
        let (socket, redial) = connection?;
        if flow >= self.outfit.flows {
            return Err(Errno::EINVAL.into());
        }
        workload::ready(&socket, &orders, (self.outfit.driver, role))?;
        self.connected
            .push(Endpoint::new(socket, role, (flow, orders), self.ledger).with(redial));
        Ok(())
    }

    /// The connected endpoints, and what the kernel did not grant. What still listens is closed.
    pub(super) fn clear(self) -> (Vec<Endpoint>, Vec<String>) {
        (self.connected, self.dress.into_warnings())
    }
}

/// Waits for a call's answer.
fn answer(caller: Socket, deadline: Instant) -> io::Result<Socket> {
    wait(&caller, PollFlags::POLLOUT, deadline)?;
    match caller.take_error()? {
        Some(refusal) => Err(refusal),
        None => Ok(caller),
    }
}

fn wait(socket: &Socket, event: PollFlags, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // Rounded up, or the last millisecond would be spent turning.
        let left = left + Duration::from_millis(1);
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(socket.as_fd(), event)], timeout) {
            Ok(0) if Instant::now() >= deadline => return Err(Errno::ETIMEDOUT.into()),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
}
