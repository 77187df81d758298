use std::fs;
use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::*;
use crate::factors::{Driver, Topology, Workload};
use crate::stats::Recorder;
use crate::store::{kept, sample};

/// A record that has everything a record can have.
fn full() -> Record {
    let mut recorder = Recorder::new().unwrap();
    (1..=1000).for_each(|micros| recorder.record(micros * 1000));
    let times = recorder.latencies();
    let mut record = sample::measured(sample::cell(Topology::Bridge, 8), 0);
    let per_pair = record.per_pair;
    record.window = Some(Window {
        start_unix_ns: 1_795_407_302_500_000_000,
        duration_ns: 500_000_000,
        skew_ns: 1000,
    });
    record.cell.mtu = Some(1500);
    record.cell.bridges = NonZeroU32::new(2);
    record.machine = Some("2 CPUs".to_owned());
    let aggregate = record.aggregate.as_mut().unwrap();
    // Of a thousand requests, and of eight datagrams that came of ten, in half a second.
    aggregate.transactions_per_s = Some(2000.0);
    aggregate.datagrams_per_s = Some(16.0);
    aggregate.loss_ratio = Some(0.2);
    let goodput_bps = aggregate.goodput_bps;
    let under_way = UnderWay::aged(3_500_000_000);
    record.latency = Latency::of_connections(&times, under_way, Duration::from_secs(10));
    record.under_way = Some(under_way);
    record.host_sides = Some(HostSides { read: 2, of: 3 });
    record.lateness = Lateness::of(&times);
    record.pacing = Some(Pacing {
        offered_bps: 4e9,
        achieved_bps: 3e9,
        kept_pairs: 3,
        missed_pairs: 1,
        least_ratio: 0.5,
    });
    record.classes = vec![Class {
        workload: Workload::TcpRr,
        rate: Some(100),
        pairs: 4,
        goodput_bps,
        per_pair,
        transactions_per_s: Some(1e5),
        latency: Latency::of(&times),
        datagrams_per_s: Some(1e5),
        loss_ratio: Some(0.5),
    }];
    record.cpu.as_mut().unwrap().ns_per_transaction = Some(10.0);
    let spread = Spread {
        min: 1,
        p50: 2,
        p95: 3,
        max: 4,
    };
    record.per_container = Some(PerContainer {
        processes: 8,
        cpu_ns: spread,
        memory_peak_bytes: Some(spread),
    });
    record.lab.as_mut().unwrap().phases_ns.processes = 5;
    let checks = record.checks.as_mut().unwrap();
    checks.unread_ratio = Some(0.1);
    checks.transactions_ratio = Some(1.0);
    checks.datagrams_ratio = Some(1.0);
    let one = Some(1);
    record.counters = Some(counters());
    record.flows = Some(flows());
    record.samples = Some(Samples {
        interval_ns: 100_000_000,
        goodput_bps: vec![1e9, 2e9],
    });
    record.effective = Some(Effective {
        send_buffer_bytes: one,
        receive_buffer_bytes: one,
        zerocopy_copied_ratio: Some(0.5),
        mapped_ratio: Some(0.5),
        backlog: Some(8),
        batch: Some(Batched {
            per_send: Some(2.0),
            per_receive: Some(2.0),
        }),
        namespace_sysctls: Some(SysctlsRead {
            namespaces: 2,
            values: [("net.core.somaxconn".to_owned(), "128".to_owned())].into(),
        }),
        ..Effective::default()
    });
    record.generator = Some(generator());
    record.noise = Some(Noise {
        canary_before_ns: one,
        canary_after_ns: one,
        ..Noise::default()
    });
    record.search = Some(RateSearch {
        accepted_loss: 0.01,
        resolution: Some(0.1),
        steps: vec![SearchStep {
            rate: Some(100),
            loss_ratio: Some(0.1),
            left_out_share: 0.1,
            lost_flows: 1,
            passed: false,
        }],
    });
    record
}

