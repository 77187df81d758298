//! Keys of how links are set, those of veths above all.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::effect::Shown;
use crate::factors::evidence::Evidence;
use crate::factors::field::Place::Links;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Usual};
use crate::factors::load::Pinning;
use crate::factors::receive::{Napi, Rps};
use crate::factors::requirement::Requirement;
use crate::factors::scalar::Value;
use crate::factors::topology::Testbed;
use crate::factors::traffic::Family;
use crate::factors::value::{Count, Size};
use crate::factors::wiring::{Stack, USUAL_GSO_BYTES};
use crate::units::{Bytes, Unit};

use super::fitting::{has_engine, is_default_bridge};
use super::links::either;
use super::names::{self, FAMILY, STACK, TOPOLOGY};
use super::shown;

/// Bytes of what a veth takes whole.
type UnitSize = Size<2048, 524_280>;

const VETHS: Needs = Needs {
    applies: |cell| cell.topology.has_veths() && cell.testbed == Testbed::Kernel,
    lacking: "veths that could be set so",
    allowed: "a topology whose links are veths, as those of \"veth\" and \"bridge\" are, and testbed = \"kernel\"",
};

/// The smallest packet that every IPv6 link must carry (RFC 8200, 5); below it the kernel takes IPv6 off the interface.
const SMALLEST_IPV6_MTU: u32 = 1280;

/// The MTU of an engine's default bridge, unless its daemon was told otherwise.
const ENGINE_MTU: u32 = 1500;

pub static OFFLOAD: Key<bool> = Key::axis_of(
    names::OFFLOAD,
    Group::Links,
    "Whether veths segment and coalesce, so that TCP crosses them in large units.",
)
.usual(Usual::Truth(true))
.sets(|cell, offload| cell.wiring.offload_off = !offload)
.needs(VETHS)
.shows(unit_sizes)
.fields(&[Field::truth(
    "offload_off",
    "Whether links have segmentation and coalescing switched off.",
    |cell| Some(Value::Truth(cell.wiring.offload_off)),
    take!(wiring.offload_off),
)
.labelled(AtOneCount, |level| either(level, "no offload", "offload"))
.in_id(Links, |cell| {
    cell.wiring.offload_off.then(|| "nogso".to_owned())
})
.looked_past()]);

/// With offload TCP crosses a veth in units of several packets, without it packet by packet.
fn unit_sizes(evidence: &Evidence<'_>) -> Option<Shown> {
    let links = shown::links(evidence)?;
    let shown = Shown::by(
        "bytes of a packet as servers' veths received it",
        links.unit_bytes(),
    );
    let off = evidence.cell.wiring.offload_off;
    if links.other_offload > 0 {
        let (other, of) = (links.other_offload, links.links);
        let reason =
            format!("{other} of {of} veths are set otherwise; leave them as they were raised");
        return Some(shown.held_if(false, reason));
    }
    let are_packets = shown::are_packets(links.unit_bytes()?, evidence.cell)?;
    let fills = shown::fills_units(evidence.cell);
    Some(match (off, are_packets) {
        (true, false) => shown.held_if(false, "veths passed units larger than a packet"),
        (false, false) => shown,
        (true, true) if fills => shown,
        (true | false, true) => shown.not_exercised(
            "units were no larger than a packet, as they are with and without offload; use a workload of streams",
        ),
    })
}

