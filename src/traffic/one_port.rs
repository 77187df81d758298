//! The port that all clients of a container call, while their flows come up: which call is which flow's.
//!
//! ```text
//! client: connected -> says the number of its flow, in eight bytes
//! server: takes whatever call has come -> reads the number -> keeps the connection for who asks for that flow
//! ```
//!
//! The address that a call comes from would not tell: rules may give it another on the way, and one process does not know the ports
//! of another's clients.
//!
//! Must not know who drives the flows. The invariant: no step waits; a connection that says no number is nobody's, and is closed.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, recv, send};
use socket2::Socket;

use super::socket::{self, Dress, accept_next};

/// Bytes of a flow's number on the wire.
pub(super) const NUMBER_BYTES: usize = 8;

/// The token of the socket that listens; callers are numbered from 0.
const CALLS: u64 = u64::MAX;

/// Events that are heard at a time.
const EVENTS: usize = 64;

/// Has the connected client of a flow say its number.
pub(super) fn introduce(client: &Socket, flow: usize) -> io::Result<()> {
    let number = (flow as u64).to_be_bytes();
    match send(client.as_raw_fd(), &number, MsgFlags::MSG_NOSIGNAL)? {
        // A connection that is new has room for more than that.
        NUMBER_BYTES => Ok(()),
        _ => Err(Errno::ENOBUFS.into()),
    }
}

/// A call that was taken and has not said whose it is.
#[derive(Debug)]
struct Caller {
    socket: Socket,
    number: [u8; NUMBER_BYTES],
    read: usize,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct OnePort {
    listener: Socket,
    address: SocketAddr,
    /// Readable while there is a call to take or a number to read.
    epoll: Epoll,
    callers: HashMap<u64, Caller>,
    taken: u64,
    /// Connections by their flows' numbers.
    known: HashMap<usize, Socket>,
}

impl OnePort {
    /// That of a socket which listens.
    pub(super) fn new(listener: Socket) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, CALLS))?;
        Ok(Self {
            address: socket::address(&listener)?,
            listener,
            epoll,
            callers: HashMap::new(),
            taken: 0,
            known: HashMap::new(),
        })
    }

    /// Where clients call.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection of a flow, once it has said its number.
    pub(super) fn claim(&mut self, flow: usize) -> Option<Socket> {
        self.known.remove(&flow)
    }

    /// Takes what has come: calls, and numbers of those that were taken before.
    pub(super) fn take_in(&mut self) -> io::Result<()> {
        let mut events = [EpollEvent::empty(); EVENTS];
        loop {
            let ready = match self.epoll.wait(&mut events, EpollTimeout::ZERO) {
                Ok(0) => return Ok(()),
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            for event in &events[..ready] {
                match event.data() {
                    CALLS => self.take_call()?,
                    caller => self.read_number(caller),
                }
            }
        }
    }

    fn take_call(&mut self) -> io::Result<()> {
        let socket = match accept_next(&self.listener) {
            Ok(socket) => socket,
            // Its caller has given up, or a signal came.
            Err(Errno::EAGAIN | Errno::ECONNABORTED | Errno::EINTR) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        };
        let token = self.taken;
        self.taken += 1;
        self.epoll
            .add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, token))?;
        let caller = Caller {
            socket,
            number: [0; NUMBER_BYTES],
            read: 0,
        };
        self.callers.insert(token, caller);
        Ok(())
    }

    /// Reads more of a caller's number; one that ends before is nobody's.
    fn read_number(&mut self, token: u64) {
        let Some(mut caller) = self.callers.remove(&token) else {
            return;
        };
        let rest = &mut caller.number[caller.read..];
        match recv(caller.socket.as_raw_fd(), rest, MsgFlags::empty()) {
            Ok(0) => return,
            Ok(bytes) => caller.read += bytes,
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => return,
        }
        if caller.read < NUMBER_BYTES {
            self.callers.insert(token, caller);
            return;
        }
        // It stays open, and what it says from now on is somebody else's to hear.
        let _ = self.epoll.delete(&caller.socket);
        if let Ok(flow) = usize::try_from(u64::from_be_bytes(caller.number)) {
            self.known.insert(flow, caller.socket);
        }
    }

    /// The socket that listens, for who takes further calls: with room for as many as are to wait, where more had room while flows
    /// came up. What it accepts says its end in order when it is closed.
    pub(super) fn into_listener(self, dress: &mut Dress, backlog: u32) -> io::Result<Socket> {
        dress.listen(&self.listener, backlog)?;
        self.listener.set_linger(None::<Duration>)?;
        Ok(self.listener)
    }
}

impl AsFd for OnePort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn port() -> OnePort {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        OnePort::new(Socket::from(listener)).unwrap()
    }

    fn await_news(port: &OnePort) {
        let mut waited = [PollFd::new(port.as_fd(), PollFlags::POLLIN)];
        poll(&mut waited, PollTimeout::from(10_000_u16)).unwrap();
    }

    /// The connection of a flow, once its number has come.
    fn claimed(port: &mut OnePort, flow: usize) -> Socket {
        loop {
            port.take_in().unwrap();
            match port.claim(flow) {
                Some(socket) => return socket,
                None => await_news(port),
            }
        }
    }

    #[test]
    fn each_call_is_of_the_flow_whose_number_it_says() {
        let mut port = port();
        let clients: Vec<_> = (0..100)
            .map(|flow| {
                let client = Socket::from(TcpStream::connect(port.address()).unwrap());
                introduce(&client, flow).unwrap();
                client
            })
            .collect();
        for flow in (0..100).rev() {
            let server = claimed(&mut port, flow);
            let peer = server.peer_addr().unwrap().as_socket();
            let own = clients[flow].local_addr().unwrap().as_socket();
            assert_eq!(peer, own, "{flow}");
        }
        assert!(port.claim(0).is_none());
    }

    #[test]
    fn a_number_that_comes_in_pieces_is_one_and_who_says_none_is_nobody() {
        let mut port = port();
        drop(TcpStream::connect(port.address()).unwrap());
        let mut client = TcpStream::connect(port.address()).unwrap();
        client.write_all(&[0; 3]).unwrap();
        while port.callers.values().all(|caller| caller.read < 3) {
            await_news(&port);
            port.take_in().unwrap();
        }
        client.write_all(&[0, 0, 0, 2, 1]).unwrap();
        let server = claimed(&mut port, 0x201);
        assert_eq!(
            server.peer_addr().unwrap().as_socket(),
            client.local_addr().ok()
        );
        while !port.callers.is_empty() {
            await_news(&port);
            port.take_in().unwrap();
        }
        assert!(port.known.is_empty());
    }
}
