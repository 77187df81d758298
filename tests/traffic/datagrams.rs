//! Streams of datagrams on real sockets: what both ends count is held against each other and against the kernel's own
//! counters, and what the kernel drops is seen as loss.

use std::fs;
use std::process::Command;

use kilonet::scenario::{Batch, Buffers, Load, Orders, Workload};
use kilonet::traffic::{FlowStatus, Outcome, Settings};

use super::lab::{Lab, doing, stream};
use super::requests::udp_figure;
use super::{DRIVERS, alone, measured, settings};

const BATCHES: [Batch; 3] = [Batch::None, Batch::Mmsg, Batch::Gso];

const BYTES: u32 = 1400;

pub(crate) fn streaming(batch: Batch) -> Orders {
    Orders {
        workload: Workload::UdpStream,
        message_bytes: BYTES,
        load: Load {
            batch,
            ..Load::default()
        },
    }
}

/// Packets that full backlogs of CPUs dropped, of the whole machine: the only place before the socket where these can go.
fn backlog_drops() -> u64 {
    let table = fs::read_to_string("/proc/net/softnet_stat").unwrap();
    let dropped = |line: &str| u64::from_str_radix(line.split(' ').nth(1).unwrap(), 16).unwrap();
    table.lines().map(dropped).sum()
}

/// Every datagram that was sent has come, is missing, or has not been passed by a later one yet.
pub(crate) fn assert_balanced(outcome: &Outcome, case: &str) {
    for flow in &outcome.flows {
        assert_eq!(flow.status, FlowStatus::Ok, "{case}: {flow:?}");
        let (window, life) = (flow.datagrams.unwrap(), flow.datagrams_in_life.unwrap());
        assert!(window.sent > 0 && window.received > 0, "{case}: {flow:?}");
        assert_eq!(life.sent * u64::from(BYTES), flow.sent_bytes, "{case}");
        let taken = life.received + life.duplicates;
        assert_eq!(taken * u64::from(BYTES), flow.total_bytes, "{case}");
        assert!(life.received + life.lost <= life.sent, "{case}: {flow:?}");
        assert_eq!(life.duplicates, 0, "{case}: {flow:?}");
        assert!(flow.latency.is_none() && flow.transactions == 0, "{case}");
    }
}

fn unread(outcome: &Outcome) -> u64 {
    let bytes = outcome.flows.iter().map(|flow| flow.unread_bytes.unwrap());
    bytes.sum::<u64>() / u64::from(BYTES)
}

fn of_life(outcome: &Outcome, figure: fn(&kilonet::traffic::Datagrams) -> u64) -> u64 {
    let flows = outcome.flows.iter();
    flows
        .map(|flow| figure(&flow.datagrams_in_life.unwrap()))
        .sum()
}

#[test]
fn both_ends_balance_by_every_driver_batch_and_family() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for batch in BATCHES {
            let lab = Lab::new(2);
            lab.join_by_veth();
            let flows = [
                stream(0, (0, "10.9.0.1"), (1, "10.9.0.2")),
                stream(1, (0, "::1"), (0, "::1")),
                stream(2, (1, "127.0.0.1"), (1, "127.0.0.1")),
            ];
            let case = format!("{driver} {batch}");
            let outcome = measured(&lab, &doing(streaming(batch), flows), &settings(driver));
            assert_balanced(&outcome, &case);
            let calls = of_life(&outcome, |it| it.sends);
            let sent = of_life(&outcome, |it| it.sent);
            assert_eq!(calls == sent, batch == Batch::None, "{case}");
            assert!(sent <= 64 * calls, "{case}");
        }
    }
}

