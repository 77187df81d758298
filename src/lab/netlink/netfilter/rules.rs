//! Asking `nf_tables` for all rules of a protocol, and whether each rewrites destinations, where a listing by `nft` would be a process
//! that writes all of them out.
//!
//! Must not know whose rules they are. The invariant: a list is whole, or an error.

use std::io;

use netlink_sys::protocols::NETLINK_NETFILTER;

use super::super::raw::{self, HEADER_BYTES};
use super::{NEW_RULE, NFTABLES, attributes, value};

/// `NFT_MSG_GETRULE`.
const GET_RULE: u16 = 7;
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
    // No version and no resource.
    let question = [protocol, 0, 0, 0];
    let kind = NFTABLES << 8 | GET_RULE;
    raw::list(NETLINK_NETFILTER, (kind, &question), |kind, message| {
        if let Some(rule) = of_message(kind, message) {
            show(&rule);
        }
    })
}

fn of_message(kind: u16, message: &[u8]) -> Option<Rule<'_>> {
    let body = message.get(HEADER_BYTES + 4..);
    body.filter(|_| kind == NFTABLES << 8 | NEW_RULE)
        .and_then(of_attributes)
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

    #[test]
    fn a_rule_that_rewrites_destinations_is_told_from_others() {
        let seen = [
            ("a", "x", None),
            ("a", "y", Some(DNAT)),
            ("b", "z", Some(0)),
        ]
        .map(|(table, chain, nat)| {
            let message = rule(table, chain, nat);
            let rule = of_message(NFTABLES << 8 | NEW_RULE, &message).unwrap();
            (rule.table.to_owned(), rule.chain.to_owned(), rule.leads)
        });
        let expected = [("a", "x", false), ("a", "y", true), ("b", "z", false)];
        let expected =
            expected.map(|(table, chain, leads)| (table.to_owned(), chain.to_owned(), leads));
        assert_eq!(seen, expected);
        assert_eq!(of_message(NFTABLES << 8, &rule("a", "x", None)), None);
    }

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
        let body = [&[2, 0, 0, 0], &body[..]].concat();
        raw::message(NFTABLES << 8 | NEW_RULE, 0, &body)
    }
}
