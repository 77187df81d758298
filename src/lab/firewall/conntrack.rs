//! Connection tracking in each container, as kernels of 2016 had it in every namespace once its module was loaded.
//!
//! Since then a namespace tracks only where a rule asks for it, so each container gets one rule that does: in the chain
//! of what comes in, established connections are accepted, and so is everything else. Thousands of processes for as many
//! rules would take longer than the labs, so the batch that `nft` would send is sent by ourselves, from a socket made
//! inside the container.
//!
//! Message and attribute numbers are those of `linux/netfilter/nfnetlink.h` and `linux/netfilter/nf_tables.h`.

use super::super::netlink::netfilter::{Attribute, Batch};

/// The table and its chain.
const TABLE: &str = "kilonet-conntrack";
const CHAIN: &str = "input";

/// `NFPROTO_INET`: both protocols by one rule.
const BOTH_PROTOCOLS: u8 = 1;
/// `NF_INET_LOCAL_IN`.
const LOCAL_IN: u32 = 1;
/// `NF_ACCEPT`.
const ACCEPT: u32 = 1;
/// `NF_CT_STATE_BIT` of established and related connections.
const KNOWN: u32 = 2 | 4;

/// The rule, ready to be sent to any namespace.
pub(in crate::lab) fn batch() -> Batch {
    let mut batch = Batch::new(BOTH_PROTOCOLS);
    batch.new_table(&[Attribute::text(1, TABLE)]);
    batch.new_chain(&[
        Attribute::text(1, TABLE),
        Attribute::text(3, CHAIN),
        Attribute::nest(
            4,
            &[Attribute::number(1, LOCAL_IN), Attribute::number(2, 0)],
        ),
        Attribute::number(5, ACCEPT),
        Attribute::text(7, "filter"),
    ]);
    batch.new_rule(&[
        Attribute::text(1, TABLE),
        Attribute::text(2, CHAIN),
        Attribute::nest(4, &[load_state(), mask_known(), unless_zero(), accept()]),
    ]);
    batch.finish();
    batch
}

/// An expression of a rule: a name and its own attributes.
fn expression(name: &str, attributes: &[Attribute]) -> Attribute {
    Attribute::nest(
        1,
        &[Attribute::text(1, name), Attribute::nest(2, attributes)],
    )
}

/// The connection's state into register 1.
fn load_state() -> Attribute {
    expression("ct", &[Attribute::number(1, 1), Attribute::number(2, 0)])
}

/// Register 1 masked. What registers hold is in the machine's byte order, unlike all other numbers.
fn mask_known() -> Attribute {
    let value =
        |kind, bits: u32| Attribute::nest(kind, &[Attribute::bytes(1, &bits.to_ne_bytes())]);
    expression(
        "bitwise",
        &[
            Attribute::number(1, 1),
            Attribute::number(2, 1),
            Attribute::number(3, 4),
            value(4, KNOWN),
            value(5, 0),
        ],
    )
}

/// Goes on where register 1 is not zero.
fn unless_zero() -> Attribute {
    let zero = Attribute::nest(3, &[Attribute::bytes(1, &0_u32.to_ne_bytes())]);
    expression(
        "cmp",
        &[Attribute::number(1, 1), Attribute::number(2, 1), zero],
    )
}

fn accept() -> Attribute {
    let verdict = Attribute::nest(2, &[Attribute::number(1, ACCEPT)]);
    expression(
        "immediate",
        &[Attribute::number(1, 0), Attribute::nest(2, &[verdict])],
    )
}
