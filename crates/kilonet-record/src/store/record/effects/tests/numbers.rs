//! Levels that say how many or how much: of containers, ports, sockets, rules and messages.

use super::*;
use crate::factors::{
    AddressedSeen, Closing, Direction, Join, Listening, Macs, Napi, Pattern, PollingSeen,
    PortsSeen, SocketsSeen, Stack,
};
use crate::store::record::{FlowCounts, Latency, Lateness};

/// A trial of a second in which four containers talk in pairs.
fn counted(change: impl FnOnce(&mut Cell), seen: Seen, come: impl FnOnce(&mut Record)) -> Record {
    judged(change, |record| {
        record.window = Some(Window {
            start_unix_ns: 0,
            duration_ns: 1_000_000_000,
            skew_ns: 0,
        });
        record.flows = Some(FlowCounts {
            expected: 2,
            connected: 2,
            ..FlowCounts::default()
        });
        record.seen = Some(seen);
        come(record);
    })
}

fn at_ports(sides: u32, of: u32, [bridges, ports, most]: [u32; 3]) -> Seen {
    let ports = PortsSeen {
        sides,
        of,
        bridges,
        ports,
        most,
        ..PortsSeen::default()
    };
    Seen {
        ports: Some(ports),
        ..Seen::default()
    }
}

fn of_sockets(sockets: SocketsSeen) -> Seen {
    Seen {
        sockets: Some(sockets),
        ..Seen::default()
    }
}

#[test]
fn containers_bridges_and_ports_are_those_that_host_sides_list() {
    let cell = |cell: &mut Cell| {
        cell.containers = 20;
        cell.bridges = std::num::NonZeroU32::new(3);
        cell.ports_per_bridge = std::num::NonZeroU32::new(8);
    };
    let all = ["containers", "bridges", "ports_per_bridge"];
    let judged = |seen| {
        let trial = counted(cell, seen, |_| ());
        all.map(|factor| said(&trial, factor))
    };
    assert_eq!(judged(at_ports(3, 3, [3, 20, 8])), [HELD; 3]);
    assert_eq!(judged(at_ports(3, 3, [2, 19, 7])), [NOT_HELD; 3]);
    assert_eq!(judged(Seen::default()), [None; 3]);
    // Of a sample only what holds for any is said.
    assert_eq!(judged(at_ports(2, 3, [2, 16, 8])), [HELD; 3]);
    assert_eq!(judged(at_ports(2, 3, [1, 12, 6])), [NOT_HELD; 3]);
}

#[test]
fn veths_stand_for_containers_where_no_host_side_has_their_links() {
    let seen = |links| Seen {
        containers: 4,
        links: Some(LinksSeen {
            links,
            ..LinksSeen::default()
        }),
        ..Seen::default()
    };
    let of_veths = |cell: &mut Cell| cell.topology = Topology::Veth;
    for (links, verdict) in [(4, HELD), (3, NOT_HELD)] {
        let trial = counted(of_veths, seen(links), |_| ());
        assert_eq!(said(&trial, "containers"), verdict);
    }
}

#[test]
fn addresses_are_of_the_protocols_and_of_the_kind_they_are_to_be() {
    let seen = |ipv6, derived_macs| Seen {
        containers: 4,
        addressed: Some(AddressedSeen { ipv4: 4, ipv6 }),
        links: Some(LinksSeen {
            links: 4,
            derived_macs,
            ..LinksSeen::default()
        }),
        ..Seen::default()
    };
    for (stack, macs, ipv6, derived, verdict) in [
        (Stack::Dual, Macs::Derived, 4, 4, HELD),
        (Stack::Dual, Macs::Derived, 3, 3, NOT_HELD),
        (Stack::Single, Macs::Random, 0, 0, HELD),
        (Stack::Single, Macs::Random, 1, 4, NOT_HELD),
    ] {
        let cell = |cell: &mut Cell| (cell.stack, cell.macs) = (stack, macs);
        let trial = counted(cell, seen(ipv6, derived), |_| ());
        for factor in ["stack", "macs"] {
            assert_eq!(said(&trial, factor), verdict, "{factor} {stack} {macs}");
        }
    }
}

