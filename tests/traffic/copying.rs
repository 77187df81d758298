//! Streams that are sent or received without a copy: every byte is accounted for whichever way it goes.

use std::fs;

use kilonet::scenario::{Factor, Load, Receiving, Sending};
use kilonet::traffic::{Flow, Outcome, run};

use super::lab::{Lab, stream, under};
use super::{DRIVERS, Hooks, alone, assert_true_to_its_witnesses, brief, measured, settings};

fn handing_over(
    send: Sending,
    receive: Receiving,
    flows: impl IntoIterator<Item = Flow>,
) -> Vec<Flow> {
    let load = Load {
        send,
        receive,
        ..Load::default()
    };
    under(load, flows)
}

/// A flow over lo and one over a veth, of either family.
fn ways() -> [Flow; 4] {
    [
        stream(0, (0, "127.0.0.1"), (0, "127.0.0.1")),
        stream(1, (0, "::1"), (0, "::1")),
        stream(2, (0, "10.9.0.1"), (1, "10.9.0.2")),
        stream(3, (0, "fd09::1"), (1, "fd09::2")),
    ]
}

/// Bytes that an interface has received, headers included, by what the calling thread's namespace counts.
fn received_by(interface: &str) -> u64 {
    let table = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let line = table
        .lines()
        .find_map(|line| line.trim().strip_prefix(interface)?.strip_prefix(':'));
    let bytes = line.unwrap().split_whitespace().next();
    bytes.unwrap().parse().unwrap()
}

/// What lo of the first and eth0 of the second namespace have received.
fn received(lab: &Lab) -> [u64; 2] {
    [(0, "lo"), (1, "eth0")]
        .map(|(namespace, interface)| lab.inside(namespace, || received_by(interface)))
}

fn assert_interfaces_agree(outcome: &Outcome, frames: [u64; 2], case: &str) {
    for (flows, frames) in outcome.flows.chunks_exact(2).zip(frames) {
        let read: u64 = flows.iter().map(|flow| flow.total_bytes).sum();
        let sent: u64 = flows.iter().map(|flow| flow.sent_bytes).sum();
        assert!(frames >= read, "{case}: received {frames} of {read}");
        // Headers are far below a tenth, acknowledgements over lo among them.
        assert!(
            frames <= sent + sent / 10,
            "{case}: received {frames}, {sent} sent"
        );
    }
}

#[test]
fn bytes_agree_with_tcp_info_and_with_the_interfaces_whichever_way_they_are_handed_over() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(2);
    lab.join_by_veth();
    for driver in DRIVERS {
        for send in Sending::ALL {
            for receive in Receiving::ALL {
                let case = format!("{driver}, send = {send}, receive = {receive}");
                let before = received(&lab);
                let outcome =
                    measured(&lab, &handing_over(*send, *receive, ways()), &brief(driver));
                let after = received(&lab);
                outcome.flows.iter().for_each(assert_true_to_its_witnesses);
                let frames = [after[0] - before[0], after[1] - before[1]];
                assert_interfaces_agree(&outcome, frames, &case);
                assert_said_what_was_copied(&outcome, (*send, *receive), &case);
            }
        }
    }
}

fn assert_said_what_was_copied(
    outcome: &Outcome,
    (send, receive): (Sending, Receiving),
    case: &str,
) {
    let copied = outcome.uncopied.copied_ratio;
    // A packet that stays on its node is copied before it is received, into whole pages, which can be mapped.
    let expected = (send == Sending::Zerocopy).then_some(1.0);
    assert_eq!(copied, expected, "{case}");
    let mapped = outcome.uncopied.mapped_ratio;
    assert_eq!(mapped.is_some(), receive == Receiving::Zerocopy, "{case}");
    assert!(mapped <= Some(1.0), "{case}: {mapped:?}");
    if send == Sending::Zerocopy && receive == Receiving::Zerocopy {
        assert!(mapped > Some(0.0), "{case}: {mapped:?}");
    }
}

#[test]
fn where_the_kernel_has_no_memory_to_remember_sends_by_they_are_ordinary_ones() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(1);
    let limited = lab.inside(0, || {
        fs::write("/proc/sys/net/core/optmem_max", "0").is_ok()
    });
    if !limited {
        eprintln!("SKIPPED: this kernel has one `optmem_max` for all namespaces (before 6.8)");
        return;
    }
    for driver in DRIVERS {
        let flows = handing_over(Sending::Zerocopy, Receiving::Copy, lab.pairs(2));
        let outcome = measured(&lab, &flows, &settings(driver));
        outcome.flows.iter().for_each(assert_true_to_its_witnesses);
        assert_eq!(outcome.uncopied.copied_ratio, Some(1.0), "{driver}");
    }
}

#[test]
fn messages_of_any_size_are_sent_and_received_whole_by_whichever_way() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for (send, receive) in [
            (Sending::Sendfile, Receiving::Zerocopy),
            (Sending::Zerocopy, Receiving::Discard),
            (Sending::Copy, Receiving::Zerocopy),
        ] {
            for message_bytes in [1, 4097, 1 << 20] {
                let lab = Lab::new(1);
                let mut flows = handing_over(send, receive, lab.pairs(2));
                for flow in &mut flows {
                    flow.orders.message_bytes = message_bytes;
                }
                let outcome = measured(&lab, &flows, &brief(driver));
                outcome.flows.iter().for_each(assert_true_to_its_witnesses);
            }
        }
    }
}

#[test]
fn what_is_sent_from_a_file_is_sent_from_one_in_memory_that_is_closed_again() {
    let Some(_alone) = alone() else { return };
    let files = || {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap();
        let targets = descriptors.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        targets
            .filter(|target| target.to_string_lossy().contains("memfd:kilonet message"))
            .count()
    };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let while_running = std::cell::Cell::new(0);
        let look = || while_running.set(files());
        let mut hooks = Hooks {
            before_window: Some(&look),
            ..Hooks::default()
        };
        let flows = handing_over(Sending::Sendfile, Receiving::Copy, lab.pairs(3));
        run((&flows, &lab.namespaces()), &settings(driver), &mut hooks).unwrap();
        assert_eq!((while_running.get(), files()), (1, 0), "{driver}");
    }
}
