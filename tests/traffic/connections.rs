//! A connection for each request: how many there were is held against the kernel's own count, and what they leave behind and
//! what ends them against what a user would see.

use std::fs;
use std::process::Command;
use std::time::Duration;

use kilonet::scenario::{Closing, Driver, Load, Orders, Workload};
use kilonet::traffic::agent::{self, Muster};
use kilonet::traffic::{Flow, FlowStatus, Outcome, Settings};
use nix::errno::Errno;

use super::agents::{Agents, gathered};
use super::lab::{Lab, doing, stream};
use super::{DRIVERS, Hooks, alone, descriptors, measured, settings};

const RESPONSE: u64 = 3_000;

fn calling(rate: Option<u32>) -> Orders {
    Orders {
        workload: Workload::TcpCrr,
        message_bytes: 100,
        load: Load {
            response_bytes: Some(3_000),
            rate,
            ..Load::default()
        },
    }
}

fn closing(rate: Option<u32>) -> Orders {
    let workload = Workload::TcpCc;
    Orders {
        workload,
        message_bytes: workload.usual_message_bytes(),
        load: Load {
            rate,
            ..Load::default()
        },
    }
}

/// A figure of `/proc/net/snmp` or `/proc/net/netstat`, where the calling thread is.
pub(crate) fn counted(file: &str, group: &str, name: &str) -> u64 {
    let table = fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap();
    let mut lines = table.lines().filter_map(|line| line.strip_prefix(group));
    let mut names = lines.next().unwrap().split_whitespace();
    let column = names.position(|column| column == name).unwrap();
    let figure = lines.next().unwrap().split_whitespace().nth(column);
    figure.unwrap().parse().unwrap()
}

fn connections_accepted() -> u64 {
    counted("snmp", "Tcp: ", "PassiveOpens")
}

/// Requests that came in over the flows' lives.
fn requests(outcome: &Outcome) -> u64 {
    let flows = outcome.flows.iter();
    flows.map(|flow| flow.total_bytes / 100).sum()
}

fn assert_fine(outcome: &Outcome, case: &str) {
    for flow in &outcome.flows {
        assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
        assert!(flow.transactions > 0, "{case}: {flow:?}");
        let timed = flow.latency.as_ref().unwrap().count();
        assert_eq!(flow.transactions, timed, "{case}: {flow:?}");
        let whole = flow.returned_bytes / RESPONSE;
        // Under way at an edge: what a flow may have there.
        assert!(flow.transactions.abs_diff(whole) <= 8, "{case}: {flow:?}");
        // What was said of one of its connections is not said of all.
        assert_eq!((flow.info_bytes, flow.retransmits), (None, None), "{case}");
    }
}

/// The kernel counts a connection accepted when its handshake is over.
#[test]
fn connections_are_as_many_as_the_kernel_accepted() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for rate in [None, Some(500)] {
            let case = format!("{driver} {rate:?}");
            let before = descriptors();
            let lab = Lab::new(2);
            let outcome = measured(&lab, &doing(calling(rate), lab.pairs(4)), &settings(driver));
            assert_fine(&outcome, &case);
            let accepted: u64 = (0..2)
                .map(|one| lab.inside(one, connections_accepted))
                .sum();
            // Each flow came up with one that has no request, and may have been about to ask on others at the end.
            let most = 4 * (1 + if rate.is_some() { 8 } else { 1 });
            let asked = requests(&outcome);
            assert!(
                (asked + 4..=asked + most).contains(&accepted),
                "{case}: {accepted} accepted, {asked} requests"
            );
            drop(lab);
            assert_eq!(descriptors(), before, "{case}");
        }
    }
}

/// Nothing is said over them, so that all there is to hold their number against is what the kernel counts at either end.
#[test]
fn connections_without_a_word_are_as_many_as_the_kernel_made_and_accepted() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for rate in [None, Some(500)] {
            let case = format!("{driver} {rate:?}");
            let before = descriptors();
            let lab = Lab::new(2);
            let outcome = measured(&lab, &doing(closing(rate), lab.pairs(4)), &settings(driver));
            for flow in &outcome.flows {
                assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
                let timed = flow.latency.as_ref().unwrap().count();
                assert!(timed > 0, "{case}: {flow:?}");
                assert_eq!(flow.transactions, timed, "{case}: {flow:?}");
                assert_eq!((flow.payload(), flow.total_bytes), (0, 0), "{case}");
                assert_eq!((flow.info_bytes, flow.retransmits), (None, None), "{case}");
            }
            let opens = |name| -> u64 {
                let inside = |one| lab.inside(one, || counted("snmp", "Tcp: ", name));
                (0..2).map(inside).sum()
            };
            let (made, accepted) = (opens("ActiveOpens"), opens("PassiveOpens"));
            let counted: u64 = outcome.flows.iter().map(|flow| flow.transactions).sum();
            // Beside those of the window there are those of the warm-up and at its edges; each flow came up with one.
            assert!(accepted >= counted + 4, "{case}: {accepted}, {counted}");
            let most = 4 * if rate.is_some() { 8 } else { 1 };
            assert!(
                (accepted..=accepted + most).contains(&made),
                "{case}: {made} made, {accepted} accepted"
            );
            drop(lab);
            assert_eq!(descriptors(), before, "{case}");
        }
    }
}

