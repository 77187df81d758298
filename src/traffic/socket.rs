//! How a flow's sockets are made: options first, then the address.
//!
//! Must not know namespaces: a socket belongs to the one the calling thread is in. The invariant: what the kernel does not
//! grant is a warning, said once; what it grants is set before the handshake, so that all of the connection's life has it.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{SockFlag, accept4, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::witness;
use crate::scenario::{Buffers, Congestion, Workload};

/// What a socket is to have, whatever it is for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    congestion: Congestion,
    buffers: Buffers,
}

/// Hears what the kernel did not grant.
type Warn<'a> = &'a mut dyn FnMut(fmt::Arguments<'_>);

/// What sockets are given, and what the kernel did not grant of it so far.
#[derive(Debug)]
pub(super) struct Dress {
    options: Options,
    warnings: BTreeSet<String>,
}

impl Dress {
    pub(super) fn new(congestion: &Congestion, buffers: Buffers) -> Self {
        Self {
            options: Options {
                congestion: congestion.clone(),
                buffers,
            },
            warnings: BTreeSet::new(),
        }
    }

    /// What every socket is given.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// What was not granted, each said once.
    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_iter().collect()
    }

    /// A socket that listens, with room for so many calls that wait; port 0 is one that the kernel chooses. What [`accept`] makes
    /// of it has all its options.
    pub(super) fn listener(
        &mut self,
        address: SocketAddr,
        workload: Workload,
        backlog: u32,
    ) -> io::Result<Socket> {
        let socket = self.socket(address.ip(), workload)?;
        socket.bind(&address.into())?;
        if !workload.is_datagrams() {
            self.listen(&socket, backlog)?;
        }
        Ok(socket)
    }

    /// Has a socket listen, or gives one that does room for another number of calls. Where there is no room, a call would not be
    /// refused: its client would believe to be connected, or call again after a second.
    pub(super) fn listen(&mut self, socket: &Socket, backlog: u32) -> io::Result<()> {
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        if let Some(granted) = witness::backlog(socket).filter(|granted| *granted < backlog) {
            self.warnings.insert(format!(
                "{granted} connections may wait to be accepted instead of {backlog}: sysctl net.core.somaxconn is lower in the \
                 server's namespace"
            ));
        }
        Ok(())
    }

    /// A socket that is calling a target from an address; it does not wait for the answer. With datagrams the call is one
    /// that says so.
    pub(super) fn caller(
        &mut self,
        (address, target): (IpAddr, SocketAddr),
        workload: Workload,
    ) -> io::Result<Socket> {
        let socket = self.socket(address, workload)?;
        call(&socket, address, target)?;
        if workload.is_datagrams() {
            say_call(&socket)?;
        }
        Ok(socket)
    }

    /// One that aborts when it is closed: an orphan or a `TIME_WAIT` would keep its namespace for up to a minute after the
    /// lab is gone.
    fn socket(&mut self, address: IpAddr, workload: Workload) -> io::Result<Socket> {
        let warnings = &mut self.warnings;
        let mut warn = |warning: fmt::Arguments<'_>| {
            warnings.insert(warning.to_string());
        };
        let socket = self.options.socket(address, workload, &mut warn)?;
        socket.set_linger(Some(Duration::ZERO))?;
        Ok(socket)
    }
}

/// Calls `target` from `address`, and does not wait for the answer.
fn call(socket: &Socket, address: IpAddr, target: SocketAddr) -> io::Result<()> {
    // The port is chosen by `connect` then, where it need only differ from those of flows to the same target.
    setsockopt(socket, sockopt::IpBindAddressNoPort, &true)?;
    socket.bind(&SocketAddr::new(address, 0).into())?;
    match socket.connect(&target.into()) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(()),
    }
}

impl Options {
    /// A socket that is calling `target` from `address`, and that says its end in order when it is closed. What is not granted
    /// has been said of the flow's first connection.
    pub(super) fn dial(
        &self,
        (address, target): (IpAddr, SocketAddr),
        workload: Workload,
    ) -> io::Result<Socket> {
        let socket = self.socket(address, workload, &mut |_| {})?;
        call(&socket, address, target)?;
        Ok(socket)
    }

    fn socket(&self, address: IpAddr, workload: Workload, warn: Warn<'_>) -> io::Result<Socket> {
        let domain = if address.is_ipv4() {
            Domain::IPV4
        } else {
            Domain::IPV6
        };
        let socket = if workload.is_datagrams() {
            Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?
        } else {
            let socket = Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
            self.dress_connection(&socket, workload, warn)?;
            socket
        };
        if let Buffers::Bytes(bytes) = self.buffers {
            fix_buffers(&socket, bytes as usize, warn)?;
        }
        Ok(socket)
    }

