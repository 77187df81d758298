//! What the entries of several keys judge a trial's evidence by.
//!
//! Knows no entry. The invariant: where nobody counted, nothing is said.

use crate::factors::cell::Cell;
use crate::factors::effect::Shown;
use crate::factors::evidence::{BridgesSeen, Evidence, LinksSeen, RulesSeen};
use crate::factors::rules::{Bridged, Firewall, RuleHook};
use crate::factors::traffic::Path;
use crate::factors::wiring::USUAL_GSO_BYTES;

/// Bytes of an Ethernet header, which interfaces count with a packet, and of a VLAN's tag.
const FRAME_BYTES: f64 = 18.0;

/// What was seen of bridges, where there are some.
fn bridges(evidence: &Evidence<'_>) -> Option<BridgesSeen> {
    let seen = evidence.seen?.bridges?;
    (seen.bridges > 0).then_some(seen)
}

/// A switch of bridges or their ports, by how many report it to be on, of how many.
pub(super) fn switched(
    evidence: &Evidence<'_>,
    witness: &'static str,
    on: bool,
    report: impl Fn(BridgesSeen) -> (u32, u32),
) -> Option<Shown> {
    let (reporting, of) = report(bridges(evidence)?);
    let wanted = if on { of } else { 0 };
    let reason = format!(
        "{reporting} of {of} report it, and {wanted} were set to; do not change the lab's bridges during a trial"
    );
    let shown = Shown::by(witness, f64::from(reporting)).of(wanted);
    (of > 0).then(|| shown.held_if(reporting == wanted, reason))
}

/// The time after which bridges forget what they learned. With 0 they learn nothing, and frames for an address that they would have
/// learned go everywhere, which the veths of others show.
pub(super) fn forgotten(evidence: &Evidence<'_>, seconds: u32, learned: bool) -> Option<Shown> {
    let reported = bridges(evidence)?.ageing_s;
    let shown = Shown::by(
        "seconds after which bridges report to forget",
        reported as f64,
    )
    .of(seconds);
    if reported != u64::from(seconds) {
        return Some(shown.held_if(
            false,
            format!("bridges forget after {reported} s; leave them as they were raised"),
        ));
    }
    if !learned {
        let reason =
            "with static entries bridges have nothing to forget; set entries = \"learned\"";
        return Some(shown.not_exercised(reason));
    }
    Some(if seconds == 0 {
        flooded(evidence)?
    } else {
        shown
    })
}

/// Frames that went to all ports came to containers that they were not for.
fn flooded(evidence: &Evidence<'_>) -> Option<Shown> {
    let astray = links(evidence)?.astray;
    let shown = Shown::by(
        "packets that came to containers that they were not for",
        astray as f64,
    );
    Some(if astray > 0 {
        shown
    } else {
        shown.not_exercised(
            "no frame came to others; there have to be three containers at least behind a bridge",
        )
    })
}

/// The veths of containers, where there are some.
pub(super) fn links(evidence: &Evidence<'_>) -> Option<LinksSeen> {
    let seen = evidence.seen?.links?;
    (seen.links > 0).then_some(seen)
}

/// Whether a cell's flows hand the kernel more at once than a packet holds, and it is TCP that cuts it.
pub(super) fn fills_units(cell: &Cell) -> bool {
    let more = |mtu: u32| cell.message_bytes > 2 * mtu;
    cell.workload.is_byte_stream() && cell.mtu.is_some_and(more)
}

/// Whether packets that came are one of the links' packets each. A few may be larger than the links say, where they were cut before.
pub(super) fn are_packets(unit_bytes: f64, cell: &Cell) -> Option<bool> {
    Some(unit_bytes <= f64::from(cell.mtu?) + FRAME_BYTES)
}