#[test]
fn pairs_that_cross_leave_their_bridges_as_the_join_has_it() {
    let seen = |left_bytes, routed| Seen {
        ports: Some(PortsSeen {
            sides: 2,
            of: 2,
            came_bytes: 1 << 30,
            left_bytes,
            ports: 4,
            ..PortsSeen::default()
        }),
        routed: Some(routed),
        ..Seen::default()
    };
    let most = 1 << 30;
    for (join, crossing, left, routed, verdicts) in [
        (Join::Trunk, true, most, 0, [HELD, HELD]),
        (Join::Trunk, true, most, 9, [HELD, NOT_HELD]),
        (Join::Trunk, true, 900, 0, [NOT_HELD, HELD]),
        (Join::Routed, true, most, 9, [HELD, HELD]),
        (Join::Routed, true, most, 0, [HELD, NOT_HELD]),
        (Join::Trunk, false, 900, 0, [HELD, NOT_EXERCISED]),
        (Join::Trunk, false, most, 0, [NOT_HELD, HELD]),
        (Join::None, false, 0, 0, [None, None]),
    ] {
        let cell = |cell: &mut Cell| {
            cell.wiring.join = join;
            cell.wiring.crossing = crossing;
        };
        let trial = counted(cell, seen(left, routed), |_| ());
        let found = ["crossing", "join"].map(|factor| said(&trial, factor));
        assert_eq!(found, verdicts, "{join} {crossing} {left} {routed}");
    }
}

#[test]
fn each_stream_has_a_socket_at_either_end() {
    let two = |cell: &mut Cell| cell.streams = 2;
    for (connections, died, verdict) in [
        (8, 0, HELD),
        (4, 0, NOT_HELD),
        (9, 0, NOT_HELD),
        (6, 1, HELD),
    ] {
        let sockets = SocketsSeen {
            namespaces: 4,
            ends: 4,
            connections,
            ..SocketsSeen::default()
        };
        let trial = counted(two, of_sockets(sockets), |record| {
            record.flows.as_mut().unwrap().died = died;
        });
        assert_eq!(said(&trial, "streams"), verdict, "{connections} {died}");
    }
}

#[test]
fn clients_call_a_port_of_their_own_or_all_the_same() {
    let lasting = |most| SocketsSeen {
        namespaces: 4,
        most_served: 3,
        most_at_a_port: Some(most),
        ..SocketsSeen::default()
    };
    let renewed = |listeners| SocketsSeen {
        namespaces: 4,
        servers: 3,
        server_containers: 1,
        listeners: Some(listeners),
        ..SocketsSeen::default()
    };
    for (listen, workload, sockets, verdict) in [
        (Listening::Shared, Workload::TcpStream, lasting(3), HELD),
        (Listening::Shared, Workload::TcpStream, lasting(1), NOT_HELD),
        (Listening::Own, Workload::TcpStream, lasting(1), HELD),
        (Listening::Own, Workload::TcpStream, lasting(3), NOT_HELD),
        (Listening::Shared, Workload::TcpCrr, renewed(1), HELD),
        (Listening::Shared, Workload::TcpCrr, renewed(3), NOT_HELD),
        (Listening::Own, Workload::TcpCrr, renewed(3), HELD),
    ] {
        let cell = |cell: &mut Cell| {
            cell.pattern = Pattern::Incast;
            cell.workload = workload;
            cell.load.listen = listen;
        };
        let trial = counted(cell, of_sockets(sockets), |_| ());
        assert_eq!(said(&trial, "listen"), verdict, "{listen} {sockets:?}");
    }
    // With one flow each it is one port either way.
    let alone = SocketsSeen {
        most_served: 1,
        ..lasting(1)
    };
    for (listen, verdict) in [(Listening::Own, None), (Listening::Shared, NOT_EXERCISED)] {
        let trial = counted(|cell| cell.load.listen = listen, of_sockets(alone), |_| ());
        assert_eq!(said(&trial, "listen"), verdict);
    }
}

#[test]
fn sockets_that_listen_have_room_and_an_end_keeps_what_it_closed() {
    for (asked, backlogs, verdict) in [
        (Some(16), [16, 16], HELD),
        (Some(16), [3, 16], NOT_HELD),
        (None, [8, 8], HELD),
        (None, [4, 8], HELD),
        (None, [8, 9], NOT_HELD),
    ] {
        let sockets = SocketsSeen {
            namespaces: 4,
            backlogs: Some(backlogs),
            ..SocketsSeen::default()
        };
        let cell = |cell: &mut Cell| {
            cell.workload = Workload::TcpCrr;
            cell.load.backlog = asked;
        };
        let trial = counted(cell, of_sockets(sockets), |_| ());
        assert_eq!(said(&trial, "backlog"), verdict, "{asked:?} {backlogs:?}");
    }
    for (closes, closed, verdict) in [
        (Closing::Server, [Some(2), Some(90)], HELD),
        (Closing::Server, [Some(90), Some(2)], NOT_HELD),
        (Closing::Client, [Some(90), Some(2)], HELD),
        (Closing::Client, [Some(0), Some(90)], NOT_HELD),
        (Closing::Client, [None, Some(0)], NOT_EXERCISED),
        (Closing::Server, [None, None], None),
    ] {
        let sockets = SocketsSeen {
            namespaces: 4,
            closed,
            ..SocketsSeen::default()
        };
        let trial = counted(
            |cell| cell.load.closes = closes,
            of_sockets(sockets),
            |_| (),
        );
        assert_eq!(said(&trial, "closes"), verdict, "{closes} {closed:?}");
    }
}

