//! Conversations with the kernel about links, addresses, routes and neighbours: the only room that knows rtnetlink.
//!
//! The kernel carries out a request inside the call that sends it, so a conversation gains nothing from being
//! asynchronous: requests go out several to a message, and their answers are there when the call returns. rtnetlink's
//! builders make the messages; its asynchronous side waits for events in `barrier`.

pub(super) mod barrier;
mod dump;
pub(super) mod links;
pub(super) mod message;
pub(super) mod netfilter;
mod nsid;
mod offload;
mod raw;
pub(super) mod redirect;
pub(super) mod sockets;

use std::io;
use std::os::fd::AsRawFd;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

use crate::error::{Act, Error, Remedy, Result};

/// Answers of a batch must fit the socket's receive buffer, since one that overflows loses them without a word; 64
/// acknowledgements of a few hundred bytes are far within the default of 208 KiB.
const BATCH: usize = 64;

/// A dump's parts are at most 32 KiB (`NLMSG_GOODSIZE` and what the kernel learns from the reader's buffer).
const ANSWER_BYTES: usize = 32 * 1024;

/// One thing asked of the kernel, with the words for saying that it failed.
pub(super) struct Request {
    message: RouteNetlinkMessage,
    flags: u16,
    act: Act,
    object: String,
}

impl Request {
    /// Asks for something new; it must not be there yet.
    pub(super) fn create(
        message: RouteNetlinkMessage,
        act: impl Into<Act>,
        object: impl Into<String>,
    ) -> Self {
        Self {
            message,
            flags: NLM_F_CREATE | NLM_F_EXCL,
            act: act.into(),
            object: object.into(),
        }
    }

    /// Asks for something to be so, whether it is there or not.
    pub(super) fn replace(
        message: RouteNetlinkMessage,
        act: impl Into<Act>,
        object: impl Into<String>,
    ) -> Self {
        Self {
            message,
            flags: NLM_F_CREATE | NLM_F_REPLACE,
            act: act.into(),
            object: object.into(),
        }
    }

    /// Asks for a change of what is there.
    pub(super) fn change(
        message: RouteNetlinkMessage,
        act: impl Into<Act>,
        object: impl Into<String>,
    ) -> Self {
        Self {
            message,
            flags: 0,
            act: act.into(),
            object: object.into(),
        }
    }
}

/// A netlink socket in one namespace: the one in which it was opened.
pub(super) struct Conversation {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Conversation {
    /// Opens a conversation with the namespace in which the calling thread is.
    pub(super) fn open() -> Result<Self> {
        Self::connect().map_err(|source| Error::kernel("open", "a netlink socket", source))
    }

    fn connect() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // The reason in words, and without the request repeated before it.
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        Ok(Self {
            socket,
            buffer: vec![0; ANSWER_BYTES],
        })
    }

    /// Makes every request, in order; the first that is refused is the error, and those behind it in the same batch have
    /// been tried too.
    pub(super) fn ask(&mut self, requests: Vec<Request>) -> Result<()> {
        let mut requests = requests.into_iter().peekable();
        while requests.peek().is_some() {
            self.ask_batch(requests.by_ref().take(BATCH).collect())?;
        }
        Ok(())
    }

    fn ask_batch(&mut self, batch: Vec<Request>) -> Result<()> {
        let (bytes, words) = encode(batch);
        self.socket
            .send(&bytes, 0)
            .map_err(|source| Error::kernel("send", "netlink requests", source))?;
        let mut refused = None;
        let mut answered = 0;
        while answered < words.len() {
            for answer in self.receive()? {
                let (act, object) =
                    &words[(answer.header.sequence_number as usize).min(words.len() - 1)];
                if let (NetlinkPayload::Error(error), None) = (answer.payload, &refused) {
                    refused = error.code.map(|_| refusal(act, object, &error));
                }
                answered += 1;
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// The messages of one datagram.
    fn receive(&mut self) -> Result<Vec<NetlinkMessage<RouteNetlinkMessage>>> {
        let length = nix::sys::socket::recv(
            self.socket.as_raw_fd(),
            &mut self.buffer,
            nix::sys::socket::MsgFlags::empty(),
        )
        .map_err(|errno| Error::kernel("receive", "netlink answers", errno.into()))?;
        let mut rest = &self.buffer[..length];
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let message = NetlinkMessage::deserialize(rest)
                .map_err(|error| Error::refused("read", "a netlink answer", error.to_string()))?;
            let step = (message.header.length as usize)
                .next_multiple_of(4)
                .clamp(1, rest.len());
            messages.push(message);
            rest = &rest[step..];
        }
        Ok(messages)
    }
}

/// The requests behind one another as the kernel reads them, and the words of each by its sequence number.
fn encode(batch: Vec<Request>) -> (Vec<u8>, Vec<(Act, String)>) {
    let mut bytes = Vec::new();
    let mut words = Vec::with_capacity(batch.len());
    for (number, request) in (0..).zip(batch) {
        let mut message = NetlinkMessage::from(request.message);
        message.header.flags = NLM_F_REQUEST | NLM_F_ACK | request.flags;
        message.header.sequence_number = number;
        message.finalize();
        let start = bytes.len();
        bytes.resize(start + message.buffer_len().next_multiple_of(4), 0);
        message.serialize(&mut bytes[start..start + message.buffer_len()]);
        words.push((request.act, request.object));
    }
    (bytes, words)
}

/// The kernel's refusal, with its own words (the extended acknowledgement) as the remedy where the act has none.
fn refusal(act: &Act, object: &str, error: &netlink_packet_core::ErrorMessage) -> Error {
    let refused = Error::kernel(act.clone(), object, error.to_io());
    match (refused.remedy(), extended_words(&error.header)) {
        (None, Some(words)) => refused.with_remedy(Remedy::KernelSays(words)),
        _ => refused,
    }
}

/// `NLMSGERR_ATTR_MSG`, read from the tail of an error: the request's header (16 bytes, the rest is capped away), then
/// attributes of length, kind and value.
fn extended_words(tail: &[u8]) -> Option<String> {
    const HEADER: usize = 16;
    const ATTR_MSG: u16 = 1;
    let mut rest = tail.get(HEADER..)?;
    while let [l0, l1, k0, k1, ..] = *rest {
        let (length, kind) = (
            usize::from(u16::from_ne_bytes([l0, l1])),
            u16::from_ne_bytes([k0, k1]),
        );
        let value = rest.get(4..length)?;
        if kind == ATTR_MSG {
            return Some(
                String::from_utf8_lossy(value)
                    .trim_end_matches('\0')
                    .to_owned(),
            );
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}
