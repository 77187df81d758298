mod numbers;

use super::*;
use crate::factors::{
    Buffers, ByProtocol, Cell, Congestion, CpuMax, Entries, Family, LinksSeen, NeighboursSeen,
    Path, Pinning, Rps, RuleHook, RulesSeen, Seen, ThreadsSeen, Topology, Workload,
};
use crate::store::record::{Effective, PerContainer, Spread, Window};
use crate::store::sample;

/// A trial of a cell on a bridge, whose record is changed before it is judged.
fn judged(change: impl FnOnce(&mut Cell), counted: impl FnOnce(&mut Record)) -> Record {
    let mut cell = sample::cell(Topology::Bridge, 4);
    cell.mtu = Some(1500);
    change(&mut cell);
    let mut record = sample::measured(cell, 0);
    counted(&mut record);
    record.judge_effects();
    record
}

/// What is said of a factor.
fn said(record: &Record, factor: &str) -> Option<Verdict> {
    let mut effects = record.effects.iter();
    effects.find(|it| it.factor == factor).map(|it| it.verdict)
}

fn with(seen: Seen) -> impl FnOnce(&mut Record) {
    move |record| record.seen = Some(seen)
}

fn rules(passed: Option<u64>, tracked: u64) -> Seen {
    Seen {
        rules: Some(RulesSeen {
            passed,
            ..RulesSeen::default()
        }),
        tracked: Some(tracked),
        ..Seen::default()
    }
}

const HELD: Option<Verdict> = Some(Verdict::Held);
const NOT_HELD: Option<Verdict> = Some(Verdict::NotHeld);
const NOT_EXERCISED: Option<Verdict> = Some(Verdict::NotExercised);

#[test]
fn a_level_that_did_not_take_hold_makes_a_trial_invalid_with_the_reason() {
    let fill = |cell: &mut Cell| cell.rules.filler = Some(1000);
    let met = judged(fill, with(rules(Some(7), 0)));
    assert_eq!(said(&met, "rules"), HELD);
    assert!(met.checks.unwrap().valid && met.warnings.is_empty());
    for passed in [Some(0), None] {
        let unmet = judged(fill, with(rules(passed, 0)));
        assert_eq!(said(&unmet, "rules"), NOT_HELD, "{passed:?}");
        assert!(!unmet.checks.unwrap().valid && !unmet.is_shown());
        let sentence = "the level of `rules` did not take hold: ";
        let said = unmet.warnings.iter().any(|it| it.starts_with(sentence));
        assert!(said, "{:?}", unmet.warnings);
    }
}

#[test]
fn nothing_is_said_where_nobody_counted_and_of_a_trial_that_failed() {
    let blind = judged(|cell| cell.rules.filler = Some(1000), |_| ());
    assert_eq!(blind.effects, []);
    assert!(blind.checks.unwrap().valid);
    let mut failed = sample::failed(sample::cell(Topology::Bridge, 4), 0);
    failed.seen = Some(rules(Some(0), 0));
    failed.judge_effects();
    assert_eq!(failed.effects, []);
}

#[test]
fn rules_of_nat_are_met_by_tracked_connections_alone() {
    let nat = |cell: &mut Cell| {
        cell.rules.filler = Some(10);
        cell.rules.rule_hook = Some(RuleHook::Nat);
    };
    for (passed, tracked, verdict) in [(2, 2, HELD), (0, 2, NOT_HELD), (2, 0, NOT_HELD)] {
        let trial = judged(nat, with(rules(Some(passed), tracked)));
        assert_eq!(said(&trial, "rule_hook"), verdict, "{passed} {tracked}");
    }
    // What a NAT chain brings along is no firewall's.
    let trial = judged(nat, with(rules(Some(2), 2)));
    assert_eq!(said(&trial, "firewall"), None);
}

#[test]
fn rules_of_a_profile_track_connections_and_bridged_frames_that_pass_by_them_exercise_nothing() {
    for (profile, tracked, verdict) in [
        ("none", 0, HELD),
        ("none", 1, NOT_HELD),
        ("docker-20.10", 2, HELD),
        ("docker-20.10", 0, NOT_HELD),
        ("docker-29", 0, NOT_EXERCISED),
        ("conntrack", 0, NOT_HELD),
        ("custom", 0, NOT_EXERCISED),
    ] {
        let profile = profile.parse().unwrap();
        let seen = Seen {
            tracked: Some(tracked),
            ..Seen::default()
        };
        let trial = judged(|cell| cell.firewall = profile, with(seen));
        assert_eq!(said(&trial, "firewall"), verdict, "{profile} {tracked}");
    }
}