    fn dress_connection(
        &self,
        socket: &Socket,
        workload: Workload,
        warn: Warn<'_>,
    ) -> io::Result<()> {
        // A request smaller than a segment is not to wait for the acknowledgement of the one before (RFC 896, 1122).
        if workload.has_responses() {
            socket.set_tcp_nodelay(true)?;
        }
        if let Err(error) = socket.set_tcp_congestion(self.congestion.0.as_bytes()) {
            warn(format_args!(
                "congestion control {} was not granted: {error}",
                self.congestion
            ));
        }
        Ok(())
    }
}

/// The kernel doubles what it is asked for, for its own book-keeping, and silently stops at `wmem_max`, `rmem_max`.
fn fix_buffers(socket: &Socket, bytes: usize, warn: Warn<'_>) -> io::Result<()> {
    socket.set_send_buffer_size(bytes)?;
    socket.set_recv_buffer_size(bytes)?;
    let granted = [
        ("send", "wmem_max", socket.send_buffer_size()?),
        ("receive", "rmem_max", socket.recv_buffer_size()?),
    ];
    for (which, limit, granted) in granted {
        if granted < bytes.saturating_mul(2) {
            warn(format_args!(
                "{which} buffers hold {} bytes instead of {bytes}: sysctl net.core.{limit} is lower",
                granted / 2
            ));
        }
    }
    Ok(())
}

/// What a client says when it calls by datagram: shorter than any message, so that it is none.
const CALL: &[u8] = b"call";

/// Says the call of a client of datagrams.
pub(super) fn say_call(client: &Socket) -> io::Result<()> {
    client.send(CALL).map(drop)
}

/// A call that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// The server's end of the flow.
    pub(super) server: Socket,
    /// What took it, where there are more to come: what it accepts from now on says its end in order when it is closed.
    pub(super) listener: Option<Socket>,
}

/// Takes the call that has come to `listener`, which must be readable. A listener for datagrams becomes the server's end
/// itself, and hears nobody else from then on.
pub(super) fn accept(listener: Socket, workload: Workload) -> io::Result<Taken> {
    if workload.is_datagrams() {
        let mut call = [MaybeUninit::uninit(); CALL.len()];
        let (_, caller) = listener.recv_from(&mut call)?;
        listener.connect(&caller)?;
        // One that was only late has been sent again.
        while listener.recv(&mut call).is_ok() {}
        return Ok(Taken {
            server: listener,
            listener: None,
        });
    }
    let (server, _) = listener.accept()?;
    if !workload.renews_connections() {
        return Ok(Taken {
            server,
            listener: None,
        });
    }
    listener.set_linger(None)?;
    Ok(Taken {
        server,
        listener: Some(listener),
    })
}

/// Takes the next call to a listener, as a socket that does not block; `EAGAIN` where there is none.
#[allow(unsafe_code, reason = "nix hands a new socket over as a number")]
pub(super) fn accept_next(listener: &Socket) -> nix::Result<Socket> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let descriptor = accept4(listener.as_raw_fd(), flags)?;
    // SAFETY: the kernel has just made this descriptor for this process, and nobody else has been told of it.
    Ok(unsafe { Socket::from_raw_fd(descriptor) })
}

/// Sets an option that is a number, and that neither socket2 nor nix knows: its level and name.
#[allow(
    unsafe_code,
    reason = "a system call that takes a place and its length"
)]
pub(super) fn set_option(
    socket: &Socket,
    (level, name): (libc::c_int, libc::c_int),
    value: libc::c_int,
) -> nix::Result<()> {
    #[allow(clippy::cast_possible_truncation, reason = "four bytes")]
    const LENGTH: libc::socklen_t = size_of::<libc::c_int>() as libc::socklen_t;
    let descriptor = socket.as_raw_fd();
    // SAFETY: the kernel reads the `LENGTH` bytes of `value`, which lives through the call.
    let answer =
        unsafe { libc::setsockopt(descriptor, level, name, (&raw const value).cast(), LENGTH) };
    Errno::result(answer).map(drop)
}

/// The address and port a socket is bound to.
pub(super) fn address(socket: &Socket) -> io::Result<SocketAddr> {
    socket
        .local_addr()?
        .as_socket()
        .ok_or_else(|| io::ErrorKind::Unsupported.into())
}