pub static GSO_MAX: Key<UnitSize> = Key::<UnitSize>::axis(
    "gso_max",
    Group::Links,
    "Bytes of the largest unit that a veth passes whole; above 64 KiB this is BIG TCP.",
)
.also(&["gso"])
.examples("`64KiB`, `256KiB`")
.usual(Usual::Text("64KiB"))
.sets(|cell, bytes| {
    cell.wiring.gso_max_bytes = Some(bytes.0).filter(|bytes| *bytes != USUAL_GSO_BYTES);
})
.needs(VETHS)
.requires(|cell| big_tcp(cell.wiring.gso_max_bytes))
.shows(are_of_all)
.fields(&[Field::integer(
    "gso_max_bytes",
    Unit::Bytes,
    "The largest unit that links take whole; absent where the kernel's 65,536 hold.",
    |cell| count_of(cell.wiring.gso_max_bytes),
    take!(wiring.gso_max_bytes),
)
.labelled(AtOneCount, |level| format!("units of {level}"))
.level(|cell| Some(Bytes(u64::from(cell.wiring.gso_bytes()[0])).to_string()))
.in_id(Links, |cell| {
    cell.wiring.gso_max_bytes.map(|bytes| format!("gso{bytes}"))
})
.looked_past()]);

pub static GSO_IPV4_MAX: Key<UnitSize> = Key::<UnitSize>::axis(
    "gso_ipv4_max",
    Group::Links,
    "Bytes of the largest IPv4 unit that a veth passes whole; `gso_max` if absent.",
)
.examples("`64KiB`, `256KiB`")
.sets(|cell, bytes| cell.wiring.gso_ipv4_max_bytes = Some(bytes.0))
.or_else(|_| ())
.needs(VETHS)
.only_where(|cell| {
    let [of_all, of_ipv4] = cell.wiring.gso_bytes();
    of_ipv4 != of_all
})
.requires(|cell| big_tcp(cell.wiring.gso_ipv4_max_bytes))
.shows(are_of_ipv4)
.fields(&[Field::integer(
    "gso_ipv4_max_bytes",
    Unit::Bytes,
    "The same of IPv4 alone; absent where it is that of all.",
    |cell| count_of(cell.wiring.gso_ipv4_max_bytes),
    take!(wiring.gso_ipv4_max_bytes),
)
.labelled(AtOneCount, |level| format!("IPv4 units of {level}"))
.level(|cell| Some(Bytes(u64::from(cell.wiring.gso_ipv4_max_bytes?)).to_string()))
.in_id(Links, |cell| {
    cell.wiring
        .gso_ipv4_max_bytes
        .map(|bytes| format!("v4gso{bytes}"))
})
.looked_past()]);

/// The limit of all units is not that of IPv4's where these have one of their own.
fn are_of_all(evidence: &Evidence<'_>) -> Option<Shown> {
    let wiring = &evidence.cell.wiring;
    let own = evidence.cell.family == Family::Ipv4 && wiring.gso_ipv4_max_bytes.is_some();
    let shown = shown::largest_units(evidence, wiring.gso_bytes()[0])?;
    Some(if own {
        shown.not_exercised("units of IPv4 have a limit of their own, `gso_ipv4_max`")
    } else {
        shown
    })
}

fn are_of_ipv4(evidence: &Evidence<'_>) -> Option<Shown> {
    let shown = shown::largest_units(evidence, evidence.cell.wiring.gso_ipv4_max_bytes?)?;
    Some(match evidence.cell.family {
        Family::Ipv4 => shown,
        Family::Ipv6 => shown.not_exercised("the traffic is of IPv6"),
    })
}

/// What a largest unit takes that is beyond what every link takes whole.
fn big_tcp(largest: Option<u32>) -> Vec<Requirement> {
    let is_big = largest > Some(USUAL_GSO_BYTES);
    Requirement::BigTcp.when(is_big)
}

pub static NAPI: Key<Napi> = Key::axis("napi", Group::Links, "How veths receive packets.")
    .usual(Usual::Text("none"))
    .sets(|cell, napi| cell.wiring.napi = *napi)
    .keeps_away(&["one_busy_cpu"])
    .needs(VETHS)
    .fits(&[has_something_to_poll])
    .requires(|cell| {
        let threaded = cell.wiring.napi == Napi::Threaded;
        Requirement::ThreadedNapi.when(threaded)
    })
    .shows(are_polled)
    .fields(&[Field::text(
        "napi",
        "How veths receive packets.",
        |cell| words(&cell.wiring.napi),
        take!(wiring.napi),
    )
    .labelled(AtOneCount, |level| match level {
        "none" => "no NAPI".to_owned(),
        level => format!("{level} NAPI"),
    })
    .in_id(Links, |cell| {
        let napi = cell.wiring.napi;
        (napi != Napi::None).then(|| napi.to_string())
    })
    .looked_past()]);

