mod datagrams;

use std::time::Duration;

use nix::errno::Errno;

use super::*;
use crate::host::counters::{Counted, CpuTimes, Delta, ForeignDelta, OwnCpu, Softnet, TcpMemory};
use crate::scenario::{Cell, Timing, Topology, Workload};
use crate::stats::Recorder;
use crate::store::record::{TrialPhase, UnderWay};
use crate::store::sample;
use crate::traffic::{Buffered, Flow, Loss, Sample, Seat, Tallies, Uncopied, Window as Span};

fn refused(act: &str, errno: Errno, sentence: &str) -> Loss {
    Loss {
        act: act.to_owned(),
        errno: Some(errno as i32),
        sentence: sentence.to_owned(),
    }
}

/// The window of every test: two seconds.
const WINDOW_NS: u64 = 2_000_000_000;

fn flow(pair: u32, window_bytes: u64) -> FlowOutcome {
    let seat = |container| Seat {
        container,
        address: [127, 0, 0, 1].into(),
    };
    FlowOutcome {
        plan: Flow {
            pair,
            stream: 0,
            client: seat(2 * pair),
            server: seat(2 * pair + 1),
            door: None,
            orders: sample::cell(Topology::Bridge, 2).orders(),
        },
        status: if window_bytes == 0 {
            FlowStatus::Stalled
        } else {
            FlowStatus::Ok
        },
        window_bytes,
        returned_bytes: 0,
        transactions: 0,
        latency: None,
        under_way: UnderWay::default(),
        lateness: None,
        lost: 0,
        left_out: 0,
        due: None,
        datagrams: None,
        datagrams_in_life: None,
        socket_drops: None,
        total_bytes: 2 * window_bytes,
        sent_bytes: 2 * window_bytes,
        info_bytes: Some(2 * window_bytes),
        unread_bytes: Some(0),
        retransmits: Some(1),
        renamed: Some(false),
    }
}

fn outcome(flows: Vec<FlowOutcome>) -> Outcome {
    let bytes = flows.iter().map(|flow| flow.window_bytes).sum::<u64>();
    let half = Sample {
        bytes: bytes / 2,
        duration: Duration::from_secs(1),
    };
    Outcome {
        uncopied: Uncopied::default(),
        window: Span {
            start_unix_ns: 7,
            duration_ns: WINDOW_NS,
            skew_ns: 90,
        },
        flows,
        samples: vec![half, half],
        congestion: Some("cubic".to_owned()),
        buffers: Buffered::default(),
        backlog: None,
        warnings: Vec::new(),
    }
}

/// A quiet machine of two CPUs, all busy with the traffic.
fn edges(witnessed: Vec<Witnessed>) -> Edges {
    Edges {
        machine: Delta {
            counted: Counted {
                elapsed: Duration::from_nanos(WINDOW_NS),
                softnet: Some(Softnet {
                    processed: 1_000_000,
                    dropped: 3,
                    squeezed: 5,
                    steered: None,
                }),
                neighbour_overflows: None,
            },
            cpus: 2,
            each: Vec::new(),
            cpu: CpuTimes {
                user_ns: 100_000_000,
                system_ns: 2_900_000_000,
                softirq_ns: 1_000_000_000,
                steal_ns: 0,
                idle_ns: 0,
            },
            counts_steal: true,
            own: OwnCpu {
                user_ns: 80_000_000,
                system_ns: 2_000_000_000,
            },
            tcp_memory_pages: Some(400),
        },
        foreign: ForeignDelta {
            cpu: Duration::from_millis(1),
            at_least: Duration::from_millis(1),
            at_most: Duration::from_millis(1),
            elapsed: Duration::from_nanos(WINDOW_NS),
            hidden: false,
        },
        tcp_memory: Some(TcpMemory { pressure_pages: 2 }),
        tracked: None,
        witnessed,
        containers: None,
    }
}

/// The interfaces of a flow's receiver, over the window, beside its sockets.
fn interfaces(flow: &FlowOutcome, bytes: u64) -> Witnessed {
    let datagrams = flow.datagrams.unwrap_or_default();
    let payload = |count: u64| count * u64::from(datagrams.length);
    Witnessed {
        containers: vec![flow.plan.server.container],
        bytes,
        packets: 0,
        at_sockets: Tallies {
            received: flow.window_bytes,
            connections: 0,
            datagrams_sent: payload(datagrams.sent),
            datagrams_received: payload(datagrams.received),
            datagrams_lost: payload(datagrams.lost),
        },
        pending: 0,
    }
}

