//! Asking the kernel for the TCP sockets of a namespace (`inet_diag`).
//!
//! Must not know whose they are. The invariant: a list is whole, or an error.

use std::io;

use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use nix::libc;

use super::raw::{self, HEADER_BYTES};
use crate::scenario::Family;

/// `SOCK_DIAG_BY_FAMILY`, which an answer is too.
const BY_FAMILY: u16 = 20;
/// `struct inet_diag_req_v2`: family, protocol, two bytes, states, and 48 bytes that name one socket, none here.
const QUESTION_BYTES: usize = 56;
/// Where `struct inet_diag_msg` has the local port, in network byte order, and `idiag_wqueue`.
const PORT: usize = HEADER_BYTES + 4;
const WRITE_QUEUE: usize = HEADER_BYTES + 60;

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
    let mut found = Vec::new();
    let question = question(family, state);
    raw::list(
        NETLINK_SOCK_DIAG,
        (BY_FAMILY, &question),
        |kind, message| {
            found.extend(of_message(message).filter(|_| kind == BY_FAMILY));
        },
    )?;
    Ok(found)
}

fn question(family: Family, state: State) -> Vec<u8> {
    let family = match family {
        Family::Ipv4 => libc::AF_INET,
        Family::Ipv6 => libc::AF_INET6,
    };
    let byte = |number: i32| u8::try_from(number).unwrap_or(0);
    let mut bytes = vec![byte(family), byte(libc::IPPROTO_TCP), 0, 0];
    bytes.extend((1_u32 << state as u32).to_ne_bytes());
    bytes.resize(QUESTION_BYTES, 0);
    bytes
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
        assert_eq!(of_message(&raw::message(BY_FAMILY, 0, &[0; 24])), None);
    }
}