/// The largest units that links take.
pub(super) fn largest_units(evidence: &Evidence<'_>, largest: u32) -> Option<Shown> {
    let links = links(evidence)?;
    let unit_bytes = links.unit_bytes();
    let shown = Shown::by(
        "bytes of a packet as servers' veths received it",
        unit_bytes,
    )
    .of(largest);
    if links.other_units > 0 {
        let reason = format!(
            "{} of {} veths take units of another size; leave them as they were raised",
            links.other_units, links.links
        );
        return Some(shown.held_if(false, reason));
    }
    if !fills_units(evidence.cell) || evidence.cell.wiring.offload_off {
        return Some(shown.not_exercised(
            "each send fits into one packet, or is segmented before the veth; use a stream workload with offload = true",
        ));
    }
    let bytes = unit_bytes?;
    let usual = f64::from(USUAL_GSO_BYTES);
    if f64::from(largest) > usual && bytes <= usual / 2.0 {
        return Some(shown.not_exercised(
            "no units were larger than usual; larger messages and buffers give larger ones",
        ));
    }
    let most = f64::from(largest) + FRAME_BYTES;
    let reason =
        format!("packets had {bytes:.0} bytes on average, more than the veths are to take");
    Some(shown.held_if(bytes <= most, reason))
}

/// Whether the packets of a cell pass by the rules of its profile, as they do with the real thing: those of a protocol that it has none
/// of, and bridged ones where it leaves them alone.
fn pass_by(cell: &Cell) -> bool {
    let facts = cell.firewall.facts();
    if !facts.families.contains(&cell.family) {
        return true;
    }
    match facts.bridged {
        Bridged::Seen | Bridged::Unseen => false,
        Bridged::OfHairpins => cell.path == Path::Direct && cell.topology.has_bridges_of_ours(),
    }
}

/// Rules of a profile: every one of them tracks connections, but for a user's own.
pub(super) fn of_profile(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, evidence.seen?);
    let tracked = seen.tracked? as f64;
    let shown = Shown::by("connections tracked where the rules are", tracked);
    if cell.firewall == Firewall::None {
        let reason = "connections are tracked though no rules were asked for";
        let own = cell
            .rules
            .filler()
            .is_some_and(|it| it.hook == RuleHook::Nat);
        return (!own).then(|| shown.of(0.0).held_if(tracked == 0.0, reason));
    }
    if tracked > 0.0 {
        return Some(shown);
    }
    if cell.firewall == Firewall::Custom {
        return Some(of_counted(evidence).unwrap_or_else(|| {
            shown.not_exercised("your rules track no connections, so nothing shows whether packets meet them; add a rule with `ct state`")
        }));
    }
    // Rules that match nothing change what bridged frames meet, and bring no rules of another protocol.
    let has_none = !cell.firewall.facts().families.contains(&cell.family);
    if has_none || (pass_by(cell) && cell.rules.filler.is_none()) {
        let reason = format!(
            "packets of this traffic bypass the rules of {}, as they do on a real node; routed packets of the protocols that it has rules for meet them (family, topology = \"routed\", path = \"outside\")",
            cell.firewall
        );
        return Some(shown.not_exercised(reason));
    }
    let reason = format!(
        "no connection was tracked, so no packet met the rules of {}; do not change the lab's rules during a trial",
        cell.firewall
    );
    Some(shown.of(1.0).held_if(false, reason))
}

/// Rules that iptables loaded count packets by themselves.
fn of_counted(evidence: &Evidence<'_>) -> Option<Shown> {
    let counted = evidence.seen?.rules?.counted? as f64;
    let shown = Shown::by("packets that iptables' rules counted", counted);
    (counted > 0.0).then_some(shown)
}

/// Rules that match nothing: packets have to have come past the last of them.
pub(super) fn passed(evidence: &Evidence<'_>) -> Option<Shown> {
    evidence.cell.rules.filler?;
    let seen = evidence.seen?.rules?;
    let passed = seen.passed.map(|packets| packets as f64);
    let shown = Shown::by(
        "packets that came past the last rule that matches nothing",
        passed,
    )
    .of(1.0);
    let reason = match seen.passed {
        None => "the rules are not there any more; leave the lab's rules as they were loaded",
        Some(_) => "no packet met the rules; choose a `rule_hook` that this traffic passes",
    };
    Some(shown.held_if(passed > Some(0.0), reason))
}

