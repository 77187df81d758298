//! Batches of rules sent to `nf_tables` by ourselves, where a process of `nft` for each namespace would be too many.
//!
//! Must not know what the rules mean. The invariant: a batch is bytes, made once and sent to as many namespaces as there
//! are; each either takes all of it or nothing.

pub(in crate::lab) mod counter;
pub(in crate::lab) mod rules;

use std::io;
use std::iter;

use netlink_sys::protocols::NETLINK_NETFILTER;

use super::raw::{self, ERROR, REQUEST};
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

/// `NLM_F_ACK` and, for what is new, `NLM_F_CREATE` and `NLM_F_APPEND`.
const ACK: u16 = 4;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;

/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

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
        let mut body = vec![protocol, 0];
        body.extend(resource.to_be_bytes());
        body.extend(joined(attributes));
        self.bytes.extend(raw::message(kind, flags, &body));
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
        let socket = raw::connected(NETLINK_NETFILTER)?;
        socket.set_cap_ack(true)?;
        socket.send(&self.bytes, 0)?;
        let mut answered = 0;
        while answered < self.answers {
            let mut buffer = [0; 4096];
            let length = raw::receive(&socket, &mut buffer)?;
            answered += read_answers(&buffer[..length])?;
        }
        Ok(())
    }
}

/// Counts the acknowledgements of a datagram.
///
/// # Errors
/// The first refusal among them.
fn read_answers(datagram: &[u8]) -> io::Result<usize> {
    let mut count = 0;
    for (kind, answer) in raw::messages(datagram) {
        if kind == ERROR {
            raw::acknowledged(answer)?;
            count += 1;
        }
    }
    Ok(count)
}