/// Connections in a state, of those that `ss` shows where the calling thread is.
pub(crate) fn sockets_in(state: &str, side: &str) -> usize {
    let ss = Command::new("ss")
        .args(["-Htn", "state", state, side])
        .output();
    let shown = ss.expect("these tests need `ss`").stdout;
    String::from_utf8(shown).unwrap().lines().count()
}

#[test]
fn the_server_keeps_time_wait_and_the_client_its_ports() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        lab.join_by_veth();
        let plans = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
        for orders in [calling(None), closing(None)] {
            let case = format!("{driver} {}", orders.workload);
            let outcome = measured(&lab, &doing(orders, plans), &settings(driver));
            assert!(outcome.flows[0].transactions > 0, "{case}: {outcome:?}");
            let waiting = [0, 1].map(|one| lab.inside(one, || sockets_in("time-wait", "")));
            assert_eq!(waiting[0], 0, "{case}: {waiting:?}");
            assert!(waiting[1] > 0, "{case}: {waiting:?}");
        }
    }
}

#[test]
fn the_client_keeps_time_wait_where_it_is_to_close() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for mut orders in [
            calling(None),
            calling(Some(500)),
            closing(None),
            closing(Some(500)),
        ] {
            orders.load.closes = Closing::Client;
            let case = format!("{driver} {orders:?}");
            let before = descriptors();
            let lab = Lab::new(2);
            lab.join_by_veth();
            let plans = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
            let outcome = measured(&lab, &doing(orders, plans), &settings(driver));
            let flow = &outcome.flows[0];
            assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
            let timed = flow.latency.as_ref().unwrap().count();
            assert!(timed > 0 && timed == flow.transactions, "{case}: {flow:?}");
            let waiting = [0, 1].map(|one| lab.inside(one, || sockets_in("time-wait", "")));
            assert!(waiting[0] > 0, "{case}: {waiting:?}");
            assert_eq!(waiting[1], 0, "{case}: {waiting:?}");
            drop(lab);
            assert_eq!(descriptors(), before, "{case}");
        }
    }
}

/// More connections than the client has ports: those it has are used again. Where a port is taken again at once, Linux 6.18
/// drops the SYN of one connection in some ten thousand, and the client sends it again after 1 s: the window is longer than that.
#[test]
fn a_few_ports_are_enough_for_any_number_of_connections() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        lab.join_by_veth();
        let plans = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
        lab.inside(0, || port_range("40000 40007"));
        let settings = Settings {
            measure: Duration::from_millis(1_500),
            ..settings(driver)
        };
        let outcome = measured(&lab, &doing(calling(None), plans), &settings);
        assert_fine(&outcome, &driver.to_string());
        assert!(requests(&outcome) > 8, "{driver}: {outcome:?}");
    }
}

fn port_range(range: &str) {
    let sysctl = "/proc/sys/net/ipv4/ip_local_port_range";
    fs::write(sysctl, range).unwrap();
}

#[test]
fn a_client_without_a_port_says_so_and_what_helps() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        lab.join_by_veth();
        let plans = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
        // Taken by the connection that the flow comes up with.
        lab.inside(0, || port_range("40000 40000"));
        let outcome = measured(&lab, &doing(calling(None), plans), &settings(driver));
        let FlowStatus::Died { loss, .. } = &outcome.flows[0].status else {
            panic!("{driver}: {outcome:?}");
        };
        assert_eq!(loss.errno, Some(Errno::EADDRNOTAVAIL as i32));
        assert_eq!(
            loss.sentence,
            "make another connection: Cannot assign requested address (os error 99); \
             check that the address is still on an interface there (ip addr); if it is, use fewer flows per namespace, as each \
             takes a local port"
        );
    }
}

#[test]
fn ipv6_and_flows_of_one_namespace_have_connections_too() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let flow = |number| Flow {
            stream: number,
            ..stream(0, (0, "::1"), (0, "::1"))
        };
        let outcome = measured(
            &lab,
            &doing(calling(Some(300)), [flow(0), flow(1)]),
            &settings(driver),
        );
        assert_fine(&outcome, &driver.to_string());
    }
}

/// What one flow comes to between two containers with an agent each, and the lab they were in, once the agents have ended.
fn by_agents(orders: Orders, driver: Driver) -> (Outcome, Lab) {
    let meeting = tempfile::tempdir().unwrap();
    let muster = Muster::open(meeting.path()).unwrap();
    let agents = Agents::start(meeting.path(), 2);
    let crew = gathered(&muster, 2);
    let flows = doing(orders, [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))]);
    let outcome = agent::run(&crew, &flows, &settings(driver), &mut Hooks::default()).unwrap();
    drop(crew);
    (outcome, agents.end())
}

#[test]
fn agents_make_connections_in_their_containers() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let (outcome, lab) = by_agents(calling(None), driver);
        assert_fine(&outcome, &driver.to_string());
        let accepted = lab.inside(1, connections_accepted);
        let asked = requests(&outcome);
        assert!((asked + 1..=asked + 2).contains(&accepted), "{driver}");
    }
}

#[test]
fn agents_make_and_close_connections_without_a_word() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let (outcome, lab) = by_agents(closing(None), driver);
        let flow = &outcome.flows[0];
        assert_eq!(flow.status, FlowStatus::Ok, "{driver}: {flow:?}");
        let timed = flow.latency.as_ref().unwrap().count();
        assert_eq!(flow.transactions, timed, "{driver}: {flow:?}");
        let accepted = lab.inside(1, connections_accepted);
        assert!(timed > 0 && accepted > timed, "{driver}: {accepted}");
    }
}
