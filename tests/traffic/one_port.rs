//! Many clients of one listening port: which connection is whose is held against `TCP_INFO` of each, how many ports there are
//! against `ss`, and what overflows against the kernel's own counters.

use std::cell::Cell;
use std::time::Duration;

use kilonet::scenario::{Closing, Driver, Listening, Load, Orders, Workload};
use kilonet::traffic::agent::{self, Muster};
use kilonet::traffic::{Flow, FlowOutcome, FlowStatus, Outcome, Settings, run};

use super::agents::{Agents, gathered};
use super::connections::{counted, sockets_in};
use super::datagrams::nft;
use super::lab::{Lab, doing, stream};
use super::{DRIVERS, Hooks, alone, assert_true_to_its_witnesses, descriptors, measured, settings};

const REQUEST: u32 = 100;

fn calling_one_port(workload: Workload, more: Load) -> Orders {
    let has_responses = workload.has_responses();
    Orders {
        workload,
        message_bytes: if has_responses {
            REQUEST
        } else {
            workload.usual_message_bytes()
        },
        load: Load {
            response_bytes: has_responses.then_some(3_000),
            listen: Listening::Shared,
            ..more
        },
    }
}

/// So many pairs whose servers are one container's, at the other end of a veth.
fn incast(orders: Orders, pairs: u32) -> Vec<Flow> {
    let flow = |pair| stream(pair, (0, "10.9.0.1"), (1, "10.9.0.2"));
    doing(orders, (0..pairs).map(flow))
}

fn joined() -> Lab {
    let lab = Lab::new(2);
    lab.join_by_veth();
    lab
}

/// What flows came to, and how many sockets listened at the server while they moved.
fn watched(lab: &Lab, flows: &[Flow], settings: &Settings) -> (Outcome, usize) {
    let listening = Cell::new(0);
    let look = || listening.set(lab.inside(1, || sockets_in("listening", "")));
    let mut hooks = Hooks {
        before_window: Some(&look),
        ..Hooks::default()
    };
    let outcome = run((flows, &lab.namespaces()), settings, &mut hooks).unwrap();
    (outcome, listening.get())
}

fn of_all(outcome: &Outcome, of: fn(&FlowOutcome) -> u64) -> u64 {
    outcome.flows.iter().map(of).sum()
}

#[test]
fn connections_that_last_are_each_the_flow_that_says_its_number() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for workload in [Workload::TcpStream, Workload::TcpRr, Workload::Idle] {
            let case = format!("{driver} {workload}");
            let before = descriptors();
            let lab = joined();
            let flows = incast(calling_one_port(workload, Load::default()), 50);
            let (outcome, listening) = watched(&lab, &flows, &settings(driver));
            // All have come up, and nobody else is to call.
            assert_eq!(listening, 0, "{case}");
            for flow in &outcome.flows {
                assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
                // By the port that either end knows, where it is still there: each server is connected with its own client.
                assert_ne!(flow.renamed, Some(true), "{case}: {flow:?}");
                // The end of a connection may count as a byte.
                let by_kernel = flow.info_bytes.unwrap();
                assert!(by_kernel - flow.total_bytes <= 1, "{case}: {flow:?}");
            }
            if workload == Workload::TcpStream {
                outcome.flows.iter().for_each(assert_true_to_its_witnesses);
                let told_apart = outcome.flows.iter();
                assert!(
                    told_apart.clone().all(|flow| flow.renamed == Some(false)),
                    "{case}"
                );
            }
            let accepted = lab.inside(1, || counted("snmp", "Tcp: ", "PassiveOpens"));
            assert_eq!(accepted, 50, "{case}");
            drop(lab);
            assert_eq!(descriptors(), before, "{case}");
        }
    }
}

#[test]
fn a_connection_for_each_request_is_taken_at_one_port_and_booked_for_its_own_pair() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for workload in [Workload::TcpCrr, Workload::TcpCc] {
            for closes in [Closing::Server, Closing::Client] {
                let case = format!("{driver} {workload} {closes}");
                let before = descriptors();
                let lab = joined();
                let load = Load {
                    closes,
                    ..Load::default()
                };
                let flows = incast(calling_one_port(workload, load), 12);
                let (outcome, listening) = watched(&lab, &flows, &settings(driver));
                assert_eq!(listening, 1, "{case}");
                assert_eq!(outcome.backlog, Some(4096), "{case}");
                assert_eq!(outcome.warnings, Vec::<String>::new(), "{case}");
                for flow in &outcome.flows {
                    assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
                    let timed = flow.latency.as_ref().unwrap().count();
                    assert!(timed > 0 && timed == flow.transactions, "{case}: {flow:?}");
                    let sent = if workload.has_messages() {
                        u64::from(REQUEST)
                    } else {
                        0
                    };
                    assert_eq!(flow.window_bytes, flow.transactions * sent, "{case}");
                    assert_eq!(flow.info_bytes, None, "{case}");
                }
                let accepted = lab.inside(1, || counted("snmp", "Tcp: ", "PassiveOpens"));
                let answered = of_all(&outcome, |flow| flow.transactions);
                assert!(accepted >= answered + 12, "{case}: {accepted}, {answered}");
                if workload.has_messages() {
                    // Each flow came up with one that has no request, and may have had one under way at the end.
                    let asked = of_all(&outcome, |flow| flow.total_bytes) / u64::from(REQUEST);
                    let may_be = asked + 12..=asked + 24;
                    assert!(may_be.contains(&accepted), "{case}: {accepted}, {asked}");
                }
                drop(lab);
                assert_eq!(descriptors(), before, "{case}");
            }
        }
    }
}

