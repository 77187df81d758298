//! Asking the kernel for the TCP sockets of a namespace (`inet_diag`).
//!
//! Must not know whose they are. The invariant: a list is whole, or an error.

use std::io;
use std::os::fd::AsRawFd;

use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};
use nix::libc;

use crate::scenario::Family;

/// `SOCK_DIAG_BY_FAMILY`, which an answer is too.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST` and `NLM_F_DUMP`; `NLMSG_ERROR` and `NLMSG_DONE`.
const REQUEST_DUMP: u16 = 0x301;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const HEADER_BYTES: usize = 16;
/// `struct inet_diag_req_v2`: family, protocol, two bytes, states, and 48 bytes that name one socket, none here.
const QUESTION_BYTES: usize = 56;
/// Where `struct inet_diag_msg` has the local port, in network byte order, and `idiag_wqueue`.
const PORT: usize = HEADER_BYTES + 4;
const WRITE_QUEUE: usize = HEADER_BYTES + 60;
/// What the kernel puts into one datagram of a list at most.
const ANSWER_BYTES: usize = 32 * 1024;

/// States that sockets of TCP are in (`net/tcp_states.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) enum State {
    Established = 1,
    Listen = 10,
}

/// A socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) struct Found {
    /// Its own port.
    pub(in crate::lab) port: u16,
    /// Of one that listens, how many connections may wait to be accepted; of others bytes that have not been acknowledged.
    pub(in crate::lab) waiting: u32,
}

/// The TCP sockets of a state in the namespace in which the calling thread is.
///
/// # Errors
/// What the kernel refuses; `ENOENT` where it was built without `inet_diag`.
pub(in crate::lab) fn of_state(family: Family, state: State) -> io::Result<Vec<Found>> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(&question(family, state), 0)?;
    let mut buffer = vec![0; ANSWER_BYTES];
    let mut found = Vec::new();
    loop {
        let flags = nix::sys::socket::MsgFlags::empty();
        let length = nix::sys::socket::recv(socket.as_raw_fd(), &mut buffer, flags)?;
        if read(&buffer[..length], &mut found)? {
            return Ok(found);
        }
    }
}

fn question(family: Family, state: State) -> Vec<u8> {
    let family = match family {
        Family::Ipv4 => libc::AF_INET,
        Family::Ipv6 => libc::AF_INET6,
    };
    let byte = |number: i32| u8::try_from(number).unwrap_or(0);
    let length = u32::try_from(HEADER_BYTES + QUESTION_BYTES).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST_DUMP.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([byte(family), byte(libc::IPPROTO_TCP), 0, 0]);
    bytes.extend((1_u32 << state as u32).to_ne_bytes());
    bytes.resize(HEADER_BYTES + QUESTION_BYTES, 0);
    bytes
}

/// Reads the messages of one datagram, and says whether the list is whole.
fn read(mut rest: &[u8], found: &mut Vec<Found>) -> io::Result<bool> {
    while let Some([l0, l1, l2, l3, k0, k1, ..]) = rest.first_chunk::<HEADER_BYTES>() {
        let length = u32::from_ne_bytes([*l0, *l1, *l2, *l3]) as usize;
        match u16::from_ne_bytes([*k0, *k1]) {
            DONE => return Ok(true),
            ERROR => {
                let code = number(rest, HEADER_BYTES).map(u32::cast_signed);
                return Err(io::Error::from_raw_os_error(-code.unwrap_or(-libc::EIO)));
            }
            BY_FAMILY => found.extend(of_message(rest)),
            _ => {}
        }
        let step = length.next_multiple_of(4).max(HEADER_BYTES);
        rest = rest.get(step..).unwrap_or_default();
    }
    Ok(false)
}

fn of_message(message: &[u8]) -> Option<Found> {
    let port = message.get(PORT..)?.first_chunk()?;
    Some(Found {
        port: u16::from_be_bytes(*port),
        waiting: number(message, WRITE_QUEUE)?,
    })
}

fn number(message: &[u8], at: usize) -> Option<u32> {
    let bytes = message.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_lists_a_socket_that_listens_and_one_that_is_connected() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let Ok(listening) = of_state(Family::Ipv4, State::Listen) else {
            eprintln!("SKIPPED: no inet_diag here");
            return;
        };
        let room = listening
            .iter()
            .find(|it| it.port == port)
            .map(|it| it.waiting);
        assert!(room > Some(0), "{room:?}");
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connected = of_state(Family::Ipv4, State::Established).unwrap();
        let own = client.local_addr().unwrap().port();
        for port in [port, own] {
            assert!(connected.iter().any(|it| it.port == port), "{port}");
        }
    }

    #[test]
    fn an_answer_that_is_cut_short_is_no_socket() {
        let mut short = 40_u32.to_ne_bytes().to_vec();
        short.extend(BY_FAMILY.to_ne_bytes());
        short.resize(40, 0);
        let mut found = Vec::new();
        assert!(!read(&short, &mut found).unwrap());
        assert_eq!(found, []);
    }
}
