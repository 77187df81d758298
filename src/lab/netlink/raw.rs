//! Messages of netlink as bytes, for protocols of which no crate at hand knows the messages.
//!
//! Must not know what is said in them. The invariant: a list is whole, or an error.

use std::io;
use std::iter;
use std::os::fd::AsRawFd;

use netlink_sys::{Socket, SocketAddr};
use nix::libc;
use nix::sys::socket::{MsgFlags, recv};

/// `NLM_F_REQUEST` and `NLM_F_DUMP`; `NLMSG_ERROR` and `NLMSG_DONE`.
pub(super) const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
pub(super) const ERROR: u16 = 2;
const DONE: u16 = 3;
/// A message's header, and the error's number that follows it in an answer.
pub(super) const HEADER_BYTES: usize = 16;
pub(super) const ERROR_BYTES: usize = HEADER_BYTES + 4;
/// What the kernel puts into one datagram of a list at most, with room to spare.
const ANSWER_BYTES: usize = 64 * 1024;

/// A socket that speaks with the kernel of the namespace in which the calling thread is.
pub(super) fn connected(protocol: isize) -> io::Result<Socket> {
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    Ok(socket)
}

/// A message. Its sequence number and port are 0: answers come in order, and the kernel knows who asks.
pub(super) fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER_BYTES + body.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(body);
    bytes
}

/// Bytes of the next datagram, which the buffer begins with then.
pub(super) fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(recv(socket.as_raw_fd(), buffer, MsgFlags::empty())?)
}

/// The messages of a datagram, each with its kind.
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = datagram;
    iter::from_fn(move || {
        let [l0, l1, l2, l3, k0, k1, ..] = *rest.first_chunk::<HEADER_BYTES>()?;
        let length = (u32::from_ne_bytes([l0, l1, l2, l3]) as usize).max(HEADER_BYTES);
        let message = &rest[..length.min(rest.len())];
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([k0, k1]), message))
    })
}

/// What a message of the kind [`ERROR`] says; an acknowledgement is one too.
pub(super) fn acknowledged(message: &[u8]) -> io::Result<()> {
    let code = message.get(HEADER_BYTES..).and_then(<[u8]>::first_chunk);
    match code.map_or(-libc::EIO, |code| i32::from_ne_bytes(*code)) {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(-code)),
    }
}

/// Asks for all there is, and shows every message of the answer with its kind.
///
/// # Errors
/// What the kernel refuses.
pub(super) fn list(
    protocol: isize,
    (kind, body): (u16, &[u8]),
    mut show: impl FnMut(u16, &[u8]),
) -> io::Result<()> {
    let socket = connected(protocol)?;
    socket.send(&message(kind, REQUEST | DUMP, body), 0)?;
    let mut buffer = vec![0; ANSWER_BYTES];
    loop {
        let length = receive(&socket, &mut buffer)?;
        if read(&buffer[..length], &mut show)? {
            return Ok(());
        }
    }
}

/// Shows the messages of one datagram, and says whether the list is whole.
fn read(datagram: &[u8], show: &mut impl FnMut(u16, &[u8])) -> io::Result<bool> {
    for (kind, message) in messages(datagram) {
        match kind {
            DONE => return Ok(true),
            ERROR => return acknowledged(message).map(|()| true),
            kind => show(kind, message),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: u16 = 20;

    #[test]
    fn each_message_is_shown_until_the_list_is_whole() {
        let datagram = [
            message(KIND, 0, &[1, 2, 3, 4]),
            message(KIND, 0, &[5]),
            // To a multiple of four.
            vec![0; 3],
            message(DONE, 0, &[0; 4]),
            message(KIND, 0, &[6]),
        ]
        .concat();
        let mut seen = Vec::new();
        let whole = read(&datagram, &mut |kind, message: &[u8]| {
            seen.push((kind, message[HEADER_BYTES..].to_vec()));
        });
        assert!(whole.unwrap());
        assert_eq!(seen, [(KIND, vec![1, 2, 3, 4]), (KIND, vec![5])]);
    }

    #[test]
    fn a_refusal_is_an_error_and_a_part_is_not_the_whole() {
        let refused = |body: &[u8]| read(&message(ERROR, 0, body), &mut |_, _| ());
        let error = refused(&(-1_i32).to_ne_bytes()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EPERM));
        assert!(refused(&[]).is_err(), "cut short");
        assert!(refused(&[0; 4]).unwrap(), "an acknowledgement");
        assert!(!read(&message(KIND, 0, &[0; 8]), &mut |_, _| ()).unwrap());
    }
}