fn counters() -> Counters {
    let one = Some(1);
    Counters {
        retransmits: one,
        backlog_drops: one,
        socket_drops: one,
        softirq_squeezes: one,
        neighbour_overflows: one,
        conntrack_containers: Some(3),
        conntrack_entries: one,
        conntrack_insert_failed: one,
        conntrack_drops: one,
        conntrack_early_drops: one,
        tcp_memory_pages: one,
        tcp_memory_pressure_pages: one,
    }
}

fn flows() -> FlowCounts {
    FlowCounts {
        expected: 4,
        connected: 4,
        died: 1,
        stalled: 1,
        lost_requests: 3,
        datagrams: Some(DatagramCounts {
            datagrams_sent: 10,
            datagrams_received: 8,
            lost_datagrams: 2,
            reordered: 1,
            duplicates: 1,
            left_out_datagrams: 1,
        }),
    }
}

fn generator() -> Generator {
    Generator {
        name: "iperf3".to_owned(),
        version: None,
        sum_bps: Some(15e9),
        transactions_per_s: Some(1e5),
        sum_over_crossed: Some(0.5),
        failed: 1,
        datagrams: Some(GeneratedDatagrams {
            datagrams_sent: 10,
            datagrams_received: 8,
            lost_datagrams: 2,
            reordered: 1,
            jitter_ns: 1,
        }),
    }
}

/// The places of all numbers in a value, as JSON pointers.
fn numbers(value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::Number(_) => vec![place.to_owned()],
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(nth, item)| numbers(item, &format!("{place}/{nth}")))
                .collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .flat_map(|(name, field)| numbers(field, &format!("{place}/{name}")))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Puts a value where there was none, into a part that is there.
fn put(record: &mut Value, place: &str, value: &Value) {
    let (part, name) = place.rsplit_once('/').unwrap();
    let part = record.pointer_mut(part).and_then(Value::as_object_mut);
    let part = part.unwrap_or_else(|| panic!("there is no {place}"));
    part.insert(name.to_owned(), value.clone());
}

/// What is said of the full record with another value in a place; nothing if it passes.
fn said(place: &str, value: &Value) -> Option<String> {
    let mut record = serde_json::to_value(full()).unwrap();
    let old = record.pointer_mut(place);
    match old {
        Some(old) => *old = value.clone(),
        // What the record has only where it applies.
        None => put(&mut record, place, value),
    }
    match serde_json::from_value::<Record>(record) {
        Err(error) => Some(error.to_string()),
        Ok(record) => Some(record.impossible()?.sentence),
    }
}

#[test]
fn no_number_of_a_record_may_be_anything() {
    let record = serde_json::to_value(full()).unwrap();
    assert_eq!(full().impossible(), None);
    let places = numbers(&record, "");
    assert!(places.len() > 100, "only {}", places.len());
    for place in places {
        for value in [
            json!(-1),
            json!(1e300),
            json!(10_000_000_000_000_000_000_u64),
        ] {
            assert!(said(&place, &value).is_some(), "{place} may be {value}");
        }
    }
}

type Case = (&'static str, Value, &'static str);

/// Figures that lie outside of what they may be, or are no counts of their cell.
fn beside_counts() -> Vec<Case> {
    vec![
        ("/per_pair/jain", json!(57), "be from 0 to 1"),
        ("/window/duration_ns", json!(0), "be from 1000000 to 1e15"),
        (
            "/cell/active",
            json!(9),
            "be at most as many as the containers",
        ),
        (
            "/cell/containers",
            json!(4_000_000_000_u32),
            "be from 1 to 1000000",
        ),
        ("/cell/pairs", json!(3), "be as many as the pattern has"),
        ("/cell/pairs", json!(0), "be from 1 to 4000000000"),
        ("/cell/streams", json!(2), "be as many as the cell has"),
        (
            "/status",
            json!("failed"),
            "be absent where the status is `failed`",
        ),
    ]
}

