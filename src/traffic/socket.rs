//! How a flow's sockets are made: options first, then the address.
//!
//! Must not know namespaces: a socket belongs to the one the calling thread is in. The invariant: what the kernel does not
//! grant is a warning, said once; what it grants is set before the handshake, so that all of the connection's life has it.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::workload::{self, GIVEN_UP_AFTER, prepare};
use crate::scenario::{Buffers, Congestion, Orders, Workload};

/// What sockets are given, and what the kernel did not grant of it so far.
#[derive(Debug)]
pub(super) struct Dress<'a> {
    congestion: &'a Congestion,
    buffers: Buffers,
    warnings: BTreeSet<String>,
}

impl<'a> Dress<'a> {
    pub(super) fn new(congestion: &'a Congestion, buffers: Buffers) -> Self {
        Self {
            congestion,
            buffers,
            warnings: BTreeSet::new(),
        }
    }

    /// What was not granted, each said once.
    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_iter().collect()
    }

    /// A socket that listens; port 0 is one that the kernel chooses. What [`accept`] makes of it has all its options.
    pub(super) fn listener(
        &mut self,
        address: SocketAddr,
        workload: Workload,
    ) -> io::Result<Socket> {
        let socket = self.socket(address.ip(), workload)?;
        socket.bind(&address.into())?;
        if !workload.is_datagrams() {
            socket.listen(1)?;
        }
        Ok(socket)
    }

    /// A socket that is calling a target from an address; it does not wait for the answer. With datagrams the call is one
    /// that says so.
    pub(super) fn caller(
        &mut self,
        (address, target): (IpAddr, SocketAddr),
        workload: Workload,
    ) -> io::Result<Socket> {
        let socket = self.socket(address, workload)?;
        // The port is chosen by `connect` then, where it need only differ from those of flows to the same target.
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        socket.bind(&SocketAddr::new(address, 0).into())?;
        match socket.connect(&target.into()) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => {
                return Err(error);
            }
            _ => {}
        }
        if workload.is_datagrams() {
            socket.send(CALL)?;
        }
        Ok(socket)
    }

    fn socket(&mut self, address: IpAddr, workload: Workload) -> io::Result<Socket> {
        let domain = if address.is_ipv4() {
            Domain::IPV4
        } else {
            Domain::IPV6
        };
        let socket = if workload.is_datagrams() {
            Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?
        } else {
            let socket = Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
            self.dress_connection(&socket, workload)?;
            socket
        };
        if let Buffers::Bytes(bytes) = self.buffers {
            self.fix_buffers(&socket, bytes as usize)?;
        }
        Ok(socket)
    }

    fn dress_connection(&mut self, socket: &Socket, workload: Workload) -> io::Result<()> {
        // Closing aborts: an orphan or a TIME_WAIT would keep its namespace for up to a minute after the lab is gone.
        socket.set_linger(Some(Duration::ZERO))?;
        // A request smaller than a segment is not to wait for the acknowledgement of the one before (RFC 896, 1122).
        if workload.has_responses() {
            socket.set_tcp_nodelay(true)?;
        }
        if let Err(error) = socket.set_tcp_congestion(self.congestion.0.as_bytes()) {
            self.warnings.insert(format!(
                "congestion control {} was not granted: {error}",
                self.congestion
            ));
        }
        Ok(())
    }

    /// The kernel doubles what it is asked for, for its own book-keeping, and silently stops at `wmem_max`, `rmem_max`.
    fn fix_buffers(&mut self, socket: &Socket, bytes: usize) -> io::Result<()> {
        socket.set_send_buffer_size(bytes)?;
        socket.set_recv_buffer_size(bytes)?;
        let granted = [
            ("send", "wmem_max", socket.send_buffer_size()?),
            ("receive", "rmem_max", socket.recv_buffer_size()?),
        ];
        for (which, limit, granted) in granted {
            if granted < bytes.saturating_mul(2) {
                self.warnings.insert(format!(
                    "{which} buffers hold {} bytes instead of {bytes}: sysctl net.core.{limit} is lower",
                    granted / 2
                ));
            }
        }
        Ok(())
    }
}

/// What a client says when it calls by datagram: shorter than any message, so that it is none.
const CALL: &[u8] = b"call";

/// The server's end of the flow whose call has come to `listener`, which must be readable. A listener for datagrams becomes
/// that end itself, and hears nobody else from then on.
pub(super) fn accept(listener: Socket, workload: Workload) -> io::Result<Socket> {
    if !workload.is_datagrams() {
        return Ok(listener.accept()?.0);
    }
    let mut call = [MaybeUninit::uninit(); CALL.len()];
    let (_, caller) = listener.recv_from(&mut call)?;
    listener.connect(&caller)?;
    Ok(listener)
}

/// How long a server waits for room before it looks whether to stop. Shutting its socket down ends its waits for
/// requests only, so that it still reads those that have come.
const ROOM_LIMIT: Duration = Duration::from_millis(200);

/// Makes the connected socket of a flow's end ready for its driver: whether it may wait in its system calls.
pub(super) fn ready(socket: &Socket, orders: &Orders, waits_in_calls: bool) -> io::Result<()> {
    socket.set_nonblocking(!waits_in_calls)?;
    workload::dress(socket, orders)?;
    if waits_in_calls && orders.workload.has_responses() {
        socket.set_write_timeout(Some(ROOM_LIMIT))?;
    }
    if waits_in_calls && orders.workload.is_datagrams() {
        socket.set_read_timeout(Some(GIVEN_UP_AFTER))?;
    }
    Ok(prepare(socket, orders)?)
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
