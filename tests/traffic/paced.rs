//! Streams at a rate: what they offer is held against the clock, and what crosses against the interface and `TCP_INFO`.

use std::time::Instant;

use kilonet::scenario::{Arrivals, Driver, Load, Orders, Sending, Workload};
use kilonet::traffic::agent::{self, Muster};
use kilonet::traffic::{FlowOutcome, FlowStatus};

use super::agents::{Agents, gathered};
use super::lab::{Lab, doing, stream};
use super::{DRIVERS, Hooks, alone, assert_true_to_its_witnesses, lo_received, measured, settings};

const MESSAGE: u64 = 10_000;

/// A thousand messages a second.
const RATE_BPS: u64 = 80_000_000;

fn at(rate_bps: u64) -> Orders {
    Orders {
        workload: Workload::TcpStream,
        message_bytes: 10_000,
        load: Load {
            rate_bps: Some(rate_bps),
            ..Load::default()
        },
    }
}

/// No more was sent than was due since `began`, and as much was due in the window as its length says.
fn assert_paced(flow: &FlowOutcome, (began, window_ns): (Instant, u64), case: &str) {
    assert_true_to_its_witnesses(flow);
    let sent = flow.sent_bytes / MESSAGE;
    let most = began.elapsed().as_secs_f64() * 1e3 + 1.0;
    assert!(sent as f64 <= most, "{case}: {sent} sent of {most}");
    let due = flow.due.unwrap();
    // One may be due at either edge, between which the window's length is measured.
    let expected = window_ns / 1_000_000;
    assert!(
        due.abs_diff(expected) <= 2,
        "{case}: {due} due of {expected}"
    );
    let timed = flow.lateness.as_ref().unwrap().count();
    assert!((1..=sent).contains(&timed), "{case}: {timed} of {sent}");
    assert!(flow.latency.is_none(), "{case}");
}

#[test]
fn a_stream_at_a_rate_sends_what_is_due_and_not_more() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for send in [Sending::Copy, Sending::Sendfile, Sending::Zerocopy] {
            let case = format!("{driver} {send}");
            let mut orders = at(RATE_BPS);
            orders.load.send = send;
            let lab = Lab::new(1);
            let began = Instant::now();
            let outcome = measured(&lab, &doing(orders, lab.pairs(2)), &settings(driver));
            for flow in &outcome.flows {
                assert_paced(flow, (began, outcome.window.duration_ns), &case);
            }
            let sum = |of: fn(&FlowOutcome) -> u64| outcome.flows.iter().map(of).sum::<u64>();
            let (sent, received) = (sum(|flow| flow.sent_bytes), sum(|flow| flow.total_bytes));
            let frames = lab.inside(0, lo_received);
            // Headers of a few packets for each message, and acknowledgements, are far below a tenth.
            let crossed = received..=sent + sent / 10;
            assert!(crossed.contains(&frames), "{case}: {frames}, {crossed:?}");
        }
    }
}

#[test]
fn agents_send_at_a_rate() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = Muster::open(meeting.path()).unwrap();
    let agents = Agents::start(meeting.path(), 2);
    let crew = gathered(&muster, 2);
    let flows = doing(at(RATE_BPS), [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))]);
    let began = Instant::now();
    let outcome = agent::run(
        &crew,
        &flows,
        &settings(Driver::Threads),
        &mut Hooks::default(),
    )
    .unwrap();
    let times = (began, outcome.window.duration_ns);
    assert_paced(&outcome.flows[0], times, "agents");
    drop(crew);
    agents.end();
}

/// A terabit a second is more than any machine moves: sockets are full, and what is due meanwhile stays due.
#[test]
fn a_rate_that_nobody_keeps_is_offered_all_the_same() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
            let case = format!("{driver} {arrivals}");
            let mut orders = at(1_000_000_000_000);
            orders.message_bytes = 1 << 20;
            orders.load.arrivals = Some(arrivals);
            let lab = Lab::new(1);
            let outcome = measured(&lab, &doing(orders, lab.pairs(1)), &settings(driver));
            let flow = &outcome.flows[0];
            assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
            let due = flow.due.unwrap() << 20;
            assert!(due > flow.window_bytes, "{case}: {due} due, {flow:?}");
            let timed = flow.lateness.as_ref().unwrap().count();
            assert!(timed < flow.due.unwrap(), "{case}: {timed}");
        }
    }
}