fn cell(pairs: u32) -> Cell {
    sample::cell(Topology::Veth, 2 * pairs)
}

fn told(cell: &Cell, outcome: &Outcome, edges: Option<&Edges>) -> Measurement {
    let second = Duration::from_secs(1);
    let timing = Timing {
        warmup: second,
        measure: 2 * second,
        sample: second,
        connect: second,
    };
    let trial = TrialPlan {
        id: "t",
        cell,
        timing,
    };
    summarise(trial, outcome, edges)
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs(),
        "{found} is not {expected}"
    );
}

#[test]
fn goodput_is_bits_over_the_measured_window_and_pairs_sum_to_it() {
    let outcome = outcome(vec![flow(0, 1_000_000), flow(1, 3_000_000)]);
    let measured = told(&cell(2), &outcome, None);
    near(measured.aggregate.goodput_bps, 16e6);
    near(measured.per_pair.unwrap().min_bps, 4e6);
    near(measured.per_pair.unwrap().p50_bps, 8e6);
    near(measured.per_pair.unwrap().max_bps, 12e6);
    near(measured.per_pair.unwrap().jain, 16.0 / (2.0 * 10.0));
    assert_eq!(measured.samples.goodput_bps, [16e6, 16e6]);
    assert_eq!(
        (measured.window.duration_ns, measured.window.skew_ns),
        (WINDOW_NS, 90)
    );
    assert!(
        measured
            .rows
            .flows
            .iter()
            .map(|row| row.goodput_bps)
            .eq([4e6, 12e6])
    );
}

#[test]
fn streams_of_a_pair_are_one_pair() {
    let mut second = flow(0, 1_000_000);
    second.plan.stream = 1;
    let measured = told(&cell(1), &outcome(vec![flow(0, 1_000_000), second]), None);
    near(measured.per_pair.unwrap().min_bps, 8e6);
    near(measured.per_pair.unwrap().max_bps, 8e6);
}

/// A flow at 8 Mb/s, of messages of a thousand bytes, of which so many were due.
fn paced(pair: u32, window_bytes: u64, due: Option<u64>) -> FlowOutcome {
    let mut flow = flow(pair, window_bytes);
    flow.plan.orders.message_bytes = 1_000;
    flow.due = due;
    flow
}

#[test]
fn a_pair_keeps_its_rate_that_gets_what_was_due_but_for_a_hundredth_and_a_message() {
    let mut cell = cell(4);
    cell.load.rate_bps = Some(8_000_000);
    let flows = vec![
        paced(0, 2_000_000, Some(2_000)),
        paced(1, 1_979_500, Some(2_000)),
        paced(2, 1_000_000, Some(2_000)),
        // It never came up: its rate says what was due.
        paced(3, 0, None),
    ];
    let measured = told(&cell, &outcome(flows), None);
    let pacing = measured.pacing.unwrap();
    near(pacing.offered_bps, 32e6);
    near(pacing.achieved_bps, measured.aggregate.goodput_bps);
    assert_eq!((pacing.kept_pairs, pacing.missed_pairs), (2, 2));
    near(pacing.kept_ratio(), 0.5);
    near(pacing.least_ratio, 0.0);
    let said = measured.warnings.join("; ");
    let expected = "2 of 4 pairs did not keep the rate of 8.00 Mb/s for each flow: the slowest got 0 % of what it was offered";
    assert!(said.contains(expected), "{said}");

    let kept = told(
        &cell,
        &outcome(vec![paced(0, 2_000_000, Some(2_000))]),
        None,
    );
    assert_eq!(kept.warnings, Vec::<String>::new());
    cell.load.rate_bps = None;
    let without = told(&cell, &outcome(vec![flow(0, 1)]), None);
    assert_eq!(without.pacing, None);
}