#[test]
fn agents_share_a_port_between_processes() {
    let Some(_alone) = alone() else { return };
    for workload in [Workload::TcpStream, Workload::TcpCrr] {
        let meeting = tempfile::tempdir().unwrap();
        let muster = Muster::open(meeting.path()).unwrap();
        let agents = Agents::start(meeting.path(), 2);
        let crew = gathered(&muster, 2);
        let flows = incast(calling_one_port(workload, Load::default()), 10);
        let settings = settings(Driver::Threads);
        let outcome = agent::run(&crew, &flows, &settings, &mut Hooks::default()).unwrap();
        for flow in &outcome.flows {
            assert_eq!(flow.status, FlowStatus::Ok, "{workload}: {flow:?}");
            assert_eq!(flow.renamed, Some(false), "{workload}: {flow:?}");
        }
        drop(crew);
        let lab = agents.end();
        let accepted = lab.inside(1, || counted("snmp", "Tcp: ", "PassiveOpens"));
        let renewed = of_all(&outcome, |flow| flow.transactions);
        assert!(accepted >= 10 + renewed, "{workload}: {accepted}");
    }
}

/// Has the namespace that the calling thread is in give what leaves it one address, and of these ports.
fn masquerade(ports: &str) {
    let rules = format!(
        "add table ip hide
add chain ip hide post {{ type nat hook postrouting priority 100; }}
add rule ip hide post oifname \"eth0\" meta l4proto tcp masquerade to :{ports}"
    );
    nft(&rules);
}

/// Rules that give each client another address on the way: by that, no server could tell whose a call is.
#[test]
fn clients_behind_one_address_are_told_apart() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = joined();
        lab.inside(0, || masquerade("5000-5999"));
        let flows = incast(calling_one_port(Workload::TcpStream, Load::default()), 20);
        let outcome = measured(&lab, &flows, &settings(driver));
        for flow in &outcome.flows {
            assert_true_to_its_witnesses(flow);
            assert_eq!(flow.renamed, Some(true), "{driver}: {flow:?}");
        }
    }
}

/// Where masquerading has ten ports towards the one that all call, ten flows come up and no more.
#[test]
fn clients_beyond_what_masquerading_has_ports_for_do_not_connect() {
    let Some(_alone) = alone() else { return };
    let lab = joined();
    lab.inside(0, || masquerade("5000-5009"));
    let flows = incast(calling_one_port(Workload::Idle, Load::default()), 15);
    let settings = Settings {
        connect: Duration::from_millis(1_500),
        ..settings(Driver::Threads)
    };
    let outcome = measured(&lab, &flows, &settings);
    let lost: Vec<_> = outcome
        .flows
        .iter()
        .filter_map(|flow| match &flow.status {
            FlowStatus::Unconnected(loss) => Some(loss.errno),
            _ => None,
        })
        .collect();
    assert_eq!(lost, [Some(nix::errno::Errno::ETIMEDOUT as i32); 5]);
    let accepted = lab.inside(1, || counted("snmp", "Tcp: ", "PassiveOpens"));
    assert_eq!(accepted, 10);
}

/// Room for two, and sixty who call at once: the kernel drops their calls, and they call again after a second.
#[test]
fn an_accept_queue_that_overflows_shows_in_the_kernels_counters_and_in_the_times() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = joined();
        let load = Load {
            backlog: Some(1),
            rate: Some(400),
            ..Load::default()
        };
        let flows = incast(calling_one_port(Workload::TcpCrr, load), 60);
        let settings = Settings {
            measure: Duration::from_millis(1_500),
            ..settings(driver)
        };
        let outcome = measured(&lab, &flows, &settings);
        assert_eq!(outcome.backlog, Some(1), "{driver}");
        let netstat =
            |container, name| lab.inside(container, move || counted("netstat", "TcpExt: ", name));
        let overflows = netstat(1, "ListenOverflows");
        assert!(overflows > 0, "{driver}: no call found the queue full");
        let again = netstat(0, "TCPSynRetrans");
        let slow = |flow: &FlowOutcome| {
            let ended = flow
                .latency
                .as_ref()
                .map_or(0, |all| all.longer_than(1_000_000_000));
            ended + flow.under_way.above_1s
        };
        let slow: u64 = outcome.flows.iter().map(slow).sum();
        assert!(
            again > 0 && slow > 0,
            "{driver}: {again} sent again, {slow} took above 1 s"
        );
    }
}

/// What a namespace allows at most is read back, and said.
#[test]
fn a_backlog_that_the_kernel_does_not_grant_is_said() {
    let Some(_alone) = alone() else { return };
    let lab = joined();
    lab.inside(1, || {
        std::fs::write("/proc/sys/net/core/somaxconn", "100").unwrap();
    });
    let load = Load {
        backlog: Some(200),
        ..Load::default()
    };
    let flows = incast(calling_one_port(Workload::TcpCrr, load), 2);
    let outcome = measured(&lab, &flows, &settings(Driver::Threads));
    assert_eq!(outcome.backlog, Some(100));
    let said = outcome.warnings.join("; ");
    let expected = "100 connections may wait to be accepted instead of 200: sysctl net.core.somaxconn is lower";
    assert!(said.contains(expected), "{said}");
}
