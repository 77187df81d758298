//! Layouts against what a cell asks for.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::scenario::{Buffers, Congestion, Driver, Firewall, Macs, Stack, Testbed, Workload};

fn cell(topology: Topology, containers: u32, active: u32, per_bridge: u32) -> Cell {
    Cell {
        topology,
        testbed: Testbed::Kernel,
        family: Family::Ipv4,
        firewall: Firewall::None,
        workload: Workload::TcpStream,
        driver: Driver::Threads,
        pattern: Pattern::Pairs,
        containers,
        active,
        pairs: active / 2,
        streams: 1,
        message_bytes: 131_072,
        congestion: Congestion("cubic".into()),
        buffers: Buffers::Auto,
        stack: Stack::Dual,
        macs: Macs::Derived,
        mtu: None,
        per_namespace: None,
        bridges: std::num::NonZeroU32::new(containers.div_ceil(per_bridge)),
        ports_per_bridge: std::num::NonZeroU32::new(per_bridge),
    }
}

proptest! {
    // A case draws up to 20,000 containers, twice.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_container_has_a_seat_of_its_own_with_an_address_of_its_own(half in 1u32..10_000, per_bridge in 1u32..511) {
        for topology in [Topology::Veth, Topology::Bridge] {
            let layout = Layout::of(&cell(topology, 2 * half, 2 * half, 2 * per_bridge));
            let addresses: HashSet<_> = layout.seats.iter().map(|seat| seat.address).collect();
            prop_assert_eq!(addresses.len(), 2 * half as usize);
            let namespaces: Vec<_> = layout.seats.iter().map(|seat| seat.namespace).collect();
            prop_assert_eq!(namespaces, (0..2 * half).collect::<Vec<_>>());
        }
    }

    #[test]
    fn pairs_stay_inside_one_bridge_and_know_each_other(half in 1u32..3_000, per_bridge in 1u32..511) {
        let layout = Layout::of(&cell(Topology::Bridge, 2 * half, 2 * half, 2 * per_bridge));
        let Wiring::Bridges(bridges) = &layout.wiring else { panic!("bridges expected") };
        for bridge in bridges {
            prop_assert!(bridge.ports.len() <= 2 * per_bridge as usize);
            for [client, server] in bridge.ports.as_chunks::<2>().0 {
                let known = (server.interface.addresses[0].address, server.interface.mac);
                prop_assert_eq!(client.interface.neighbours[0], known);
                let known = (client.interface.addresses[0].address, client.interface.mac);
                prop_assert_eq!(server.interface.neighbours[0], known);
            }
        }
    }
}

#[test]
fn only_active_containers_talk_and_only_they_have_neighbours() {
    let layout = Layout::of(&cell(Topology::Bridge, 10, 4, 1000));
    assert_eq!(layout.pairs, [(0, 1), (2, 3)]);
    let Wiring::Bridges(bridges) = &layout.wiring else {
        panic!("bridges expected")
    };
    let known: Vec<_> = bridges[0]
        .ports
        .iter()
        .map(|port| port.interface.neighbours.len())
        .collect();
    assert_eq!(known, [2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn two_containers_share_a_namespace_by_default_and_all_share_one_over_loopback() {
    let shared = Layout::of(&cell(Topology::Shared, 6, 6, 1000));
    let namespaces: Vec<_> = shared.seats.iter().map(|seat| seat.namespace).collect();
    assert_eq!((shared.namespaces, namespaces), (3, vec![0, 0, 1, 1, 2, 2]));
    let loopback = Layout::of(&cell(Topology::Loopback, 6, 6, 1000));
    assert!(loopback.namespaces == 1 && loopback.seats.iter().all(|seat| seat.namespace == 0));
}