#[test]
fn those_who_talk_have_sockets_and_flows_go_the_ways_they_are_to() {
    let half = |cell: &mut Cell| {
        cell.containers = 8;
        cell.active = 4;
    };
    for (sample, talking, verdict) in [
        (8, 4, HELD),
        (8, 5, NOT_HELD),
        (4, 2, HELD),
        (4, 3, HELD),
        (4, 4, NOT_HELD),
    ] {
        let sockets = SocketsSeen {
            namespaces: 8,
            sample,
            sample_talking: talking,
            ..SocketsSeen::default()
        };
        let trial = counted(half, of_sockets(sockets), |_| ());
        assert_eq!(said(&trial, "active"), verdict, "{talking} of {sample}");
    }
    for (direction, less, verdict) in [
        (Direction::OneWay, 1 << 20, HELD),
        (Direction::OneWay, 900 << 20, NOT_HELD),
        (Direction::Both, 900 << 20, HELD),
        (Direction::Both, 1 << 20, NOT_HELD),
    ] {
        let seen = Seen {
            links: Some(LinksSeen {
                links: 4,
                less_and_more_bytes: [less, 1 << 30],
                ..LinksSeen::default()
            }),
            ..Seen::default()
        };
        let trial = counted(|cell| cell.talk.direction = direction, seen, |_| ());
        assert_eq!(said(&trial, "direction"), verdict, "{direction} {less}");
    }
    for (connections, verdict) in [(8, HELD), (4, NOT_HELD)] {
        let sockets = SocketsSeen {
            namespaces: 4,
            talking: 4,
            connections,
            ..SocketsSeen::default()
        };
        let both = |cell: &mut Cell| {
            cell.workload = Workload::TcpRr;
            cell.talk.direction = Direction::Both;
        };
        let trial = counted(both, of_sockets(sockets), |_| ());
        assert_eq!(said(&trial, "direction"), verdict, "{connections}");
    }
}

#[test]
fn rules_are_counted_by_what_they_lead_to() {
    let cell = |cell: &mut Cell| {
        cell.firewall = "kubernetes".parse().unwrap();
        cell.rules.services = Some(3);
        cell.rules.endpoints = Some(2);
        cell.rules.published = Some(4);
    };
    let judged = |of, leading, services| {
        let rules = RulesSeen {
            sides: 1,
            of,
            leading: Some(leading),
            services: Some(services),
            ..RulesSeen::default()
        };
        let seen = Seen {
            rules: Some(rules),
            ..Seen::default()
        };
        let trial = counted(cell, seen, |_| ());
        ["services", "endpoints", "published"].map(|factor| said(&trial, factor))
    };
    assert_eq!(judged(1, 10, 7), [HELD; 3]);
    assert_eq!(judged(1, 9, 6), [NOT_HELD; 3]);
    // Which ports one of several host sides publishes is not known.
    assert_eq!(judged(2, 10, 7), [None; 3]);
}

#[test]
fn veths_are_polled_by_whom_they_are_to_be() {
    let seen = |polled, threaded, threads| Seen {
        links: Some(LinksSeen {
            links: 8,
            polled,
            ..LinksSeen::default()
        }),
        polling: Some(PollingSeen {
            links: 4,
            threaded,
            threads,
        }),
        ..Seen::default()
    };
    for (napi, seen, verdict) in [
        (Napi::None, seen(0, 0, None), HELD),
        (Napi::None, seen(8, 0, None), None),
        (Napi::Polled, seen(8, 0, None), HELD),
        (Napi::Polled, seen(7, 0, None), NOT_HELD),
        (Napi::Threaded, seen(8, 4, Some(8)), HELD),
        (Napi::Threaded, seen(8, 4, None), HELD),
        (Napi::Threaded, seen(8, 3, Some(8)), NOT_HELD),
        (Napi::Threaded, seen(8, 4, Some(0)), NOT_HELD),
    ] {
        let trial = counted(|cell| cell.wiring.napi = napi, seen.clone(), |_| ());
        assert_eq!(said(&trial, "napi"), verdict, "{napi} {seen:?}");
    }
}

