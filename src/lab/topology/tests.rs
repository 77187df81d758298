//! Layouts against what a cell asks for.

use std::collections::HashSet;
use std::net::IpAddr;
use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;
use crate::scenario::registry::routers::PORTS_PER_ROUTER;
use crate::scenario::value::Count;
use crate::scenario::{Join, Path, Pattern, Wiring};
use crate::store::sample;

fn cell(topology: Topology, containers: u32, active: u32, per_bridge: u32) -> Cell {
    Cell {
        active,
        pairs: active / 2,
        bridges: NonZeroU32::new(containers.div_ceil(per_bridge)),
        ports_per_bridge: NonZeroU32::new(per_bridge),
        ..sample::cell(topology, containers)
    }
}

fn places(layout: &Layout) -> Vec<Place> {
    layout.seats.iter().map(|seat| seat.place).collect()
}

proptest! {
    // A case draws up to 20,000 containers, three times.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_container_has_a_seat_of_its_own_with_an_address_of_its_own(half in 1u32..10_000, per_bridge in 1u32..511) {
        for topology in [Topology::Veth, Topology::TcRedirect, Topology::Bridge, Topology::Routed, Topology::Macvlan] {
            let layout = Layout::of(&cell(topology, 2 * half, 2 * half, 2 * per_bridge));
            let addresses: HashSet<_> = layout.seats.iter().map(|seat| seat.address).collect();
            prop_assert_eq!(addresses.len(), 2 * half as usize);
            prop_assert_eq!(places(&layout), (0..2 * half).map(Place::Container).collect::<Vec<_>>());
        }
    }

    #[test]
    fn pairs_stay_inside_one_bridge_and_know_each_other(half in 1u32..3_000, per_bridge in 1u32..511) {
        let layout = Layout::of(&cell(Topology::Bridge, 2 * half, 2 * half, 2 * per_bridge));
        let ports: Vec<_> = layout.ports().collect();
        for host in 0..layout.hosts.len() {
            let on_it = ports.iter().filter(|port| port.host as usize == host);
            prop_assert!(on_it.count() <= 2 * per_bridge as usize);
        }
        for [client, server] in ports.as_chunks::<2>().0 {
            prop_assert_eq!(client.host, server.host);
            for (one, other) in [(client, server), (server, client)] {
                let (known, other) = (&one.far.link.neighbours, &other.far.link);
                prop_assert_eq!(known[0], (other.addresses[0].address, other.mac.unwrap()));
            }
        }
    }

    #[test]
    fn what_comes_in_by_each_redirected_link_goes_out_by_that_of_its_partner(half in 1u32..3_000) {
        let layout = Layout::of(&cell(Topology::TcRedirect, 2 * half, 2 * half, 2));
        let ports: Vec<_> = layout.ports().collect();
        let mut redirects = HashSet::new();
        for (number, host) in (0..).zip(&layout.hosts) {
            for step in &host.finish {
                let Step::Redirect(all) = step else { panic!("{step:?}") };
                redirects.extend(all.iter().map(|one| (number, one.indexes)));
            }
        }
        prop_assert_eq!(redirects.len(), ports.len());
        for [one, other] in ports.as_chunks::<2>().0 {
            prop_assert_eq!(one.host, other.host);
            for [from, to] in [[one, other], [other, one]] {
                prop_assert!(redirects.contains(&(from.host, [from.near.index, to.near.index])));
            }
        }
    }

    #[test]
    fn interfaces_of_one_namespace_share_no_name_and_no_index(half in 1u32..1_500, per_bridge in 1u32..511) {
        for topology in [Topology::Bridge, Topology::Routed] {
            let mut cell = cell(topology, 2 * half, 2 * half, 2 * per_bridge);
            cell.path = Path::Outside;
            let layout = Layout::of(&cell);
            let mut links: Vec<_> = layout.ports().map(|port| (port.host, &port.near)).collect();
            for (host, plan) in (0..).zip(&layout.hosts) {
                for step in &plan.foundation {
                    match step {
                        Step::Bridge(link, _) | Step::Sink(link) | Step::Tunnel(link, _) => links.push((host, link)),
                        Step::Cable { here, host: other, there } => links.extend([(host, here), (*other, there)]),
                        Step::Set(..) | Step::Raise(_) | Step::Pin(_) | Step::Redirect(_) => {}
                    }
                }
            }
            let names: HashSet<_> = links.iter().map(|(host, link)| (host, &link.name)).collect();
            let indexes: HashSet<_> = links.iter().map(|(host, link)| (host, link.index)).collect();
            prop_assert_eq!((names.len(), indexes.len()), (links.len(), links.len()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn where_pairs_cross_each_has_a_port_of_its_own_on_another_bridge(pairs in 1u32..700, pairs_per_bridge in 1u32..60) {
        let containers = 2 * pairs;
        let mut crossing = cell(Topology::Bridge, containers, containers, 2 * pairs_per_bridge);
        crossing.bridges = NonZeroU32::new(pairs.div_ceil(pairs_per_bridge).max(2));
        crossing.wiring = Wiring { join: Join::Trunk, crossing: true, ..Wiring::default() };
        let mut tunnelled = cell(Topology::Vxlan, containers, containers, pairs_per_bridge);
        tunnelled.bridges = NonZeroU32::new(2 * pairs.div_ceil(pairs_per_bridge));
        for cell in [crossing, tunnelled] {
            let layout = Layout::of(&cell);
            let ports: Vec<_> = layout.ports().collect();
            let taken: HashSet<_> = ports.iter().map(|port| (port.host, port.near.index)).collect();
            prop_assert_eq!(taken.len(), ports.len());
            let addresses: HashSet<_> = layout.seats.iter().map(|seat| seat.address).collect();
            prop_assert_eq!(addresses.len(), ports.len());
            for [one, other] in ports.as_chunks::<2>().0 {
                prop_assert_ne!(one.host, other.host);
                let known = (other.far.link.addresses[0].address, other.far.link.mac.unwrap());
                prop_assert!(one.far.link.neighbours.contains(&known));
            }
        }
    }
}

#[test]
fn a_router_of_thousands_has_them_all_in_its_subnet() {
    let mut all = cell(Topology::Routed, 5_000, 5_000, 2);
    PORTS_PER_ROUTER.give(&mut all, &Count(5_000));
    let layout = Layout::of(&all);
    let [router] = &layout.hosts[..] else {
        panic!("one router expected")
    };
    let Role::Node { subnets, .. } = &router.role else {
        panic!("{:?}", router.role)
    };
    let IpAddr::V4(base) = subnets[0].address else {
        panic!("{subnets:?}")
    };
    let within = |address: IpAddr| match address {
        IpAddr::V4(address) => {
            (address.to_bits() ^ base.to_bits()) >> (32 - subnets[0].prefix) == 0
        }
        IpAddr::V6(_) => false,
    };
    let addresses: HashSet<_> = layout.seats.iter().map(|seat| seat.address).collect();
    assert_eq!(addresses.len(), 5_000);
    assert!(addresses.into_iter().all(within));
    assert!(layout.ports().all(|port| port.host == 0));
}

#[test]
fn only_active_containers_talk_and_only_they_have_neighbours() {
    let layout = Layout::of(&cell(Topology::Bridge, 10, 4, 1000));
    assert_eq!(layout.pairs, [(0, 1), (2, 3)]);
    let known: Vec<_> = layout
        .ports()
        .map(|port| port.far.link.neighbours.len())
        .collect();
    assert_eq!(known, [2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn two_containers_share_a_namespace_by_default_and_all_share_one_over_loopback() {
    let shared = Layout::of(&cell(Topology::Shared, 6, 6, 1000));
    let in_twos = [0, 0, 1, 1, 2, 2].map(Place::Container);
    assert_eq!((shared.parts.len(), places(&shared)), (3, in_twos.to_vec()));
    let loopback = Layout::of(&cell(Topology::Loopback, 6, 6, 1000));
    assert_eq!(loopback.parts.len(), 1);
    assert_eq!(places(&loopback), [Place::Container(0); 6]);
}

#[test]
fn a_client_outside_is_counted_where_its_responses_come_in() {
    let mut cell = cell(Topology::Bridge, 8, 6, 4);
    cell.path = Path::Published;
    let layout = Layout::of(&cell);
    let meters = layout.pairs.iter().map(|(client, server)| {
        let ends = [client, server].map(|end| &layout.seats[*end as usize].meter);
        ends.map(|meter| (meter.place, &*meter.interface))
    });
    for (pair, [client, server]) in (0..).zip(meters) {
        let wire = format!("node{}", pair / 2);
        assert_eq!(client, (Place::Host(2), &*wire), "{pair}");
        assert_eq!(server.0, Place::Host(pair / 2), "{pair}");
    }
}

#[test]
fn an_outside_takes_the_server_that_all_call() {
    let mut cell = cell(Topology::Bridge, 5, 5, 1000);
    cell.path = Path::Outside;
    cell.pattern = Pattern::Incast;
    cell.pairs = 4;
    let layout = Layout::of(&cell);
    assert_eq!(layout.pairs, [(1, 0), (2, 0), (3, 0), (4, 0)]);
    let server = &layout.seats[0];
    assert_eq!(
        (server.place, server.address.to_string()),
        (Place::Host(1), "198.18.0.2".to_owned())
    );
    let clients = layout.seats[1..].iter().map(|seat| seat.place);
    assert!(clients.eq((1..5).map(Place::Container)));
}

#[test]
fn an_outside_takes_the_servers_and_is_joined_to_every_node() {
    let mut cell = cell(Topology::Bridge, 8, 6, 4);
    cell.path = Path::Outside;
    let layout = Layout::of(&cell);
    assert_eq!(layout.hosts.len(), 3);
    assert!(matches!(layout.hosts[2].role, Role::Outside));
    let outside: Vec<_> = layout
        .pairs
        .iter()
        .map(|(_, server)| {
            let seat = &layout.seats[*server as usize];
            (seat.place, seat.address.to_string(), &*seat.meter.interface)
        })
        .collect();
    let place = Place::Host(2);
    assert_eq!(
        outside,
        [
            (place, "198.18.0.2".to_owned(), "node0"),
            (place, "198.18.0.2".to_owned(), "node0"),
            (place, "198.18.0.6".to_owned(), "node1"),
        ]
    );
    assert_eq!(layout.ports().count(), 8, "every container is still there");
    assert_eq!(layout.seats[7].place, Place::Container(7));
}