/// Veths that are polled coalesce, and others do not; where threads are to poll them, each says so and the kernel has a thread for each.
/// (Before Linux 5.13 veths said that they coalesce and were not polled.)
fn are_polled(evidence: &Evidence<'_>) -> Option<Shown> {
    let links = shown::links(evidence)?;
    let (polled, of) = (links.polled, links.links);
    let shown = Shown::by("veths that coalesce what they receive", f64::from(polled));
    let remedy = "leave the lab's veths as they were raised";
    match evidence.cell.wiring.napi {
        Napi::None => (polled == 0).then(|| shown.of(0.0)),
        Napi::Polled => {
            let reason = format!("{polled} of {of} veths are polled; {remedy}");
            Some(shown.of(of).held_if(polled == of, reason))
        }
        Napi::Threaded => {
            let by = evidence.seen?.polling?;
            let threads = by.threads.unwrap_or(by.links);
            let shown = Shown::by("veths that kernel threads poll", f64::from(by.threaded));
            let held = polled == of && by.threaded == by.links && threads >= by.links;
            let reason = format!(
                "{} of {} veths are polled by threads, of which the kernel has {threads}; {remedy}",
                by.threaded, by.links
            );
            Some(shown.of(by.links).held_if(held, reason))
        }
    }
}

/// A veth is polled where it coalesces, which it does not with its offloads off.
fn has_something_to_poll(choice: &Choice) -> Vec<Misfit> {
    let off = choice.has(names::OFFLOAD, &false);
    let polled = choice.find(NAPI.named(), |napi| *napi != Napi::None);
    let misfit = polled.filter(|_| off).map(|at| {
        at.misfit(
            "a veth without offload does not coalesce, so there is nothing to poll",
            "allowed: \"none\", or offload = true; each table of [[axes]] may have its own",
        )
    });
    misfit.into_iter().collect()
}

pub static RPS: Key<Rps> = Key::<Rps>::axis(
    "rps",
    Group::Links,
    "The CPUs over which packets received by veths are spread, by flow.",
)
.examples("`off`, `all`, or a mask such as `0x3`")
.usual(Usual::Text("off"))
.sets(|cell, rps| cell.wiring.rps.clone_from(rps))
.keeps_away(&["one_busy_cpu", "backlog"])
.needs(VETHS)
.requires(|cell| match &cell.wiring.rps {
    Rps::Off => Vec::new(),
    Rps::All => vec![Requirement::Rps],
    Rps::Cpus(digits) => vec![Requirement::Rps, Requirement::CpusOfMask(digits.clone())],
})
.shows(were_steered)
.fields(&[Field::text(
    "rps",
    "The CPUs over which packets received by veths are spread.",
    |cell| words(&cell.wiring.rps),
    take!(wiring.rps),
)
.labelled(AtOneCount, |level| match level {
    "off" => "no RPS".to_owned(),
    "all" => "RPS on all CPUs".to_owned(),
    mask => format!("RPS {mask}"),
})
.in_id(Links, |cell| {
    let rps = &cell.wiring.rps;
    (*rps != Rps::Off).then(|| format!("rps-{rps}"))
})
.looked_past()]);

/// With so many flows some are received on another CPU, but for one time in 32,768 on two CPUs.
const FEW_FLOWS: u32 = 16;