#[test]
fn slow_connections_have_a_share_where_each_request_has_its_own() {
    let mut recorder = Recorder::new().unwrap();
    let times = [2_000_000, 1_100_000_000, 1_900_000_000];
    for nanos in times {
        recorder.record(nanos);
    }
    let mut asking = flow(0, 100);
    asking.latency = Some(recorder.latencies());
    asking.transactions = 3;
    asking.under_way = UnderWay::aged(1_500_000_000);
    let shares = |workload| {
        let mut cell = cell(1);
        cell.workload = workload;
        let mut flow = asking.clone();
        flow.plan.orders.workload = workload;
        let latency = told(&cell, &outcome(vec![flow]), None).latency.unwrap();
        // The flows moved for 3 s in all: none can have taken longer.
        assert_eq!(latency.above_3s_ratio, None);
        latency.above_1s_ratio
    };
    assert_eq!(shares(Workload::TcpCrr), Some(0.75));
    assert_eq!(shares(Workload::TcpRr), None);
}

#[test]
fn connections_that_all_hung_are_told_of_by_their_age() {
    let mut hanging = flow(0, 0);
    hanging.plan.orders.workload = Workload::TcpCc;
    hanging.status = FlowStatus::Stalled;
    hanging.under_way = UnderWay::aged(1_500_000_000).and(UnderWay::aged(250_000_000));
    let mut cell = cell(1);
    cell.workload = Workload::TcpCc;
    let measured = told(&cell, &outcome(vec![hanging.clone()]), None);
    assert_eq!(measured.latency, None);
    let under_way = measured.under_way.unwrap();
    assert_eq!((under_way.connections, under_way.above_1s), (2, 1));
    let said = "no connection ended in the window: 2 connections were under way when it closed, the oldest for 1.50 s";
    assert!(
        measured.warnings.iter().any(|it| it == said),
        "{:?}",
        measured.warnings
    );

    let mut recorder = Recorder::new().unwrap();
    recorder.record(1_000);
    hanging.latency = Some(recorder.latencies());
    let some_ended = told(&cell, &outcome(vec![hanging]), None);
    let said = some_ended.warnings.join("; ");
    assert!(!said.contains("no connection ended"), "{said}");
}

#[test]
fn a_pair_without_a_flow_or_a_byte_is_starved() {
    let measured = told(
        &cell(3),
        &outcome(vec![flow(0, 1_000_000), flow(1, 0)]),
        None,
    );
    assert_eq!(
        (measured.per_pair.unwrap().starved, measured.flows.stalled),
        (2, 1)
    );
    near(measured.per_pair.unwrap().jain, 1.0 / 3.0);
}

#[test]
fn nothing_moved_is_no_fairness_and_no_cost_of_a_byte() {
    let measured = told(
        &cell(1),
        &outcome(vec![flow(0, 0)]),
        Some(&edges(Vec::new())),
    );
    near(measured.aggregate.goodput_bps, 0.0);
    near(measured.per_pair.unwrap().jain, 0.0);
    assert_eq!(measured.cpu.unwrap().ns_per_byte, None);
    assert_eq!(measured.checks.tcp_info_bytes_ratio, None);
}

#[test]
fn a_byte_costs_all_that_the_machine_was_busy_for() {
    let flow = flow(0, 4_000_000);
    let edges = edges(vec![interfaces(&flow, 4_000_000)]);
    let measured = told(&cell(1), &outcome(vec![flow]), Some(&edges));
    let cpu = measured.cpu.unwrap();
    near(cpu.ns_per_byte.unwrap(), 4e9 / 4e6);
    assert_eq!((cpu.own_user_ns, cpu.foreign_ns), (80_000_000, 1_000_000));
    let counters = measured.counters;
    assert_eq!(
        (counters.backlog_drops, counters.softirq_squeezes),
        (Some(3), Some(5))
    );
    assert_eq!(
        (
            counters.tcp_memory_pages,
            counters.tcp_memory_pressure_pages
        ),
        (Some(400), Some(2))
    );
    assert_eq!(
        (counters.neighbour_overflows, counters.retransmits),
        (None, Some(1))
    );
}

#[test]
fn without_edges_nothing_is_said_of_the_machine() {
    let measured = told(&cell(1), &outcome(vec![flow(0, 1)]), None);
    assert_eq!(
        (measured.cpu, measured.counters.backlog_drops),
        (None, None)
    );
    assert!(measured.checks.valid && measured.checks.interface_bytes_ratio.is_none());
}