#[test]
fn rules_that_packets_pass_by_are_not_exercised_and_routed_packets_meet_them() {
    let passed_by = |change: fn(&mut Cell)| {
        let seen = Seen {
            tracked: Some(0),
            ..Seen::default()
        };
        judged(change, with(seen))
    };
    let other_protocol = passed_by(|cell| {
        cell.firewall = "docker-1.12".parse().unwrap();
        cell.family = Family::Ipv6;
    });
    let bridged = passed_by(|cell| cell.firewall = "docker-29-nft".parse().unwrap());
    for trial in [&other_protocol, &bridged] {
        assert_eq!(said(trial, "firewall"), NOT_EXERCISED);
        assert!(trial.checks.unwrap().valid && !trial.exercises("firewall"));
    }
    let routed = passed_by(|cell| {
        cell.firewall = "docker-29".parse().unwrap();
        cell.topology = Topology::Routed;
    });
    assert_eq!(said(&routed, "firewall"), NOT_HELD);
}

fn of_units(bytes: u64) -> Seen {
    Seen {
        links: Some(LinksSeen {
            links: 4,
            derived_macs: 4,
            received_bytes: bytes * 10,
            received_packets: 10,
            ..LinksSeen::default()
        }),
        ..Seen::default()
    }
}

#[test]
fn offload_shows_in_the_size_of_units_where_flows_fill_them() {
    let small = |cell: &mut Cell| cell.workload = Workload::TcpRr;
    for (off, bytes, verdict) in [
        (false, 60_000, HELD),
        (false, 1514, NOT_EXERCISED),
        (false, 400, NOT_EXERCISED),
        (true, 1514, HELD),
        (true, 60_000, NOT_HELD),
    ] {
        let trial = judged(|cell| cell.wiring.offload_off = off, with(of_units(bytes)));
        assert_eq!(said(&trial, "offload"), verdict, "{off} {bytes}");
    }
    let mut other = of_units(60_000);
    other.links.as_mut().unwrap().other_offload = 2;
    let other = judged(|_| (), with(other));
    assert_eq!(said(&other, "offload"), NOT_HELD);
    let requests = judged(small, with(of_units(67)));
    assert_eq!(said(&requests, "offload"), NOT_EXERCISED);
    assert!(requests.checks.unwrap().valid);
    // By the field's name, which is not the key's.
    assert!(!requests.exercises("offload_off") && requests.exercises("containers"));
}

#[test]
fn units_are_as_large_as_links_take_them() {
    let big = |cell: &mut Cell| cell.wiring.gso_max_bytes = Some(131_072);
    for (bytes, verdict) in [
        (100_000, HELD),
        (20_000, NOT_EXERCISED),
        (200_000, NOT_HELD),
    ] {
        let trial = judged(big, with(of_units(bytes)));
        assert_eq!(said(&trial, "gso_max"), verdict, "{bytes}");
    }
    let mut other = of_units(100_000);
    other.links.as_mut().unwrap().other_units = 1;
    other.links.as_mut().unwrap().other_mtu = 1;
    let other = judged(big, with(other));
    assert_eq!(said(&other, "gso_max"), NOT_HELD);
    assert_eq!(said(&other, "mtu"), NOT_HELD);
}

#[test]
fn neighbours_are_known_for_good_or_asked_for() {
    for (entries, permanent, asked, missing, verdict) in [
        (Entries::Static, 1, 0, 0, HELD),
        (Entries::Static, 1, 0, 1, NOT_HELD),
        (Entries::Static, 0, 1, 1, NOT_HELD),
        (Entries::Static, 0, 1, 0, NOT_HELD),
        (Entries::Static, 0, 0, 0, NOT_EXERCISED),
        (Entries::Learned, 0, 1, 0, HELD),
        (Entries::Learned, 1, 0, 0, NOT_HELD),
    ] {
        let seen = Seen {
            neighbours: Some(NeighboursSeen {
                permanent,
                asked,
                missing,
            }),
            ..Seen::default()
        };
        let trial = judged(|cell| cell.wiring.entries = entries, with(seen));
        assert_eq!(
            said(&trial, "entries"),
            verdict,
            "{entries} {permanent} {asked} {missing}"
        );
    }
}