/// A CPU that wakes another one for packets that this is to receive counts that (`received_rps`). Which CPU that is follows from the
/// addresses and ports of a flow, so a few flows that stay on one CPU may all be received where they come in.
fn were_steered(evidence: &Evidence<'_>) -> Option<Shown> {
    let steered = evidence.seen?.steered?;
    let shown = Shown::by(
        "times that a CPU was woken for packets of another",
        steered as f64,
    );
    let one_cpu = match &evidence.cell.wiring.rps {
        // Other links of the machine may have theirs steered.
        Rps::Off => return (steered == 0).then_some(shown),
        Rps::All => false,
        Rps::Cpus(digits) => {
            digits.chars().filter(|digit| *digit != '0').count() == 1
                && "1248".contains(digits.trim_end_matches('0'))
        }
    };
    let few = evidence.cell.load.pinning == Pinning::Same && evidence.cell.flows() < FEW_FLOWS;
    let shown = shown.of(1.0);
    Some(if steered == 0 && (one_cpu || few) {
        shown
            .not_exercised("packets may all come in on the CPU that is to receive them; have more flows, or pinning = \"none\"")
    } else {
        shown.held_if(
            steered > 0,
            "no packet was handed to another CPU; leave `rps_cpus` of the lab's veths as it was set",
        )
    })
}

fn packet_sizes(evidence: &Evidence<'_>) -> Option<Shown> {
    let links = shown::links(evidence)?;
    let shown = Shown::by("veths of another MTU", f64::from(links.other_mtu)).of(0.0);
    let reason = format!(
        "{} of {} veths have another; leave them as they were raised",
        links.other_mtu, links.links
    );
    Some(shown.held_if(links.other_mtu == 0, reason))
}

pub static MTU: Key<Count<68, 65_535>> = Key::axis_of(
    names::MTU,
    Group::Links,
    "Bytes of the largest packet of a veth; at least 1280 with IPv6.",
)
.usual(Usual::Number("1500"))
.sets(|cell, mtu| cell.mtu = Some(mtu.0))
.needs(Needs {
    applies: |cell| cell.topology.makes_links(),
    lacking: "links, and lo keeps its own MTU",
    allowed: "a topology that has links",
})
.fits(&[carries_ipv6, is_the_engines])
.shows(packet_sizes)
.fields(&[Field::integer(
    "mtu",
    Unit::Bytes,
    "The largest packet of a veth; absent where the topology has none.",
    |cell| count_of(cell.mtu),
    take!(mtu),
)
.within(68.0, 65_535.0)
.labelled(AtOneCount, |level| format!("MTU {level}"))
.in_id(Links, |cell| {
    let unusual = cell.mtu.filter(|mtu| *mtu != 1500);
    unusual.map(|mtu| format!("mtu{mtu}"))
})
.looked_past()]);

fn carries_ipv6(choice: &Choice) -> Vec<Misfit> {
    let has_ipv6 = choice.one(STACK) == Stack::Dual || choice.has(FAMILY, &Family::Ipv6);
    let low = choice.find(names::MTU, |mtu| mtu.0 < SMALLEST_IPV6_MTU);
    let misfit = low.filter(|_| has_ipv6).map(|at| {
        let message = format!(
            "{} is below {SMALLEST_IPV6_MTU}, the least that IPv6 needs",
            at.value.0
        );
        let remedy = format!(
            "allowed: {SMALLEST_IPV6_MTU} to 65535; less only with family = \"ipv4\" and stack = \"single\""
        );
        at.misfit(message, remedy)
    });
    misfit.into_iter().collect()
}

fn is_the_engines(choice: &Choice) -> Vec<Misfit> {
    let default_bridge = choice
        .find(TOPOLOGY, |topology| is_default_bridge(*topology))
        .is_some();
    let other = choice.find(names::MTU, |mtu| mtu.0 != ENGINE_MTU);
    let stray = other.filter(|_| default_bridge && has_engine(choice));
    let misfit = stray.map(|at| {
        let message = format!(
            "{} is not the MTU of an engine's default bridge",
            at.value.0
        );
        let remedy =
            format!("allowed with it: {ENGINE_MTU}; others with topology = \"user-bridge\"");
        at.misfit(message, remedy)
    });
    misfit.into_iter().collect()
}