/// Bytes by the sockets, by the interfaces and unread, and whether they agree.
const WITNESSES: &[(u64, u64, u64, bool)] = &[
    (1_000_000, 1_046_000, 0, true),
    (1_000_000, 1_101_000, 0, false),
    (1_000_000, 899_000, 0, false),
    // What lay unread the interfaces have counted, and the sockets not yet.
    (1_000_000, 1_300_000, 200_000, true),
    (1_000_000, 1_310_000, 200_000, false),
];

#[test]
fn interfaces_agree_with_sockets_give_or_take_headers_and_what_lies_unread() {
    for (read, counted, unread, agree) in WITNESSES.iter().copied() {
        let mut flow = flow(0, read);
        flow.unread_bytes = Some(unread);
        let edges = edges(vec![interfaces(&flow, counted)]);
        let measured = told(&cell(1), &outcome(vec![flow]), Some(&edges));
        let case = format!("{read} {counted} {unread}");
        assert_eq!(measured.checks.valid, agree, "{case}");
        near(
            measured.checks.interface_bytes_ratio.unwrap(),
            counted as f64 / read as f64,
        );
        near(
            measured.checks.unread_ratio.unwrap(),
            unread as f64 / read as f64,
        );
        let distrust = measured
            .warnings
            .iter()
            .any(|said| said.contains("do not trust the figures"));
        assert_eq!(distrust, !agree, "{case}: {:?}", measured.warnings);
    }
}

/// 4,000 requests of 10 bytes and as many responses of 30, over IPv4 between two veths or in one namespace.
fn requesting(topology: Topology) -> (Cell, FlowOutcome) {
    let mut cell = sample::cell(topology, 2);
    cell.workload = Workload::TcpRr;
    let mut recorder = Recorder::new().unwrap();
    (1..=4_000).for_each(|micros| recorder.record(micros * 1_000));
    let flow = FlowOutcome {
        returned_bytes: 120_000,
        transactions: 4_000,
        latency: Some(recorder.latencies()),
        ..flow(0, 40_000)
    };
    (cell, flow)
}

#[test]
fn headers_are_no_payload_and_responses_come_in_by_the_clients_interface() {
    // 14 bytes of Ethernet, 20 of IPv4, 32 of TCP; lo has no Ethernet, and both ways come in by it.
    let (_, flow) = requesting(Topology::Veth);
    let apart = Witnessed {
        packets: 4_000,
        ..interfaces(&flow, 4_000 * (10 + 66))
    };
    let together = Witnessed {
        containers: vec![0, 1],
        packets: 8_000,
        at_sockets: Tallies {
            received: flow.window_bytes + flow.returned_bytes,
            ..Tallies::default()
        },
        ..interfaces(&flow, 4_000 * (10 + 30 + 2 * 52))
    };
    for (topology, witnessed) in [(Topology::Veth, apart), (Topology::Shared, together)] {
        let (cell, flow) = requesting(topology);
        let measured = told(&cell, &outcome(vec![flow]), Some(&edges(vec![witnessed])));
        near(measured.checks.interface_bytes_ratio.unwrap(), 1.0);
        assert!(measured.checks.valid, "{topology}");
    }
}

#[test]
fn announcements_beside_requests_are_no_disagreement_and_too_few_bytes_are() {
    for (payload, agree) in [(80_000, true), (35_000, false)] {
        let (cell, flow) = requesting(Topology::Veth);
        let edges = edges(vec![interfaces(&flow, payload)]);
        let measured = told(&cell, &outcome(vec![flow]), Some(&edges));
        assert_eq!(measured.checks.valid, agree, "{payload}");
    }
}

#[test]
fn requests_are_counted_timed_and_charged() {
    let (cell, flow) = requesting(Topology::Veth);
    let witnessed = Witnessed {
        packets: 4_000,
        ..interfaces(&flow, 4_000 * (10 + 66))
    };
    let measured = told(&cell, &outcome(vec![flow]), Some(&edges(vec![witnessed])));
    near(measured.aggregate.transactions_per_s.unwrap(), 2_000.0);
    near(measured.aggregate.goodput_bps, 160_000.0 * 8.0 / 2.0);
    near(measured.cpu.unwrap().ns_per_transaction.unwrap(), 1e6);
    let latency = measured.latency.unwrap();
    assert_eq!(latency.count, 4_000);
    assert!(
        latency.p99_ns.unwrap().abs_diff(3_960_000) <= 4_000,
        "{}",
        latency.p99_ns.unwrap()
    );
    let row = &measured.rows.flows[0];
    assert_eq!(
        (row.transactions, row.p99_ns),
        (Some(4_000), latency.p99_ns)
    );
}