#[test]
fn the_kernel_counts_the_same_datagrams() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for batch in [Batch::None, Batch::Mmsg] {
            let case = format!("{driver} {batch}");
            let lab = Lab::new(1);
            let before = backlog_drops();
            let outcome = measured(
                &lab,
                &doing(streaming(batch), lab.pairs(2)),
                &settings(driver),
            );
            let on_the_way = backlog_drops() - before;

            let [taken, went, dropped] = ["InDatagrams", "OutDatagrams", "RcvbufErrors"]
                .map(|name| lab.inside(0, || udp_figure(name)));
            let calls = outcome.flows.len() as u64;
            let (sent, received) = (
                of_life(&outcome, |it| it.sent),
                of_life(&outcome, |it| it.received),
            );
            assert_eq!(went, calls + sent, "{case}");
            assert_eq!(taken, calls + received + unread(&outcome), "{case}");
            let drops: u64 = outcome
                .flows
                .iter()
                .map(|flow| flow.socket_drops.unwrap())
                .sum();
            assert_eq!(dropped, drops, "{case}");
            let astray = sent - received - unread(&outcome) - drops;
            assert!(astray <= on_the_way, "{case}: {astray} beyond {on_the_way}");
        }
    }
}

#[test]
fn what_finds_no_room_is_seen_as_loss() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let narrow = Settings {
            buffers: Buffers::Bytes(4096),
            ..settings(driver)
        };
        // More come at once than the receiver's buffer has room for.
        let outcome = measured(&lab, &doing(streaming(Batch::Mmsg), lab.pairs(1)), &narrow);
        assert_balanced(&outcome, "narrow");
        let flow = &outcome.flows[0];
        assert!(flow.datagrams.unwrap().lost > 0, "{driver}: {flow:?}");
        let dropped = lab.inside(0, || udp_figure("RcvbufErrors"));
        assert_eq!(flow.socket_drops, Some(dropped), "{driver}");
        // Those after the last that was read are not known to be missing.
        assert!(
            flow.datagrams_in_life.unwrap().lost <= dropped + unread(&outcome),
            "{driver}: {flow:?}"
        );
    }
}

#[test]
fn an_open_loop_sends_what_is_due_and_not_more() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        for batch in BATCHES {
            let mut orders = streaming(batch);
            orders.load.rate = Some(500);
            let lab = Lab::new(1);
            let outcome = measured(&lab, &doing(orders, lab.pairs(2)), &settings(driver));
            assert_balanced(&outcome, "at a rate");
            // Due in the window, however long it became; what was late at its start may be sent within 10 ms more.
            let seconds = outcome.window.duration_ns as f64 / 1e9;
            let due = 500.0 * (seconds + 0.01);
            for flow in &outcome.flows {
                let sent = flow.datagrams.unwrap().sent;
                let late = flow.lateness.as_ref().unwrap();
                assert!(
                    sent as f64 <= due + 3.0,
                    "{driver} {batch}: {sent} of {due}"
                );
                assert!(
                    late.count().abs_diff(sent) <= 2,
                    "{driver} {batch}: {flow:?}"
                );
            }
        }
    }
}

/// Drops the first datagram as long as a call that comes to the namespace that the calling thread is in, and counts it.
const WITHOUT_FIRST_CALL: &str = "add table ip lossy
add chain ip lossy input { type filter hook input priority 0; }
add rule ip lossy input udp length 12 limit rate 1/day burst 1 packets counter drop";

pub(crate) fn nft(script: &str) -> String {
    let nft = Command::new("nft").arg(script).output();
    let done = nft.expect("these tests need `nft`");
    assert!(done.status.success(), "{script}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

pub(crate) fn drop_first_call() {
    nft(WITHOUT_FIRST_CALL);
}

/// How many calls were dropped in the namespace that the calling thread is in.
pub(crate) fn dropped_calls() -> u64 {
    let rules = nft("list table ip lossy");
    let (_, counter) = rules.split_once("counter packets ").unwrap();
    counter.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_call_that_is_dropped_is_sent_again() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        lab.join_by_veth();
        lab.inside(1, drop_first_call);
        let flows = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
        let outcome = measured(
            &lab,
            &doing(streaming(Batch::None), flows),
            &settings(driver),
        );
        assert_balanced(&outcome, &driver.to_string());
        assert_eq!(lab.inside(1, dropped_calls), 1, "{driver}");
    }
}
