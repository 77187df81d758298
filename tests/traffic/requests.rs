//! Requests and responses on real sockets: what clients count, time and send is held against what servers count, and
//! against the kernel's own counters.

use std::fs;
use std::time::Instant;

use kilonet::scenario::{Arrivals, Load, Orders, Workload};
use kilonet::traffic::{FlowStatus, Outcome};

use super::lab::{Lab, doing};
use super::{DRIVERS, alone, brief, measured, settings};

fn requesting(workload: Workload, load: Load) -> Orders {
    Orders {
        workload,
        message_bytes: 100,
        load: Load {
            response_bytes: Some(3_000),
            ..load
        },
    }
}

fn loads() -> [Load; 3] {
    let outstanding = Load {
        outstanding: Some(8),
        ..Load::default()
    };
    let open = Load {
        rate: Some(2_000),
        arrivals: Some(Arrivals::Poisson),
        ..Load::default()
    };
    [Load::default(), outstanding, open]
}

/// Requests and responses are whole messages, so that bytes tell how many there were.
fn assert_counted_alike(outcome: &Outcome, case: &str) {
    for flow in &outcome.flows {
        assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
        assert!(flow.transactions > 0, "{case}: {flow:?}");
        let timed = flow.latency.as_ref().unwrap().count();
        assert_eq!(flow.transactions, timed, "{case}: {flow:?}");
        // At each edge one response may be there in part.
        let whole = flow.returned_bytes / 3_000;
        assert!(
            flow.transactions.abs_diff(whole) <= 1,
            "{case}: {whole} {flow:?}"
        );
        assert_eq!(flow.lost, 0, "{case}");
        assert!(flow.sent_bytes >= flow.total_bytes, "{case}: {flow:?}");
    }
}

#[test]
fn transactions_are_histogram_counts_and_whole_responses() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for workload in [Workload::TcpRr, Workload::UdpRr] {
            for load in loads() {
                let case = format!("{driver} {workload} {load:?}");
                let lab = Lab::new(1);
                let outcome = measured(
                    &lab,
                    &doing(requesting(workload, load), lab.pairs(3)),
                    &brief(driver),
                );
                assert_counted_alike(&outcome, &case);
            }
        }
    }
}

/// A figure of UDP here, from `/proc/net/snmp`.
pub(crate) fn udp_figure(name: &str) -> u64 {
    let table = fs::read_to_string("/proc/thread-self/net/snmp").unwrap();
    let mut lines = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let column = lines
        .next()
        .unwrap()
        .split(' ')
        .position(|column| column == name);
    let row = lines.next().unwrap();
    row.split(' ')
        .nth(column.unwrap())
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn every_datagram_the_kernel_delivered_was_one_of_ours() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let outcome = measured(
            &lab,
            &doing(requesting(Workload::UdpRr, Load::default()), lab.pairs(2)),
            &settings(driver),
        );
        let by_kernel = lab.inside(0, || udp_figure("InDatagrams"));
        let requests: u64 = outcome
            .flows
            .iter()
            .map(|flow| flow.total_bytes / 100)
            .sum();
        let calls = outcome.flows.len() as u64;
        // Each request has a response, but for those under way at the end.
        let ours = calls + 2 * requests;
        assert!(
            by_kernel.abs_diff(ours) <= calls,
            "{driver}: {by_kernel} by the kernel, {ours} by us"
        );
    }
}

#[test]
fn an_open_loop_offers_its_rate_and_says_how_late_it_was() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let load = Load {
            rate: Some(500),
            ..Load::default()
        };
        let lab = Lab::new(1);
        let flows = doing(requesting(Workload::TcpRr, load), lab.pairs(2));
        let began = Instant::now();
        let outcome = measured(&lab, &flows, &settings(driver));
        // However late some were, no more were sent than were due by the end.
        let due = began.elapsed().as_secs_f64() * 500.0 + 1.0;
        for flow in &outcome.flows {
            let sent = flow.sent_bytes / 100;
            assert!(sent as f64 <= due, "{driver}: {sent} sent of {due}");
            let lateness = flow.lateness.as_ref().unwrap();
            assert!((1..=sent).contains(&lateness.count()), "{driver}");
            let latency = flow.latency.as_ref().unwrap();
            assert!(
                latency.max() >= lateness.quantile(0.0),
                "{driver}: {flow:?}"
            );
        }
        let closed = measured(
            &lab,
            &doing(requesting(Workload::TcpRr, Load::default()), lab.pairs(1)),
            &settings(driver),
        );
        assert!(closed.flows[0].lateness.is_none(), "{driver}");
    }
}
