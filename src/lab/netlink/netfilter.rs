//! Batches of rules sent to `nf_tables` by ourselves, where a process of `nft` for each namespace would be too many.
//!
//! Must not know what the rules mean. The invariant: a batch is bytes, made once and sent to as many namespaces as there
//! are; each either takes all of it or nothing.

pub(in crate::lab) mod counter;
pub(in crate::lab) mod rules;

use std::io;
use std::iter;
use std::os::fd::AsRawFd;

use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};

use crate::error::{Act, Error, Result};

/// `NFNL_SUBSYS_NFTABLES`.
const NFTABLES: u16 = 10;
/// `NFNL_MSG_BATCH_BEGIN` and `_END`.
const BEGIN: u16 = 16;
const END: u16 = 17;
/// `NFT_MSG_NEWTABLE`, `NEWCHAIN`, `NEWRULE`.
const NEW_TABLE: u16 = 0;
const NEW_CHAIN: u16 = 3;
const NEW_RULE: u16 = 6;

/// `NLM_F_REQUEST`, `NLM_F_ACK` and, for what is new, `NLM_F_CREATE` and `NLM_F_APPEND`.
const REQUEST: u16 = 1;
const ACK: u16 = 4;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;

/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;
/// A message's header, and the error's number that follows it in an answer.
const HEADER_BYTES: usize = 16;
const ERROR_BYTES: usize = HEADER_BYTES + 4;
/// `NLMSG_ERROR`.
const ERROR: u16 = 2;

/// Length, kind and value, padded to four bytes.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Attribute(Vec<u8>);

impl Attribute {
    /// A value as it is.
    pub(in crate::lab) fn bytes(kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Self(bytes)
    }

    /// A text, ended by a zero.
    pub(in crate::lab) fn text(kind: u16, text: &str) -> Self {
        Self::bytes(kind, &[text.as_bytes(), &[0]].concat())
    }

    /// A number, in network byte order.
    pub(in crate::lab) fn number(kind: u16, number: u32) -> Self {
        Self::bytes(kind, &number.to_be_bytes())
    }

    /// Attributes in an attribute.
    pub(in crate::lab) fn nest(kind: u16, inner: &[Self]) -> Self {
        Self::bytes(kind | NESTED, &joined(inner))
    }
}

/// What tells an attribute's kind from its flags.
const KIND_MASK: u16 = 0x3fff;

/// The attributes in an answer, each with its kind.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    iter::from_fn(move || {
        let [l0, l1, k0, k1, ..] = *rest else {
            return None;
        };
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([k0, k1]) & KIND_MASK, value))
    })
}

/// The value of the first attribute of a kind.
fn value(within: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(within).find_map(|(kind, value)| (kind == wanted).then_some(value))
}

fn joined(attributes: &[Attribute]) -> Vec<u8> {
    attributes
        .iter()
        .flat_map(|one| one.0.iter().copied())
        .collect()
}

/// What is to be new in a namespace, all at once.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Batch {
    bytes: Vec<u8>,
    protocol: u8,
    /// Messages whose answer has to be waited for.
    answers: usize,
}

impl Batch {
    /// A batch of things of one protocol (`NFPROTO_*`).
    pub(in crate::lab) fn new(protocol: u8) -> Self {
        let mut batch = Self {
            bytes: Vec::new(),
            protocol,
            answers: 0,
        };
        batch.push(BEGIN, REQUEST, (0, NFTABLES), &[]);
        batch
    }

    /// A table.
    pub(in crate::lab) fn new_table(&mut self, attributes: &[Attribute]) {
        self.create(NEW_TABLE, CREATE, attributes);
    }

    /// A chain.
    pub(in crate::lab) fn new_chain(&mut self, attributes: &[Attribute]) {
        self.create(NEW_CHAIN, CREATE, attributes);
    }

    /// A rule, behind those that are there.
    pub(in crate::lab) fn new_rule(&mut self, attributes: &[Attribute]) {
        self.create(NEW_RULE, CREATE | APPEND, attributes);
    }

    /// Closes the batch; nothing may follow.
    pub(in crate::lab) fn finish(&mut self) {
        self.push(END, REQUEST, (0, NFTABLES), &[]);
    }

    fn create(&mut self, message: u16, flags: u16, attributes: &[Attribute]) {
        self.answers += 1;
        let kind = NFTABLES << 8 | message;
        self.push(kind, REQUEST | ACK | flags, (self.protocol, 0), attributes);
    }

    fn push(
        &mut self,
        kind: u16,
        flags: u16,
        (protocol, resource): (u8, u16),
        attributes: &[Attribute],
    ) {
        let body = joined(attributes);
        let length = u32::try_from(HEADER_BYTES + 4 + body.len()).unwrap_or(u32::MAX);
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(flags.to_ne_bytes());
        // Sequence number and port: answers come in order, and the kernel knows who asks.
        self.bytes.extend([0; 8]);
        self.bytes.extend([protocol, 0]);
        self.bytes.extend(resource.to_be_bytes());
        self.bytes.extend(body);
    }

    /// Sends the batch to the namespace in which the calling thread is. `what` is named when it is refused.
    ///
    /// # Errors
    /// What the kernel refuses; `EPROTONOSUPPORT` where it has no `nf_tables`.
    pub(in crate::lab) fn load(&self, what: &str) -> Result<()> {
        self.send()
            .map_err(|source| Error::kernel(Act::LoadRules, what, source))
    }

    fn send(&self) -> io::Result<()> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_cap_ack(true)?;
        socket.send(&self.bytes, 0)?;
        let mut answered = 0;
        while answered < self.answers {
            let mut buffer = [0; 4096];
            let length = nix::sys::socket::recv(
                socket.as_raw_fd(),
                &mut buffer,
                nix::sys::socket::MsgFlags::empty(),
            )?;
            answered += read_answers(&buffer[..length])?;
        }
        Ok(())
    }
}

/// Counts the acknowledgements of a datagram.
///
/// # Errors
/// The first refusal among them.
fn read_answers(mut rest: &[u8]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(answer) = rest.first_chunk::<ERROR_BYTES>() {
        let [l0, l1, l2, l3, k0, k1, ..] = *answer;
        let length = u32::from_ne_bytes([l0, l1, l2, l3]) as usize;
        if u16::from_ne_bytes([k0, k1]) == ERROR {
            let [.., e0, e1, e2, e3] = *answer;
            let code = i32::from_ne_bytes([e0, e1, e2, e3]);
            if code != 0 {
                return Err(io::Error::from_raw_os_error(-code));
            }
            count += 1;
        }
        rest = rest
            .get(length.next_multiple_of(4).max(ERROR_BYTES)..)
            .unwrap_or_default();
    }
    Ok(count)
}