/// 4,000 connections of 7 packets, of which 4 come in at the server, over IPv4 between two veths.
#[test]
fn connections_over_which_nothing_is_said_are_held_against_their_first_packets() {
    let (cell, flow) = requesting(Topology::Veth);
    let cell = Cell {
        workload: Workload::TcpCc,
        ..cell
    };
    let flow = FlowOutcome {
        window_bytes: 0,
        returned_bytes: 0,
        total_bytes: 0,
        info_bytes: None,
        ..flow
    };
    // A SYN is longer than the others by the options that they do not have.
    let seen = |connections: u64| Witnessed {
        packets: 4 * connections,
        at_sockets: Tallies {
            connections: 4_000,
            ..Tallies::default()
        },
        ..interfaces(&flow, connections * (4 * 66 + 8))
    };
    for (connections, agree) in [(4_000, true), (3_000, false)] {
        let edges = edges(vec![seen(connections)]);
        let measured = told(&cell, &outcome(vec![flow.clone()]), Some(&edges));
        near(
            measured.checks.interface_bytes_ratio.unwrap(),
            connections as f64 / 4e3,
        );
        assert_eq!(measured.checks.valid, agree, "{connections}");
        near(measured.aggregate.transactions_per_s.unwrap(), 2_000.0);
        assert_eq!(
            (measured.per_pair, measured.aggregate.goodput_bps),
            (None, 0.0)
        );
        let cpu = measured.cpu.unwrap();
        assert_eq!(cpu.ns_per_byte, None);
        near(cpu.ns_per_transaction.unwrap(), 1e6);
        let stalled = |said: &String| said.contains("did nothing");
        assert!(
            !measured.warnings.iter().any(stalled),
            "{:?}",
            measured.warnings
        );
    }
    let idle = FlowOutcome {
        status: FlowStatus::Stalled,
        transactions: 0,
        latency: None,
        ..flow.clone()
    };
    let measured = told(&cell, &outcome(vec![flow, idle]), None);
    let said = "1 of 2 flows were connected and completed no request in the window";
    assert!(
        measured.warnings.contains(&said.to_owned()),
        "{:?}",
        measured.warnings
    );
    assert_eq!(measured.flows.stalled, 1);
}

#[test]
fn responses_that_were_not_timed_are_invalid() {
    let (cell, mut flow) = requesting(Topology::Veth);
    flow.transactions = 4_100;
    let measured = told(&cell, &outcome(vec![flow]), None);
    near(measured.checks.transactions_ratio.unwrap(), 1.025);
    assert!(!measured.checks.valid);
}

#[test]
fn interfaces_are_held_against_their_own_receivers_over_their_own_time() {
    // The second pair's interfaces are not read; between the readings of those of the first, half as much came as in the window.
    let watched = interfaces(&flow(0, 1_000_000), 1_000_000);
    let flows = vec![flow(0, 2_000_000), flow(1, 9_000_000)];
    let measured = told(&cell(2), &outcome(flows), Some(&edges(vec![watched])));
    near(measured.checks.interface_bytes_ratio.unwrap(), 1.0);
    assert!(measured.checks.valid);
}

#[test]
fn another_count_by_tcp_info_is_invalid() {
    let mut wrong = flow(0, 1_000_000);
    wrong.info_bytes = Some(2_003_000);
    let measured = told(&cell(1), &outcome(vec![wrong]), None);
    assert!(!measured.checks.valid);
    near(measured.checks.tcp_info_bytes_ratio.unwrap(), 1.0015);
    let mut one_more = flow(0, 1_000_000);
    one_more.info_bytes = Some(2_000_001);
    assert!(told(&cell(1), &outcome(vec![one_more]), None).checks.valid);
}

