//! Sending the process's own pages (`MSG_ZEROCOPY`), and reading what the kernel says became of them.
//!
//! The kernel takes a reference instead of a copy, and says on the socket's error queue when it has no more use of the pages,
//! and whether it has copied them after all. It does wherever a packet is received on the node that sent it: else a receiver
//! could hold a sender's memory for as long as it likes (`skb_orphan_frags_rx`,
//! <https://docs.kernel.org/networking/msg_zerocopy.html>).
//!
//! Must not know flows. The invariant: the payload is never written, so nobody has to wait for the word that it may be; the
//! queue of these words is kept short by a bounded number of reads.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, send};
use socket2::Socket;

use super::super::attempt::SEND_FLAGS;
use super::super::log::Completions;
use crate::traffic::socket::set_option;

/// Sends after which the error queue is read. The kernel puts words about consecutive sends together, so that there are
/// few of them however many sends.
const SENDS_A_READING: u32 = 16;
/// Words that are read at a time.
const WORDS_A_READING: usize = 4;

/// `SO_EE_ORIGIN_ZEROCOPY` of `linux/errqueue.h`, which `libc` does not have.
const ORIGIN_ZEROCOPY: u8 = 5;
/// `SO_EE_CODE_ZEROCOPY_COPIED` of the same: the pages were copied all the same.
const CODE_COPIED: u8 = 1;

/// Says to a socket that it will be asked to send without a copy.
pub(super) fn announce(socket: &Socket) -> nix::Result<()> {
    set_option(socket, (libc::SOL_SOCKET, libc::SO_ZEROCOPY), 1)
}

/// One sender.
#[derive(Debug, Default)]
pub(super) struct Zerocopy {
    completions: Completions,
    /// Sends since the error queue was read.
    unheard: u32,
}

impl Zerocopy {
    pub(super) fn completions(&self) -> Completions {
        self.completions
    }

    /// Sends as much of a message as there is room for. Where the kernel has no memory left to remember a send by
    /// (`optmem_max`, or what the user may lock), it is an ordinary one.
    pub(super) fn send(&mut self, socket: &Socket, message: &[u8]) -> nix::Result<usize> {
        if self.unheard >= SENDS_A_READING {
            self.hear(socket);
        }
        let zerocopy = MsgFlags::from_bits_retain(libc::MSG_ZEROCOPY);
        match send(socket.as_raw_fd(), message, SEND_FLAGS | zerocopy) {
            Ok(sent) => {
                self.unheard += 1;
                Ok(sent)
            }
            Err(Errno::ENOBUFS) => {
                self.hear(socket);
                let sent = send(socket.as_raw_fd(), message, SEND_FLAGS)?;
                self.completions.known += 1;
                self.completions.copied += 1;
                Ok(sent)
            }
            Err(errno) => {
                // What wakes a sender that has no room may be such a word, and would be again if it stayed.
                self.hear(socket);
                Err(errno)
            }
        }
    }

    /// Reads some of the error queue, which holds such words only: what is wrong with a connection is said by its calls.
    fn hear(&mut self, socket: &Socket) {
        self.unheard = 0;
        for _ in 0..WORDS_A_READING {
            let Some(word) = word(socket) else {
                return;
            };
            // Numbers of sends, first and last, which start again at 0 after 2^32.
            let sends = u64::from(word.ee_data.wrapping_sub(word.ee_info)) + 1;
            self.completions.known += sends;
            if word.ee_code & CODE_COPIED != 0 {
                self.completions.copied += sends;
            }
        }
    }
}

/// The oldest word of the queue.
fn word(socket: &Socket) -> Option<libc::sock_extended_err> {
    let mut control = Control([0; 128]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut [], Some(&mut control.0), flags).ok()?;
    let mut words = message.cmsgs().ok()?;
    words.find_map(|word| match word {
        ControlMessageOwned::Ipv4RecvErr(word, _) | ControlMessageOwned::Ipv6RecvErr(word, _)
            if word.ee_origin == ORIGIN_ZEROCOPY =>
        {
            Some(word)
        }
        _ => None,
    })
}

/// Room for one word and the address of whom it is about, of either family, where the headers of such may lie.
#[repr(align(8))]
struct Control([u8; 128]);

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    #[test]
    fn every_send_is_heard_of_in_the_end() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(any).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let _server = listener.accept().unwrap();
            let socket = Socket::from(client);
            announce(&socket).unwrap();
            let mut sender = Zerocopy::default();
            for _ in 0..3 {
                assert_eq!(sender.send(&socket, &[7; 5000]), Ok(5000));
            }
            // Nobody has read it: the kernel copied it as it put it into the receiver's queue.
            while sender.completions.known < 3 {
                let mut waited = [PollFd::new(socket.as_fd(), PollFlags::empty())];
                poll(&mut waited, PollTimeout::from(10_000_u16)).unwrap();
                sender.hear(&socket);
            }
            assert_eq!(
                sender.completions(),
                Completions {
                    known: 3,
                    copied: 3
                }
            );
        }
    }
}