/// Figures that are not to others as they must be.
fn beside_others() -> Vec<Case> {
    vec![
        (
            "/per_pair/p5_bps",
            json!(0.0),
            "rise from min to p5, p50, p95 and max",
        ),
        (
            "/per_pair/max_bps",
            json!(1e15),
            "be at most the goodput of all",
        ),
        (
            "/per_pair/starved",
            json!(5),
            "be at most as many as the pairs",
        ),
        (
            "/classes/0/pairs",
            json!(5),
            "add up to at most as many as the pairs",
        ),
        (
            "/latency/p99_ns",
            json!(1),
            "rise from p50 to p90, p99, p999, p9999 and max",
        ),
        ("/latency/mean_ns", json!(2e6), "be at most the longest"),
        (
            "/latency/above_3s_ratio",
            json!(0.5),
            "be at most the share above 1 s",
        ),
        (
            "/under_way/above_3s",
            json!(2),
            "fall from all to those above 1 s and above 3 s",
        ),
        (
            "/host_sides/read",
            json!(4),
            "be at most as many as there are",
        ),
        (
            "/pacing/missed_pairs",
            json!(2),
            "be at most as many as the pairs, with those that missed their rate",
        ),
        ("/latency/count", json!(0), "be from 1 to 1e18"),
        (
            "/lateness/p50_ns",
            json!(u32::MAX),
            "rise from p50 to p99 and max",
        ),
        (
            "/per_container/cpu_ns/p50",
            json!(9),
            "rise from min to p50, p95 and max",
        ),
        (
            "/per_container/processes",
            json!(9),
            "be at most as many as the containers",
        ),
        (
            "/counters/conntrack_containers",
            json!(9),
            "be at most as many as the containers",
        ),
        (
            "/flows/died",
            json!(5),
            "be at most as many connected, died or stalled as there are",
        ),
        (
            "/generator/failed",
            json!(5),
            "be at most as many as the pairs",
        ),
        (
            "/search/steps/0/lost_flows",
            json!(5),
            "be at most as many as there are flows",
        ),
        ("/search/accepted_loss", json!(1.5), "be from 0 to 1"),
    ]
}

/// Figures that are made of others and do not come to what these do.
fn beside_sums() -> Vec<Case> {
    let pairs = "lie within what the slowest and the fastest pair allow";
    let of_all_time = "be at most about the whole CPU time";
    vec![
        (
            "/repeat",
            json!(1),
            "be the one that the trial's id ends in",
        ),
        (
            "/machine",
            json!("x".repeat(5000)),
            "have at most 4096 bytes",
        ),
        (
            "/cell/bridges",
            json!(9),
            "be at most as many as the containers",
        ),
        (
            "/cell/per_namespace",
            json!(2),
            "be absent where containers share no namespace",
        ),
        ("/cell/mtu", json!(67), "be from 68 to 65535"),
        ("/cell/message_bytes", json!(0), "be from 1 to 16777216"),
        ("/aggregate/goodput_bps", json!(30e12), pairs),
        ("/aggregate/goodput_bps", json!(14e9), pairs),
        (
            "/classes/0/goodput_bps",
            json!(30e12),
            "lie within what the slowest and the fastest pair of the class allow",
        ),
        (
            "/classes/0/goodput_bps",
            json!(29e9),
            "add up to the goodput of all",
        ),
        (
            "/per_pair/jain",
            json!(0.2),
            "be 1 over the pairs or more where a byte moved",
        ),
        (
            "/per_pair/starved",
            json!(1),
            "be 0 exactly where the slowest pair moved a byte",
        ),
        (
            "/aggregate/transactions_per_s",
            json!(2e6),
            "equal the number of requests whose latency was recorded",
        ),
        (
            "/latency/count",
            json!(1_000_000),
            "equal the number of requests whose latency was recorded",
        ),
        (
            "/aggregate/datagrams_per_s",
            json!(16_000),
            "equal the number of datagrams received",
        ),
        (
            "/aggregate/loss_ratio",
            json!(0.3),
            "be the share of the datagrams that was lost",
        ),
        (
            "/generator/sum_over_crossed",
            json!(500),
            "be the generators' sum over what crossed",
        ),
        (
            "/cpu/idle_ns",
            json!(100_000_000_000_000_000_u64),
            "be at most what 8192 CPUs have in the window",
        ),
        ("/cpu/own_user_ns", json!(10_000_000_000_u64), of_all_time),
        ("/cpu/foreign_ns", json!(10_000_000_000_u64), of_all_time),
        (
            "/per_container/cpu_ns/max",
            json!(10_000_000_000_u64),
            of_all_time,
        ),
        (
            "/samples/goodput_bps",
            json!(vec![1.0; 13]),
            "have at most twice as many values as the window has intervals, and two",
        ),
        (
            "/counters/retransmits",
            json!(10_000_000_000_000_u64),
            "be from 0 to 1000000000000",
        ),
    ]
}