/// Their hook. That of NAT is shown to packets of connections that are tracked, and to the first of each alone.
pub(super) fn hooked(evidence: &Evidence<'_>) -> Option<Shown> {
    let shown = passed(evidence)?;
    let nat = evidence.cell.rules.rule_hook == Some(RuleHook::Nat);
    let tracked = evidence.seen?.tracked;
    if nat && tracked == Some(0) {
        let reason =
            "no connection was tracked, and the nat hook sees only packets of tracked connections";
        return Some(shown.held_if(false, reason));
    }
    Some(shown)
}

/// What loads the rules, which is what lists them as well.
pub(super) fn loaded(evidence: &Evidence<'_>) -> Option<Shown> {
    evidence.cell.rules.backend?;
    of_counted(evidence)
        .or_else(|| passed(evidence))
        .or_else(|| of_profile(evidence))
}

/// Rules of a profile, by kind, as they were listed in host sides; absent where these have none of the traffic's protocol.
fn listed(evidence: &Evidence<'_>) -> Option<RulesSeen> {
    let seen = evidence.seen?.rules?;
    seen.leading.is_some().then_some(seen)
}

/// Ports that host sides publish, all of them together.
fn published_of(cell: &Cell) -> u64 {
    cell.rules.published.map_or(0, u64::from)
}

/// Ways to endpoints of services in the host sides that were listed, each of which has all services.
fn ways_to_endpoints(cell: &Cell, seen: RulesSeen) -> u64 {
    let services = cell.rules.services();
    u64::from(services.count) * u64::from(services.endpoints) * u64::from(seen.sides)
}

/// So many rules of a kind, of so many that were to be there.
fn as_many(witness: &'static str, (found, wanted): (u64, u64)) -> Shown {
    let reason =
        format!("the kernel has {found} of {wanted}; leave the lab's rules as they were loaded");
    Shown::by(witness, found as f64)
        .of(wanted as f64)
        .held_if(found == wanted, reason)
}

/// Ports that are published: each has a rule that leads to its container, beside those that lead to endpoints.
pub(super) fn published(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, listed(evidence)?);
    let found = seen.leading?.saturating_sub(ways_to_endpoints(cell, seen));
    let whole = seen.sides == seen.of;
    whole.then(|| {
        let witness = "rules that lead from a published port to a container";
        as_many(witness, (found, published_of(cell)))
    })
}

/// Services: each has a way in, and so has each published port.
pub(super) fn services(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, listed(evidence)?);
    let published = published_of(cell);
    let wanted = u64::from(cell.rules.services?) * u64::from(seen.sides);
    let found = seen.services?.saturating_sub(published);
    let whole = seen.sides == seen.of || published == 0;
    whole.then(|| as_many("services that rules lead to", (found, wanted)))
}

/// Endpoints: each of each service has a rule that leads to its container, and so has each published port.
pub(super) fn endpoints(evidence: &Evidence<'_>) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, listed(evidence)?);
    cell.rules.endpoints?;
    let published = published_of(cell);
    let wanted = ways_to_endpoints(cell, seen);
    let found = seen.leading?.saturating_sub(published);
    let witness = "rules that lead to an endpoint of a service";
    if wanted == 0 {
        let reason = "there are no services that could have endpoints; set services = 1 or more";
        return Some(Shown::by(witness, found as f64).not_exercised(reason));
    }
    let whole = seen.sides == seen.of || published == 0;
    whole.then(|| as_many(witness, (found, wanted)))
}

/// What carried flows on their way.
pub(super) fn carried_on(evidence: &Evidence<'_>) -> Option<Shown> {
    let seen = evidence.seen?;
    let (witness, packets) = match evidence.cell.path {
        Path::Direct => return None,
        Path::Published | Path::Outside => ("packets that host sides routed", seen.routed?),
        // What goes back to the bridge that it came by is not routed.
        Path::Hairpin => ("connections tracked on host sides", seen.tracked?),
    };
    let reason = format!(
        "the host side counted nothing, so flows did not take the path {}",
        evidence.cell.path
    );
    let shown = Shown::by(witness, packets as f64).of(1.0);
    Some(shown.held_if(packets > 0, reason))
}
