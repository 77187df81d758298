//! What entries judge a trial by that say how many containers, bridges and ports a lab has, and what lies between them: links that the
//! kernel listed in host sides when the window was over.
//!
//! Knows no entry. The invariant: where host sides are a sample, only what holds for any of them is said.

use crate::factors::cell::Cell;
use crate::factors::effect::Shown;
use crate::factors::evidence::{Evidence, PortsSeen};
use crate::factors::pattern::Pattern;
use crate::factors::wiring::{Entries, Join};

/// Host sides in which containers' links end.
fn ports(evidence: &Evidence<'_>) -> Option<PortsSeen> {
    let seen = evidence.seen?.ports?;
    (seen.sides > 0).then_some(seen)
}

/// Containers: each has a link that ends in a host side, or a veth of its own. Of a sample of host sides, all but the last two have as
/// many as the one that has most.
pub(super) fn containers(evidence: &Evidence<'_>) -> Option<Shown> {
    let cell = evidence.cell;
    let Some(seen) = ports(evidence) else {
        return own_links(evidence);
    };
    let (found, asked) = (f64::from(seen.ports), f64::from(cell.containers));
    let of_all = seen.sides == seen.of;
    let held = if of_all {
        seen.ports == cell.containers
    } else {
        let [least, most] = [seen.of.saturating_sub(2), seen.of]
            .map(|sides| f64::from(sides) * f64::from(seen.most));
        least < asked && asked <= most
    };
    let reason = format!(
        "{found} links of containers end in {} of {} host sides, and there were to be {asked} containers; leave the lab's links as they were raised",
        seen.sides, seen.of
    );
    let shown = Shown::by(
        "links of containers that end in the host sides that were read",
        found,
    );
    let shown = if of_all { shown.of(asked) } else { shown };
    Some(shown.held_if(held, reason))
}

/// Where links end in no host side, each container that was read has one.
fn own_links(evidence: &Evidence<'_>) -> Option<Shown> {
    let seen = evidence.seen?;
    let (found, wanted) = (seen.links?.links, seen.containers);
    let reason = format!(
        "{found} of {wanted} containers had their link; leave the lab's links as they were raised"
    );
    let shown = Shown::by("veths in the containers that were read", f64::from(found)).of(wanted);
    (wanted > 0).then(|| shown.held_if(found >= wanted, reason))
}

/// Bridges: one in each host side that containers' links end in.
pub(super) fn bridges(evidence: &Evidence<'_>) -> Option<Shown> {
    let (asked, seen) = (evidence.cell.bridges?.get(), ports(evidence)?);
    let wanted = if seen.sides == seen.of {
        asked
    } else {
        seen.sides
    };
    let reason = format!(
        "{} bridges reported themselves, and {wanted} were to; leave the lab's bridges as they were raised",
        seen.bridges
    );
    let shown = Shown::by("bridges that reported themselves", f64::from(seen.bridges)).of(wanted);
    Some(shown.held_if(seen.bridges == wanted, reason))
}

/// Containers behind one bridge or router: all have so many but the last, which may have fewer. Where pairs cross, the first one has
/// half of its own from the last.
pub(super) fn behind_one(evidence: &Evidence<'_>, asked: u32) -> Option<Shown> {
    let (cell, seen) = (evidence.cell, ports(evidence)?);
    let asked = asked.min(cell.containers);
    let least = if cell.wiring.crossing {
        asked / 2
    } else {
        asked
    };
    let reason = format!(
        "{} containers' links end in one host side, and {asked} were to; leave the lab's links as they were raised",
        seen.most
    );
    let shown = Shown::by(
        "most links of containers that end in one host side",
        f64::from(seen.most),
    );
    Some(
        shown
            .of(asked)
            .held_if((least..=asked).contains(&seen.most), reason),
    )
}

/// Of what came from containers, the share that left their bridge towards others, below and above which pairs stay or cross.
const HALF: f64 = 0.5;

/// What leaves bridges where nothing is routed or sent across is what containers announce: some hundred bytes each, to all.
const ENOUGH_BYTES: u64 = 64 << 10;
const ENOUGH_BYTES_OF_EACH: u64 = 8 << 10;

/// Of patterns in which everybody talks to some others, a quarter at least is across.
const QUARTER: f64 = 0.25;

/// What left bridges, over what containers sent; absent where that is little beside what they announce.
fn share_that_left(seen: PortsSeen) -> Option<f64> {
    let enough = ENOUGH_BYTES + ENOUGH_BYTES_OF_EACH * u64::from(seen.ports);
    (seen.came_bytes >= enough).then(|| seen.left_bytes as f64 / seen.came_bytes as f64)
}

/// Whether pairs cross: then all that they send leaves their bridges.
pub(super) fn crossed(evidence: &Evidence<'_>) -> Option<Shown> {
    let cell = evidence.cell;
    if cell.wiring.join == Join::None || cell.pattern != Pattern::Pairs || floods(cell) {
        return None;
    }
    let share = share_that_left(ports(evidence)?);
    let shown = Shown::by(
        "share of what containers sent that left their bridges",
        share,
    )
    .of(HALF);
    let Some(share) = share else {
        let reason =
            "containers sent next to nothing; a workload that sends more shows which way it goes";
        return Some(shown.not_exercised(reason));
    };
    let percent = share * 100.0;
    let held = (share > HALF) == cell.wiring.crossing;
    let reason = format!(
        "{percent:.0} % of what containers sent left their bridges; compare where this version puts the two of a pair"
    );
    Some(shown.held_if(held, reason))
}

/// A bridge that learns nothing sends everything everywhere.
pub(super) fn floods(cell: &Cell) -> bool {
    cell.wiring.entries == Entries::Learned && cell.wiring.ageing_s == Some(0)
}

/// What joins bridges: bytes leave them, and are routed or not.
pub(super) fn joined(evidence: &Evidence<'_>) -> Option<Shown> {
    let join = evidence.cell.wiring.join;
    let is_routed = match join {
        Join::None => return None,
        Join::Trunk => false,
        Join::Routed => true,
    };
    let seen = ports(evidence)?;
    let routed = evidence.seen?.routed?;
    let shown = Shown::by(
        "bytes that left bridges towards others",
        seen.left_bytes as f64,
    );
    if share_that_left(seen) < Some(QUARTER) && !evidence.cell.wiring.crossing {
        return Some(shown.not_exercised(
            "next to nothing left a bridge; crossing = true puts the two of a pair behind different bridges",
        ));
    }
    let reason = format!(
        "{} bytes left bridges and host sides routed {routed} packets, which is not what join = \"{join}\" does; leave the lab's links as they were raised",
        seen.left_bytes
    );
    Some(shown.held_if(seen.left_bytes > 0 && (routed > 0) == is_routed, reason))
}
