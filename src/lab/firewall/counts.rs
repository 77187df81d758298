//! What the rules of a host side have counted, and how many of a kind there are: who came past those that match nothing, what iptables'
//! own rules count each, and which lead to a container.
//!
//! Must not know what that shows. The invariant: a rule that is not there has no count, which is not 0.

use std::collections::BTreeSet;

use super::ruleset::Ruleset;
use super::script::Script;
use super::table::Table;
use super::{filler, load};
use crate::error::{Error, Result};
use crate::lab::netlink::netfilter::{counter, rules};
use crate::scenario::{Family, Filler};
use crate::store::record::RulesSeen;

/// How iptables lists a rule that leads to a service, and what stands before the number of one in the name of its chain of `nf_tables`.
const TO_A_SERVICE: &str = "-A KUBE-SERVICES -d ";
const SERVICE_CHAIN: &str = "service-";

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
const PROTOCOL_V4: u8 = 2;
const PROTOCOL_V6: u8 = 10;

/// What the rules of one protocol have counted in the host side in which the calling thread is.
///
/// # Errors
/// When the tool that lists them is absent or complains.
pub(in crate::lab) fn read(ruleset: &Ruleset, family: Family) -> Result<RulesSeen> {
    let restores = |script: &Script| matches!(script, Script::Restore(it, _) if *it == family);
    let leads = ruleset.whose.publishes() && ruleset.whose.families().contains(&family);
    let mut seen = if ruleset.scripts.iter().any(restores) {
        let text = load::saved(family, ruleset.backend)?;
        let leading = leads.then(|| leading_of_saved(&text));
        with(leading, of_saved(&text, ruleset.filler))
    } else {
        let leading = leads.then(|| leading_of_kernel(family)).transpose()?;
        let passed = ruleset.filler.map(|_| named(family)).transpose()?.flatten();
        with(
            leading,
            RulesSeen {
                passed,
                ..RulesSeen::default()
            },
        )
    };
    seen.sides = 1;
    Ok(seen)
}

/// Rules that lead to a container, and services that they are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Leading {
    rules: u64,
    services: u64,
}

fn with(leading: Option<Leading>, seen: RulesSeen) -> RulesSeen {
    RulesSeen {
        leading: leading.map(|it| it.rules),
        services: leading.map(|it| it.services),
        ..seen
    }
}

fn protocol(family: Family) -> u8 {
    match family {
        Family::Ipv4 => PROTOCOL_V4,
        Family::Ipv6 => PROTOCOL_V6,
    }
}

fn named(family: Family) -> Result<Option<u64>> {
    counter::packets(protocol(family), filler::TABLE, filler::COUNTER)
        .map_err(|source| Error::kernel("read", "what a rule of the lab counted", source))
}

/// From what iptables-save writes. What matches nothing rewrites in a chain of the kernel's, and profiles do so in chains of their own.
fn leading_of_saved(text: &str) -> Leading {
    let rules = text.lines().filter_map(of_line).map(|(_, rule)| rule);
    let mut leading = Leading::default();
    for rule in rules.filter(|rule| !rule.starts_with("-A PREROUTING ")) {
        leading.rules += u64::from(rule.contains(" -j DNAT "));
        leading.services += u64::from(rule.starts_with(TO_A_SERVICE));
    }
    leading
}

/// From what the kernel lists of `nf_tables`.
fn leading_of_kernel(family: Family) -> Result<Leading> {
    let mut leading = Leading::default();
    let mut services = BTreeSet::new();
    let listed = rules::each(protocol(family), |rule| {
        if rule.table == filler::TABLE {
            return;
        }
        leading.rules += u64::from(rule.leads);
        let number = rule.chain.strip_prefix(SERVICE_CHAIN);
        if number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit())) {
            services.insert(rule.chain.to_owned());
        }
    });
    listed.map_err(|source| Error::kernel("list", "the rules of a host side", source))?;
    leading.services = services.len() as u64;
    Ok(leading)
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

    #[test]
    fn rules_that_lead_to_containers_are_told_from_one_that_matches_nothing() {
        let text = "*nat\n:PREROUTING ACCEPT [0:0]\n\
            [0:0] -A PREROUTING -s 100.127.255.254/32 -j DNAT --to-destination 100.127.255.254\n\
            [0:0] -A KUBE-SERVICES -d 172.16.0.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-0\n\
            [0:0] -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n\
            [3:180] -A KUBE-SEP-0 -p tcp -m tcp -j DNAT --to-destination 172.17.0.2:8080\n\
            [3:180] -A KUBE-SEP-1 -p tcp -m tcp -j DNAT --to-destination 172.17.0.3:8080\nCOMMIT\n";
        let leading = leading_of_saved(text);
        assert_eq!((leading.rules, leading.services), (2, 1));
    }
}
