//! Asking `nf_tables` for all rules of a protocol, and whether each rewrites destinations, where a listing by `nft` would be a process
//! that writes all of them out.
//!
//! Must not know whose rules they are. The invariant: a list is whole, or an error.

use std::io;
use std::os::fd::AsRawFd;

use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};

use super::{ERROR, ERROR_BYTES, HEADER_BYTES, NEW_RULE, NFTABLES, REQUEST, attributes, value};

/// `NFT_MSG_GETRULE`.
const GET_RULE: u16 = 7;
/// `NLM_F_DUMP`, and `NLMSG_DONE` that ends an answer to it.
const DUMP: u16 = 0x300;
const DONE: u16 = 3;
/// `NFTA_RULE_TABLE`, `CHAIN` and `EXPRESSIONS`.
const TABLE: u16 = 1;
const CHAIN: u16 = 2;
const EXPRESSIONS: u16 = 4;
/// `NFTA_EXPR_NAME` and `DATA`.
const NAME: u16 = 1;
const DATA: u16 = 2;
/// `NFTA_NAT_TYPE`, and `NFT_NAT_DNAT` that it may be.
const NAT_TYPE: u16 = 1;
const DNAT: u32 = 1;
/// What the kernel puts into one datagram of a list at most, with room to spare.
const ANSWER_BYTES: usize = 64 * 1024;

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lab) struct Rule<'a> {
    /// The table that it is in.
    pub(in crate::lab) table: &'a str,
    /// The chain that it is in.
    pub(in crate::lab) chain: &'a str,
    /// Whether it rewrites the destination of packets.
    pub(in crate::lab) leads: bool,
}

/// Shows every rule of a protocol (`NFPROTO_*`) in the namespace in which the calling thread is.
///
/// # Errors
/// What the kernel refuses; `EPROTONOSUPPORT` where it has no `nf_tables`.
pub(in crate::lab) fn each(protocol: u8, mut show: impl FnMut(&Rule<'_>)) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(&question(protocol), 0)?;
    let mut buffer = vec![0; ANSWER_BYTES];
    loop {
        let flags = nix::sys::socket::MsgFlags::empty();
        let length = nix::sys::socket::recv(socket.as_raw_fd(), &mut buffer, flags)?;
        if read(&buffer[..length], &mut show)? {
            return Ok(());
        }
    }
}

fn question(protocol: u8) -> Vec<u8> {
    let length = u32::try_from(HEADER_BYTES + 4).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend((NFTABLES << 8 | GET_RULE).to_ne_bytes());
    bytes.extend((REQUEST | DUMP).to_ne_bytes());
    // Sequence number and port: one list is asked for, and the kernel knows who asks. Then no version and no resource.
    bytes.extend([0; 8]);
    bytes.extend([protocol, 0, 0, 0]);
    bytes
}

/// Reads the messages of one datagram, and says whether the list is whole.
fn read(mut rest: &[u8], show: &mut impl FnMut(&Rule<'_>)) -> io::Result<bool> {
    while let Some(head) = rest.first_chunk::<ERROR_BYTES>() {
        let [l0, l1, l2, l3, k0, k1, .., e0, e1, e2, e3] = *head;
        let length = u32::from_ne_bytes([l0, l1, l2, l3]) as usize;
        match u16::from_ne_bytes([k0, k1]) {
            DONE => return Ok(true),
            ERROR => match i32::from_ne_bytes([e0, e1, e2, e3]) {
                0 => return Ok(true),
                code => return Err(io::Error::from_raw_os_error(-code)),
            },
            kind if kind == NFTABLES << 8 | NEW_RULE => {
                let body = rest.get(HEADER_BYTES + 4..length.min(rest.len()));
                if let Some(rule) = body.and_then(of_attributes) {
                    show(&rule);
                }
            }
            _ => {}
        }
        let step = length.next_multiple_of(4).max(HEADER_BYTES);
        rest = rest.get(step..).unwrap_or_default();
    }
    Ok(false)
}

fn of_attributes(body: &[u8]) -> Option<Rule<'_>> {
    let expressions = value(body, EXPRESSIONS).unwrap_or_default();
    Some(Rule {
        table: text(value(body, TABLE)?)?,
        chain: text(value(body, CHAIN)?)?,
        leads: attributes(expressions).any(|(_, expression)| leads(expression)),
    })
}

fn leads(expression: &[u8]) -> bool {
    let is_nat = value(expression, NAME).and_then(text) == Some("nat");
    let kind = value(expression, DATA).and_then(|data| value(data, NAT_TYPE)?.first_chunk());
    is_nat && kind.is_some_and(|kind| u32::from_be_bytes(*kind) == DNAT)
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes)
        .ok()
        .map(|text| text.trim_end_matches('\0'))
}

#[cfg(test)]
mod tests {
    use super::super::{Attribute, joined};
    use super::*;

    fn rule(table: &str, chain: &str, nat: Option<u32>) -> Vec<u8> {
        let mut expressions = vec![Attribute::nest(1, &[Attribute::text(NAME, "counter")])];
        expressions.extend(nat.map(|kind| {
            let data = Attribute::nest(DATA, &[Attribute::number(NAT_TYPE, kind)]);
            Attribute::nest(1, &[Attribute::text(NAME, "nat"), data])
        }));
        let body = joined(&[
            Attribute::text(TABLE, table),
            Attribute::text(CHAIN, chain),
            Attribute::nest(EXPRESSIONS, &expressions),
        ]);
        message(
            NFTABLES << 8 | NEW_RULE,
            &[&[2, 0, 0, 0], &body[..]].concat(),
        )
    }

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER_BYTES + body.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_rule_that_rewrites_destinations_is_told_from_others() {
        let end = message(DONE, &[0; 4]);
        let datagram = [
            rule("a", "x", None),
            rule("a", "y", Some(DNAT)),
            rule("b", "z", Some(0)),
            end,
        ]
        .concat();
        let mut seen = Vec::new();
        let whole = read(&datagram, &mut |rule: &Rule<'_>| {
            seen.push((rule.table.to_owned(), rule.chain.to_owned(), rule.leads));
        });
        assert!(whole.unwrap());
        let expected = [("a", "x", false), ("a", "y", true), ("b", "z", false)];
        let expected =
            expected.map(|(table, chain, leads)| (table.to_owned(), chain.to_owned(), leads));
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_refusal_is_an_error_and_a_part_is_not_the_whole() {
        let refused = message(ERROR, &(-1_i32).to_ne_bytes());
        assert!(read(&refused, &mut |_: &Rule<'_>| ()).is_err());
        assert!(!read(&rule("a", "x", None), &mut |_: &Rule<'_>| ()).unwrap());
    }
}