/// What requests came to: so many a second, which took so long.
fn requests(per_s: f64, mean_ns: f64, bytes: f64) -> impl Fn(&mut Record) {
    move |record| {
        let mut recorder = crate::stats::Recorder::new().unwrap();
        recorder.record(1000);
        let aggregate = record.aggregate.as_mut().unwrap();
        aggregate.transactions_per_s = Some(per_s);
        aggregate.goodput_bps = per_s * bytes * 8.0;
        record.checks.as_mut().unwrap().interface_bytes_ratio = Some(1.0);
        record.latency = Latency::of(&recorder.latencies()).map(|it| Latency {
            mean_ns,
            max_ns: 2_000_000,
            ..it
        });
    }
}

fn of_requests(cell: &mut Cell) {
    cell.workload = Workload::TcpRr;
    cell.message_bytes = 100;
    cell.load.response_bytes = Some(20);
}

#[test]
fn as_many_requests_are_in_flight_as_end_in_the_time_that_one_takes() {
    for (outstanding, mean_ns, verdict) in [
        (None, 100_000.0, HELD),
        (None, 200_000.0, NOT_HELD),
        (Some(4), 390_000.0, HELD),
        (Some(4), 200_000.0, NOT_HELD),
        (Some(4), 800_000.0, NOT_HELD),
    ] {
        let cell = |cell: &mut Cell| {
            of_requests(cell);
            cell.load.outstanding = outstanding;
        };
        let trial = counted(cell, Seen::default(), requests(20_000.0, mean_ns, 120.0));
        assert_eq!(
            said(&trial, "outstanding"),
            verdict,
            "{outstanding:?} {mean_ns}"
        );
    }
    let lost = counted(of_requests, Seen::default(), |record| {
        requests(20_000.0, 200_000.0, 120.0)(record);
        record.flows.as_mut().unwrap().lost_requests = 1;
    });
    assert_eq!(said(&lost, "outstanding"), None);
}

#[test]
fn messages_are_as_large_as_they_are_to_be() {
    for (bytes, verdict) in [(120.0, HELD), (200.0, NOT_HELD), (80.0, NOT_HELD)] {
        let trial = counted(of_requests, Seen::default(), requests(20_000.0, 1e5, bytes));
        for factor in ["message", "response"] {
            assert_eq!(said(&trial, factor), verdict, "{factor} {bytes}");
        }
    }
    // What containers announce may be more than requests of a byte, and a stream is cut as the kernel likes.
    let beside = counted(of_requests, Seen::default(), |record| {
        requests(20_000.0, 1e5, 200.0)(record);
        record.checks.as_mut().unwrap().interface_bytes_ratio = Some(4.0);
    });
    let stream = counted(|_| (), Seen::default(), |_| ());
    assert_eq!(said(&beside, "message"), None);
    assert_eq!(said(&stream, "message"), None);
}

#[test]
fn a_rate_is_kept_or_what_is_missing_was_late() {
    let at = |cell: &mut Cell| {
        of_requests(cell);
        cell.load.rate = Some(10_000);
    };
    let late = |ns| {
        Some(Lateness {
            p50_ns: 0,
            p99_ns: 0,
            max_ns: ns,
        })
    };
    for (per_s, late_ns, verdict) in [
        (20_000.0, 0, HELD),
        (60_000.0, 0, NOT_HELD),
        (5_000.0, 0, NOT_HELD),
        (5_000.0, 700_000_000, HELD),
    ] {
        let trial = counted(at, Seen::default(), |record| {
            requests(per_s, 1e5, 120.0)(record);
            record.lateness = late(late_ns);
        });
        assert_eq!(said(&trial, "rate"), verdict, "{per_s} {late_ns}");
    }
    let stream = |bps| {
        let at = |cell: &mut Cell| cell.load.rate_bps = Some(1_000_000_000);
        counted(at, Seen::default(), move |record| {
            record.aggregate.as_mut().unwrap().goodput_bps = bps;
        })
    };
    assert_eq!(said(&stream(2e9), "rate"), HELD);
    assert_eq!(said(&stream(2e10), "rate"), NOT_HELD);
}
