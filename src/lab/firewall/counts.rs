//! What the rules of a host side have counted: who came past those that match nothing, and what iptables' own rules count each.
//!
//! Must not know what that shows. The invariant: a rule that is not there has no count, which is not 0.

use super::ruleset::Ruleset;
use super::script::Script;
use super::table::Table;
use super::{filler, load};
use crate::error::{Error, Result};
use crate::lab::netlink::netfilter::counter;
use crate::scenario::{Family, Filler};
use crate::store::record::RulesSeen;

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
const PROTOCOL_V4: u8 = 2;
const PROTOCOL_V6: u8 = 10;

/// What the rules of one protocol have counted in the host side in which the calling thread is.
///
/// # Errors
/// When the tool that lists them is absent or complains.
pub(in crate::lab) fn read(ruleset: &Ruleset, family: Family) -> Result<RulesSeen> {
    let restores = |script: &Script| matches!(script, Script::Restore(it, _) if *it == family);
    if ruleset.scripts.iter().any(restores) {
        let text = load::saved(family, ruleset.backend)?;
        return Ok(of_saved(&text, ruleset.filler));
    }
    Ok(RulesSeen {
        passed: match ruleset.filler {
            Some(_) => named(family)?,
            None => None,
        },
        counted: None,
    })
}

fn named(family: Family) -> Result<Option<u64>> {
    let protocol = match family {
        Family::Ipv4 => PROTOCOL_V4,
        Family::Ipv6 => PROTOCOL_V6,
    };
    counter::packets(protocol, filler::TABLE, filler::COUNTER)
        .map_err(|source| Error::kernel("read", "what a rule of the lab counted", source))
}

/// From what iptables-save writes with its counters: `[packets:bytes] -A CHAIN ...`.
fn of_saved(text: &str, filler: Option<Filler>) -> RulesSeen {
    let place = filler.map(|filler| filler::place(filler.hook));
    let mut table = "";
    let mut seen = RulesSeen::default();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        }
        let Some((packets, rule)) = of_line(line) else {
            continue;
        };
        let is_last = |(of, chain): &(Table, &str)| {
            of.name() == table && rule.trim() == format!("-A {chain}")
        };
        if place.as_ref().is_some_and(is_last) {
            seen.passed = Some(packets);
        } else {
            *seen.counted.get_or_insert(0) += packets;
        }
    }
    seen
}

fn of_line(line: &str) -> Option<(u64, &str)> {
    let (counts, rule) = line.strip_prefix('[')?.split_once("] ")?;
    let (packets, _) = counts.split_once(':')?;
    Some((packets.parse().ok()?, rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{RuleHook, RuleShape};

    const SAVED: &str = "*raw\n:PREROUTING ACCEPT [10:600]\n[0:0] -A PREROUTING -s 100.64.0.1/32 -j ACCEPT\n\
        [9:540] -A PREROUTING\nCOMMIT\n*filter\n:FORWARD ACCEPT [0:0]\n[4:240] -A FORWARD -j DOCKER-USER\nCOMMIT\n";

    fn filler(hook: RuleHook) -> Filler {
        Filler {
            rules: 1,
            shape: RuleShape::Linear,
            hook,
        }
    }

    #[test]
    fn the_rule_without_match_and_verdict_says_who_came_past() {
        let seen = of_saved(SAVED, Some(filler(RuleHook::Raw)));
        assert_eq!((seen.passed, seen.counted), (Some(9), Some(4)));
        assert_eq!(of_saved(SAVED, Some(filler(RuleHook::Nat))).passed, None);
        assert_eq!(of_saved(SAVED, None).passed, None);
        assert_eq!(of_saved("", None), RulesSeen::default());
    }
}
