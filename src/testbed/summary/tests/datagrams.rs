//! Streams of datagrams, of which some are lost.

use super::*;
use crate::scenario::Workload;
use crate::traffic::Datagrams;

/// 10,000 datagrams of 1,000 bytes are sent in the window, of which 6,000 come and 4,000 are missed.
fn lossy() -> (Cell, FlowOutcome) {
    let mut cell = cell(1);
    cell.workload = Workload::UdpStream;
    cell.message_bytes = 1_000;
    let datagrams = Datagrams {
        length: 1_000,
        sent: 10_000,
        received: 6_000,
        lost: 4_000,
        reordered: 3,
        duplicates: 0,
        sends: 5_000,
        receives: 2_000,
    };
    let flow = FlowOutcome {
        datagrams: Some(datagrams),
        datagrams_in_life: Some(datagrams),
        socket_drops: Some(3_900),
        info_bytes: None,
        ..flow(0, 6_000_000)
    };
    (cell, flow)
}

/// What so many datagrams come to at an interface: 14 bytes of Ethernet, 20 of IPv4, 8 of UDP.
fn crossed(flow: &FlowOutcome, datagrams: u64) -> Witnessed {
    Witnessed {
        packets: datagrams,
        ..interfaces(flow, datagrams * 1_042)
    }
}

#[test]
fn datagrams_are_counted_by_both_ends() {
    let (cell, flow) = lossy();
    let edges = edges(vec![crossed(&flow, 10_000)]);
    let measured = told(&cell, &outcome(vec![flow]), Some(&edges));
    near(
        measured.aggregate.datagrams_per_s.unwrap(),
        6_000.0 * 1e9 / WINDOW_NS as f64,
    );
    near(measured.aggregate.loss_ratio.unwrap(), 0.4);
    near(measured.checks.datagrams_ratio.unwrap(), 1.0);
    near(measured.checks.interface_bytes_ratio.unwrap(), 1.0);
    assert!(measured.checks.valid);
    assert_eq!(measured.counters.socket_drops, Some(3_900));
    let counts = measured.flows.datagrams.unwrap();
    assert_eq!(
        (counts.datagrams_sent, counts.lost_datagrams),
        (10_000, 4_000)
    );
    let batch = measured.effective.batch.unwrap();
    assert_eq!((batch.per_send, batch.per_receive), (Some(2.0), Some(3.0)));
    assert_eq!(measured.rows.flows[0].lost_datagrams, Some(4_000));
}

#[test]
fn an_interface_of_lossy_flows_lies_between_their_ends() {
    // Fewer than were read, as many as were read, as many as were sent, more than were sent.
    for (seen, valid) in [
        (5_000, false),
        (6_000, true),
        (10_000, true),
        (11_500, false),
    ] {
        let (cell, flow) = lossy();
        let edges = edges(vec![crossed(&flow, seen)]);
        let measured = told(&cell, &outcome(vec![flow]), Some(&edges));
        assert_eq!(measured.checks.valid, valid, "{seen}");
    }
}

#[test]
fn what_had_come_before_may_be_read_without_being_seen() {
    // Nine tenths of the 6,000 that were read must have been seen, but for 200 that had been sent before.
    for (seen, valid) in [(5_200, true), (5_199, false)] {
        let (cell, flow) = lossy();
        let waiting = Witnessed {
            pending: 200_000,
            ..crossed(&flow, seen)
        };
        let measured = told(&cell, &outcome(vec![flow]), Some(&edges(vec![waiting])));
        assert_eq!(measured.checks.valid, valid, "{seen}");
    }
}

#[test]
fn more_than_was_sent_is_invalid() {
    let (cell, mut flow) = lossy();
    if let Some(life) = &mut flow.datagrams_in_life {
        life.received += 1;
    }
    let edges = edges(vec![crossed(&flow, 10_000)]);
    let measured = told(&cell, &outcome(vec![flow]), Some(&edges));
    assert!(!measured.checks.valid);
}

#[test]
fn a_sender_that_was_behind_is_a_warning() {
    let (cell, mut flow) = lossy();
    flow.left_out = 1_000;
    let measured = told(&cell, &outcome(vec![flow]), None);
    let said = measured.warnings.join("\n");
    assert!(
        said.contains("9.1 % of the datagrams that were due"),
        "{said}"
    );
}
