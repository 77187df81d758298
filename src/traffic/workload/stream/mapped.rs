//! Receiving by having the kernel's pages mapped (`TCP_ZEROCOPY_RECEIVE`).
//!
//! A page is mapped only where a packet brought it whole, and where it is nobody else's: not one of a file, as `sendfile`
//! sends, and not a part of a larger block, as those are that an ordinary `send` copies to (`can_map_frag`, Linux 6.8). What
//! cannot be mapped has to be received as usual, and the kernel says how much that is.
//!
//! Must not know flows. The invariant: a page stays mapped until the next is put in its place or the mapping ends, and is
//! never looked at.

#![allow(
    unsafe_code,
    reason = "mapping memory is a raw act, and nix has no such option"
)]

use std::ffi::c_void;
use std::mem::size_of;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::unistd::{SysconfVar, sysconf};
use socket2::Socket;

use super::super::room::Room;
use crate::traffic::flow::Endpoint;
use crate::traffic::socket::set_option;

/// Has a socket report what came once it is a message: less than a page cannot be mapped. The kernel takes no more for it
/// than its receive buffer can hold (`tcp_set_rcvlowat`).
pub(super) fn await_messages(socket: &Socket, message_bytes: u32) -> nix::Result<()> {
    let least = libc::c_int::try_from(message_bytes).unwrap_or(libc::c_int::MAX);
    set_option(socket, (libc::SOL_SOCKET, libc::SO_RCVLOWAT), least)
}

/// The beginning of `struct tcp_zerocopy_receive` of `linux/tcp.h`, as far as the kernel is told that there is one.
#[derive(Debug)]
#[repr(C)]
struct Request {
    address: u64,
    /// Bytes to map; on return those that were.
    length: u32,
    /// On return: bytes that have to be received as usual before more can be mapped.
    skip: u32,
}

#[allow(clippy::cast_possible_truncation, reason = "16 bytes")]
const REQUEST_BYTES: libc::socklen_t = size_of::<Request>() as libc::socklen_t;

/// One receiver.
#[derive(Debug)]
pub(super) struct Mapped<'a> {
    socket: &'a Socket,
    room: Room<'a>,
    pages: nix::Result<Pages>,
    bytes: u64,
}

impl<'a> Mapped<'a> {
    /// A receiver that maps up to a message at once, and receives into the room what cannot be mapped.
    pub(super) fn new(endpoint: &'a Endpoint, room: Room<'a>, message: usize) -> Self {
        let socket = &endpoint.socket;
        Self {
            socket,
            room,
            pages: Pages::of(socket, message),
            bytes: 0,
        }
    }

    /// Bytes that were mapped.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Maps what has come, or receives what cannot be mapped of it; returns how much.
    pub(super) fn receive(&mut self) -> nix::Result<usize> {
        let request = match &self.pages {
            Ok(pages) => pages.fill(self.socket)?,
            Err(errno) => return Err(*errno),
        };
        if request.length > 0 {
            self.bytes += u64::from(request.length);
            return Ok(request.length as usize);
        }
        // Without a hint there is nothing at all, which receiving tells from an end.
        let room = match request.skip as usize {
            0 => self.room,
            skip => self.room.of_at_most(skip),
        };
        room.receive(self.socket.as_raw_fd())
    }
}

/// Address space for what a socket receives.
#[derive(Debug)]
struct Pages {
    place: NonNull<c_void>,
    length: NonZeroUsize,
}

// SAFETY: the mapping is this object's until it is dropped, and nobody looks at what is there.
unsafe impl Send for Pages {}

impl Pages {
    /// As much as holds a message, of the socket's.
    fn of(socket: &Socket, message: usize) -> nix::Result<Self> {
        let page = sysconf(SysconfVar::PAGE_SIZE)?.unwrap_or(4096);
        let page = usize::try_from(page).map_err(|_| Errno::EINVAL)?;
        let length = NonZeroUsize::new(message.next_multiple_of(page)).ok_or(Errno::EINVAL)?;
        // SAFETY: the kernel chooses a free place for it, so nothing that is there is replaced, and it stays mapped until
        // this object unmaps it.
        let place = unsafe {
            mmap(
                None,
                length,
                ProtFlags::PROT_READ,
                MapFlags::MAP_SHARED,
                socket,
                0,
            )
        };
        Ok(Self {
            place: place?,
            length,
        })
    }

    /// Puts what has come in the place of what was there.
    fn fill(&self, socket: &Socket) -> nix::Result<Request> {
        let mut request = Request {
            address: self.place.as_ptr().addr() as u64,
            length: u32::try_from(self.length.get()).unwrap_or(u32::MAX),
            skip: 0,
        };
        let mut length = REQUEST_BYTES;
        // SAFETY: the kernel reads and writes the `length` bytes of `request`, which live through the call, and changes what
        // is mapped within a mapping of this socket only, which is this object's and which nobody looks at.
        let answer = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_ZEROCOPY_RECEIVE,
                (&raw mut request).cast(),
                &raw mut length,
            )
        };
        match Errno::result(answer) {
            Ok(_) => Ok(request),
            // The other end has closed, which receiving says in its own way.
            Err(Errno::EIO) => Ok(Request {
                length: 0,
                skip: 0,
                ..request
            }),
            Err(errno) => Err(errno),
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length and is unmapped once, and nothing was borrowed from it. It can only fail for
        // a place or length that is not mapped.
        let _ = unsafe { munmap(self.place, self.length.get()) };
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::scenario::{Load, Orders, Workload};
    use crate::traffic::flow::Role;
    use crate::traffic::ledger::Ledger;
    use crate::traffic::workload::room::Rooms;

    const MESSAGE: u32 = 65_536;

    /// A client, and the server's endpoint that it is connected to.
    fn flow() -> (TcpStream, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = Socket::from(listener.accept().unwrap().0);
        let orders = Orders {
            workload: Workload::TcpStream,
            message_bytes: MESSAGE,
            load: Load::default(),
        };
        let ledger = Ledger::create(2).unwrap();
        (
            client,
            Endpoint::new(server, Role::Server, (0, orders), &ledger),
        )
    }

    #[test]
    fn less_than_a_page_is_received_and_an_end_is_seen() {
        let (mut client, endpoint) = flow();
        let rooms = Rooms::of(MESSAGE as usize);
        let mut receiver = Mapped::new(&endpoint, rooms.room(0), MESSAGE as usize);
        client.write_all(&[1; 1000]).unwrap();
        assert_eq!((receiver.receive(), receiver.bytes()), (Ok(1000), 0));
        drop(client);
        assert_eq!(receiver.receive(), Ok(0));
    }

    #[test]
    fn bytes_are_all_received_whether_they_are_mapped_or_not() {
        let (mut client, endpoint) = flow();
        let rooms = Rooms::of(MESSAGE as usize);
        let mut receiver = Mapped::new(&endpoint, rooms.room(0), MESSAGE as usize);
        let sender = std::thread::spawn(move || client.write_all(&vec![1; 10_000_000]).unwrap());
        let mut total = 0;
        while total < 10_000_000 {
            total += receiver.receive().unwrap();
        }
        sender.join().unwrap();
        assert_eq!(total, 10_000_000);
        assert!(receiver.bytes() <= 10_000_000);
    }
}