/// Requests of a byte each: the end of a connection is more than a thousandth of what it moved.
#[test]
fn ends_of_short_flows_are_no_other_count_and_a_byte_more_is() {
    let valid = |more: u64| {
        let flows = (0..4).map(|pair| {
            let mut flow = flow(pair, 50);
            flow.info_bytes = Some(flow.total_bytes + more);
            flow
        });
        let flows = outcome(flows.collect());
        told(&cell(8), &flows, None).checks.valid
    };
    assert_eq!([0, 1, 2].map(valid), [true, true, false]);
}

#[test]
fn a_flow_that_ended_early_is_not_asked_by_tcp_info() {
    let mut dead = flow(1, 500_000);
    dead.info_bytes = None;
    let measured = told(&cell(2), &outcome(vec![flow(0, 1_000_000), dead]), None);
    near(measured.checks.tcp_info_bytes_ratio.unwrap(), 1.0);
}

#[test]
fn queues_that_were_filling_are_a_warning() {
    let mut filling = flow(0, 1_000_000);
    filling.unread_bytes = Some(100_000);
    let edges = edges(vec![interfaces(&filling, 1_080_000)]);
    let measured = told(&cell(1), &outcome(vec![filling]), Some(&edges));
    assert!(measured.checks.valid);
    assert!(
        measured.warnings[0].starts_with("8 % more arrived than was read"),
        "{:?}",
        measured.warnings
    );
}

#[test]
fn lost_flows_are_counted_by_kind_and_the_first_are_named() {
    let flows = (0..8).map(|pair| {
        let mut flow = flow(pair, 1_000_000);
        flow.status = match pair {
            0 => FlowStatus::Ok,
            1 => FlowStatus::Died {
                loss: refused("send", Errno::ECONNRESET, "the sender saw ECONNRESET"),
                before_end: Duration::from_secs(1),
            },
            _ => FlowStatus::Unconnected(refused(
                "connect flow",
                Errno::EHOSTUNREACH,
                "connect flow 4 to 5: EHOSTUNREACH",
            )),
        };
        flow
    });
    let measured = told(&cell(8), &outcome(flows.collect()), None);
    let FlowCounts {
        expected,
        connected,
        died,
        stalled,
        ..
    } = measured.flows;
    assert_eq!((expected, connected, died, stalled), (8, 2, 1, 0));
    let errors = measured.errors.iter();
    let errors: Vec<_> = errors
        .map(|it| (it.phase, it.act.as_str(), it.errno.as_deref(), it.flows))
        .collect();
    assert_eq!(
        errors,
        [
            (TrialPhase::Window, "send", Some("ECONNRESET"), 1),
            (TrialPhase::Connect, "connect flow", Some("EHOSTUNREACH"), 6),
        ]
    );
    assert_eq!(
        measured.errors[1].first,
        "connect flow 4 to 5: EHOSTUNREACH"
    );
    let said = &measured.warnings[0];
    assert!(
        said.starts_with(
            "7 of 8 flows were lost: 2 to 3 died (the sender saw ECONNRESET); 4 to 5 never"
        ),
        "{said}"
    );
    assert!(
        said.ends_with("; ...") && !said.contains("12 to 13"),
        "{said}"
    );
    let states: Vec<_> = measured
        .rows
        .flows
        .iter()
        .take(3)
        .map(|row| row.status.as_str())
        .collect();
    assert_eq!(states, ["ok", "died", "unconnected"]);
}

#[test]
fn another_congestion_control_than_was_asked_for_is_a_warning() {
    let mut other = outcome(vec![flow(0, 1)]);
    other.congestion = Some("bbr".to_owned());
    let measured = told(&cell(1), &other, None);
    assert_eq!(
        measured.warnings,
        ["congestion control cubic was asked for, bbr took effect"]
    );
    assert_eq!(measured.effective.congestion.as_deref(), Some("bbr"));
}

#[test]
fn a_disturbed_machine_is_a_warning() {
    let mut edges = edges(Vec::new());
    edges.machine.cpu.steal_ns = 1_000_000_000;
    let measured = told(&cell(1), &outcome(vec![flow(0, 1)]), Some(&edges));
    assert_eq!(
        measured.warnings,
        ["steal took 25 % of the CPU in the window"]
    );
}