#[test]
fn figures_that_cannot_be_beside_each_other_are_named() {
    for (place, value, must) in [beside_counts(), beside_others(), beside_sums()].concat() {
        let said = said(place, &value).unwrap_or_else(|| panic!("{place} may be {value}"));
        assert!(
            said.ends_with(&format!("and must {must}")),
            "{place}: {said}"
        );
        assert!(said.contains("of trial bridge-ipv4-c8-a8-r0 is "), "{said}");
    }
    assert_eq!(
        said("/per_pair/jain", &json!(57)).unwrap(),
        "is left out: `per_pair.jain` of trial bridge-ipv4-c8-a8-r0 is 57, and must be from 0 to 1"
    );
}

#[test]
fn more_flows_than_can_be_counted_are_none() {
    let mut record = full();
    record.cell.containers = 1_000_000;
    record.cell.active = 1_000_000;
    record.cell.pairs = 500_000;
    record.cell.streams = 1_000_000;
    let impossible = record.impossible().unwrap();
    assert!(
        impossible.sentence.contains("`cell.streams`"),
        "{impossible:?}"
    );
    record.cell.streams = 1;
    record.samples.as_mut().unwrap().goodput_bps = vec![1.0; 100_001];
    record.flows = None;
    let impossible = record.impossible().unwrap();
    assert!(
        impossible.sentence.contains("`samples.goodput_bps`"),
        "{impossible:?}"
    );
}

#[test]
fn of_a_pair_of_somebody_elses_program_all_streams_are_one_flow() {
    let mut record = full();
    record.cell.streams = 4;
    record.cell.driver = Driver::Iperf3;
    assert_eq!(record.impossible(), None);
    record.cell.driver = Driver::Threads;
    assert!(record.impossible().is_some());
}

#[test]
fn what_went_wrong_in_a_trial_is_not_what_cannot_be() {
    let mut record = full();
    record.classes.clear();
    let aggregate = record.aggregate.as_mut().unwrap();
    let pairs = record.per_pair.as_mut().unwrap();
    // Nothing moved.
    aggregate.goodput_bps = 0.0;
    *pairs = PerPair {
        min_bps: 0.0,
        p5_bps: 0.0,
        p50_bps: 0.0,
        p95_bps: 0.0,
        max_bps: 0.0,
        jain: 0.0,
        starved: 4,
    };
    record.generator = None;
    assert_eq!(record.impossible(), None);
    // The witnesses disagree.
    record.aggregate.as_mut().unwrap().transactions_per_s = Some(1000.0);
    assert!(record.impossible().is_some());
    record.checks.as_mut().unwrap().transactions_ratio = Some(0.5);
    assert_eq!(record.impossible(), None);
    // Rounding has one pair more than fair.
    record.per_pair.as_mut().unwrap().jain = 1.0 + 1e-12;
    assert_eq!(record.impossible(), None);
}

/// The runs that are kept are the witness that no bound refuses what was measured.
#[test]
fn no_kept_record_is_impossible() {
    let texts = kept::runs()
        .into_iter()
        .map(|run| fs::read_to_string(run.join("trials.jsonl")));
    let mut records = 0;
    for line in texts.map(Result::unwrap).collect::<String>().lines() {
        let record: Record = serde_json::from_str(line).unwrap();
        assert_eq!(record.impossible(), None);
        records += 1;
    }
    assert!(records > 500, "only {records}");
}