#[test]
fn packets_are_steered_bytes_are_of_the_family_and_paths_are_routed() {
    let seen = |steered, ipv4_bytes, ipv6_bytes, routed| Seen {
        steered: Some(steered),
        received: Some(ByProtocol {
            ipv4_bytes,
            ipv6_bytes,
        }),
        routed: Some(routed),
        ..Seen::default()
    };
    let all = |cell: &mut Cell| {
        cell.wiring.rps = Rps::All;
        cell.family = Family::Ipv6;
        cell.path = Path::Outside;
    };
    let good = judged(all, with(seen(5, 1, 1000, 9)));
    let bad = judged(all, with(seen(0, 1 << 30, 1, 0)));
    let little = judged(all, with(seen(5, 1000, 1, 9)));
    assert_eq!(said(&little, "family"), NOT_EXERCISED);
    for factor in ["rps", "family", "path"] {
        assert_eq!(said(&good, factor), HELD, "{factor}");
        assert_eq!(said(&bad, factor), NOT_HELD, "{factor}");
    }
    let one_cpu = |cell: &mut Cell| cell.wiring.rps = Rps::Cpus("40".to_owned());
    let trial = judged(one_cpu, with(seen(0, 1, 0, 0)));
    assert_eq!(said(&trial, "rps"), NOT_EXERCISED);
}

#[test]
fn sockets_are_asked_what_they_have() {
    let asked = |cell: &mut Cell| {
        cell.buffers = Buffers::Bytes(65_536);
        cell.congestion = Congestion("reno".to_owned());
    };
    let got = |congestion: &str, bytes| {
        let effective = Effective {
            congestion: Some(congestion.to_owned()),
            send_buffer_bytes: Some(bytes),
            receive_buffer_bytes: Some(bytes),
            ..Effective::default()
        };
        move |record: &mut Record| record.effective = Some(effective)
    };
    let good = judged(asked, got("reno", 131_072));
    let bad = judged(asked, got("bbr", 4096));
    for factor in ["congestion", "buffers"] {
        assert_eq!(said(&good, factor), HELD, "{factor}");
        assert_eq!(said(&bad, factor), NOT_HELD, "{factor}");
    }
    // Nobody need have asked for the usual one.
    let usual = judged(|_| (), got("bbr", 131_072));
    assert_eq!(said(&usual, "congestion"), NOT_EXERCISED);
}

#[test]
fn containers_are_held_to_what_they_may_use() {
    let limited = |cell: &mut Cell| {
        cell.limits.cpu_max = CpuMax(Some(500));
        cell.limits.cpuset = "1".parse().unwrap();
        cell.load.pinning = Pinning::Same;
    };
    let used = |cpu_ns, cpus: Vec<u32>, held| {
        move |record: &mut Record| {
            record.window = Some(Window {
                start_unix_ns: 0,
                duration_ns: 1_000_000_000,
                skew_ns: 0,
            });
            let most = |max| Spread {
                max,
                ..Spread::default()
            };
            record.per_container = Some(PerContainer {
                processes: 4,
                cpu_ns: most(cpu_ns),
                memory_peak_bytes: None,
            });
            record.seen = Some(Seen {
                threads: Some(ThreadsSeen {
                    threads: 8,
                    held,
                    cpus,
                }),
                ..Seen::default()
            });
        }
    };
    let good = judged(limited, used(500_000_000, vec![1], 8));
    let bad = judged(limited, used(1_000_000_000, vec![0, 1], 0));
    for factor in ["cpu_max", "cpuset", "pinning"] {
        assert_eq!(said(&good, factor), HELD, "{factor}");
        assert_eq!(said(&bad, factor), NOT_HELD, "{factor}");
    }
    let idle = judged(limited, used(1_000_000, vec![1], 8));
    assert_eq!(said(&idle, "cpu_max"), NOT_EXERCISED);
}
