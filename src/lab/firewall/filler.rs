//! Rules that no packet matches, ahead of a profile's own: what one more of them costs is a cell against another.
//!
//! Behind the last of them a rule without a verdict counts who came past them all, and at the hook of NAT one more that matches
//! nothing rewrites: a chain of NAT is shown the packets of tracked connections alone, and a kernel tracks them only where a rule
//! asks for it (seen on Linux 6.18: without it no packet meets such a chain, by either back end).
//!
//! Must not know profiles. The invariant: their addresses are those that carriers share (RFC 6598) and those of documents
//! (RFC 3849), so that no lab has one of them; with none asked for, the hook is there all the same and what stands behind the rules
//! too, so that a slope begins where its curve does and is of the rules alone.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::table::Table;
use crate::scenario::{Family, Filler, RuleHook, RuleShape};

/// The first of 100.64.0.0/10.
const FIRST_V4: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
/// The first of `2001:db8::/32`.
const FIRST_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// An address of the same ranges that is none of theirs, as there are fewer rules than lie before it.
const LAST_V4: Ipv4Addr = Ipv4Addr::new(100, 127, 255, 254);
/// Likewise.
const LAST_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1);

/// The name of nft's table, and of what counts in it.
pub(super) const TABLE: &str = "kilonet-filler";
/// Likewise.
pub(super) const COUNTER: &str = "passed";

/// What brings it about that connections are tracked: a rewriting of packets that are nowhere.
fn rewritten(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => LAST_V4.into(),
        Family::Ipv6 => LAST_V6.into(),
    }
}

/// iptables' table and chain of a hook.
pub(super) fn place(hook: RuleHook) -> (Table, &'static str) {
    match hook {
        RuleHook::Raw => (Table::raw(), "PREROUTING"),
        RuleHook::Filter => (Table::filter("ACCEPT"), "FORWARD"),
        RuleHook::Nat => (Table::nat(), "PREROUTING"),
    }
}

/// What stands behind the last rule, as iptables writes it: a rule that has neither match nor verdict counts packets.
fn behind(hook: RuleHook, chain: &str, family: Family) -> Vec<String> {
    let address = rewritten(family);
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let rewrites = format!("{chain} -s {address}/{bits} -j DNAT --to-destination {address}");
    let rewrites = (hook == RuleHook::Nat).then_some(rewrites);
    [chain.to_owned()].into_iter().chain(rewrites).collect()
}

fn addresses(count: u32, family: Family) -> impl Iterator<Item = IpAddr> {
    (0..count).map(move |number| match family {
        Family::Ipv4 => Ipv4Addr::from_bits(FIRST_V4.to_bits() + number).into(),
        Family::Ipv6 => Ipv6Addr::from_bits(FIRST_V6.to_bits() + u128::from(number)).into(),
    })
}

/// Puts the rules first in the table of their hook, which is added where it is not there.
pub(super) fn put_first(filler: Filler, family: Family, tables: &mut Vec<Table>) {
    let (empty, chain) = place(filler.hook);
    let rules =
        addresses(filler.rules, family).map(|address| format!("{chain} -s {address} -j ACCEPT"));
    let rules = rules.chain(behind(filler.hook, chain, family));
    if let Some(table) = tables.iter_mut().find(|table| table.name() == empty.name()) {
        table.put_first(rules);
    } else {
        let mut table = empty;
        table.put_first(rules);
        tables.push(table);
    }
}

/// The rules as an nft table of their own, which comes before every other at the same hook.
pub(super) fn nft(filler: Filler, family: Family) -> String {
    let protocol = match family {
        Family::Ipv4 => "ip",
        Family::Ipv6 => "ip6",
    };
    let hook = match filler.hook {
        RuleHook::Raw => "type filter hook prerouting priority raw - 1",
        RuleHook::Filter => "type filter hook forward priority filter - 1",
        RuleHook::Nat => "type nat hook prerouting priority dstnat - 1",
    };
    let addresses = addresses(filler.rules, family).map(|address| address.to_string());
    let rules = match filler.shape {
        _ if filler.rules == 0 => String::new(),
        RuleShape::Linear => addresses.fold(String::new(), |mut rules, address| {
            let _ = writeln!(rules, "		{protocol} saddr {address} accept");
            rules
        }),
        RuleShape::Set => {
            let members = addresses.collect::<Vec<_>>().join(", ");
            format!("\t\t{protocol} saddr {{ {members} }} accept\n")
        }
        RuleShape::Map => {
            let members = addresses.map(|address| format!("{address} : accept"));
            let members = members.collect::<Vec<_>>().join(", ");
            format!("\t\t{protocol} saddr vmap {{ {members} }}\n")
        }
    };
    let address = rewritten(family);
    let rewrites = format!("\t\t{protocol} saddr {address} dnat to {address}\n");
    let behind = match filler.hook {
        RuleHook::Raw | RuleHook::Filter => "",
        RuleHook::Nat => &rewrites,
    };
    format!(
        "table {protocol} {TABLE} {{\n\tcounter {COUNTER} {{\n\t}}\n\tchain rules {{\n\t\t{hook}; policy accept;\n{rules}\
         \t\tcounter name \"{COUNTER}\"\n{behind}\t}}\n}}\n"
    )
}
