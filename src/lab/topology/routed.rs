//! Each container joined by a veth to a router, with no bridge: Calico's way.
//!
//! A container has an address of its own and no subnet. Everything it sends goes to a gateway that is the same for all:
//! 169.254.1.1, which nobody has, or `fe80::ecee:eeff:feee:eeee`, which each of the router's ends has. These all have the
//! MAC ee:ee:ee:ee:ee:ee, and answer for the first by proxy ARP. The router has a route of one address for each container.
//! (Calico's FAQ, "Why can't I see the 169.254.1.1 address mentioned above on my host?", and its `endpoint_mgr.go`.)

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::parts::{ETHERNET_MTU, FIRST_INDEX, everything};
use super::{Contacts, End, Host, Layout, Link, Pairing, Port, PortOptions, Role, Route, Step};
use crate::lab::address::{Assigned, Mac, Subnet, family_of};
use crate::scenario::registry::routers::{host_side_of, host_sides, per_host_side};
use crate::scenario::{Cell, Family, Path};

/// The MAC of the router's end of every link.
const ROUTER_MAC: Mac = Mac([0xee; 6]);
/// The gateway by IPv4: an address that nobody has, for which the router answers.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
/// The gateway by IPv6: what [`ROUTER_MAC`] makes of a link-local address (RFC 4291, appendix A).
const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xecee, 0xeeff, 0xfeee, 0xeeee);
/// Containers are hosts 2 and on, as behind a bridge.
const FIRST_CONTAINER: u32 = 2;

/// A router whose links are of this kind: with netkit in the place of veth, the shape is the same.
pub(super) fn lay_out(cell: &Cell, kind: Pairing) -> Layout {
    let contacts = Contacts::of(cell);
    let ports: Vec<Port> = (0..cell.containers)
        .map(|container| Seat::of(container, cell, contacts.any(container)).port(kind))
        .collect();
    let hosts = (0..host_sides(cell)).map(|number| router(cell, number));
    let hosts = hosts.collect();
    Layout::of_ports(hosts, ports, cell)
}

fn router(cell: &Cell, number: u32) -> Host {
    let mut foundation = routing();
    if cell.path == Path::Direct {
        foundation.extend(way_out(cell));
    }
    Host {
        name: format!("router {number}"),
        role: Role::Node {
            bridge: None,
            subnets: subnet(cell, number).prefixes(cell.stack, cell.family),
        },
        foundation,
        finish: Vec::new(),
    }
}

/// The subnet of which a router's containers have their addresses, though none of them knows it.
fn subnet(cell: &Cell, router: u32) -> Subnet {
    let ports = per_host_side(cell).unwrap_or(cell.containers);
    Subnet::of_router(router, ports)
}

/// Links made after these settings take them over, so that none has to be written for each: its own entries are dear to
/// open where there are thousands of namespaces.
fn routing() -> Vec<Step> {
    vec![
        Step::Set("ipv4/ip_forward", "1"),
        Step::Set("ipv4/conf/all/proxy_arp", "1"),
        Step::Set("ipv6/conf/all/forwarding", "1"),
        // The router's ends get their link-local address by name, below, at once and without being announced.
        Step::Set("ipv6/conf/default/addr_gen_mode", "1"),
    ]
}

/// A default route: a router answers by proxy ARP only for what it has a route to, by another link than the one asked on.
fn way_out(cell: &Cell) -> [Step; 2] {
    let families = Subnet::whole().prefixes(cell.stack, cell.family);
    let sink = Link {
        routes: families
            .iter()
            .map(|one| Route::on_link(everything(family_of(one.address))))
            .collect(),
        ..Link::bare("uplink", FIRST_INDEX)
    };
    [Step::Sink(sink.clone()), Step::Raise(sink)]
}

/// A container at its router.
struct Seat<'a> {
    cell: &'a Cell,
    container: u32,
    router: u32,
    port: u32,
    /// Each without a subnet around it.
    addresses: Vec<Assigned>,
    mac: Mac,
    talks: bool,
}

impl<'a> Seat<'a> {
    fn of(container: u32, cell: &'a Cell, talks: bool) -> Self {
        let (router, port) = host_side_of(cell, container);
        let net = subnet(cell, router);
        let host = port + FIRST_CONTAINER;
        let addresses = net.host(host, cell.stack, cell.family);
        Self {
            cell,
            container,
            router,
            port,
            addresses: addresses.into_iter().map(Assigned::alone).collect(),
            mac: net.mac(host, cell.macs),
            talks,
        }
    }

    fn port(self, kind: Pairing) -> Port {
        Port {
            kind,
            options: PortOptions::default(),
            host: self.router,
            near: self.near(),
            far: End {
                container: self.container,
                link: self.eth0(),
            },
        }
    }

    /// The router's end: a route to the container's addresses, and to whom to hand what takes it.
    fn near(&self) -> Link {
        let own = self.addresses.iter();
        let of_ipv6 = own.clone().filter(|one| one.address.is_ipv6());
        Link {
            mac: Some(ROUTER_MAC),
            mtu: self.mtu(),
            addresses: of_ipv6
                .map(|_| Assigned {
                    address: GATEWAY_V6.into(),
                    prefix: 64,
                })
                .collect(),
            routes: own.clone().map(|one| Route::on_link(*one)).collect(),
            neighbours: own
                .filter(|_| self.talks)
                .map(|one| (one.address, self.mac))
                .collect(),
            ..Link::bare(
                format!("v{:05}", self.container),
                FIRST_INDEX + 1 + self.port,
            )
        }
    }

    fn eth0(&self) -> Link {
        let own = self.addresses.iter();
        Link {
            addresses: self.addresses.clone(),
            routes: own
                .clone()
                .flat_map(|one| by_gateway(one.address))
                .collect(),
            neighbours: own
                .filter(|_| self.talks)
                .map(|one| (gateway(one.address), ROUTER_MAC))
                .collect(),
            ..Link::eth0(self.mac, self.mtu())
        }
    }

    fn mtu(&self) -> u32 {
        self.cell.mtu.unwrap_or(ETHERNET_MTU)
    }
}

fn gateway(address: IpAddr) -> IpAddr {
    match family_of(address) {
        Family::Ipv4 => GATEWAY.into(),
        Family::Ipv6 => GATEWAY_V6.into(),
    }
}

/// The routes of a container with this address. A gateway by IPv4 must be said to be on the link first; a link-local one
/// by IPv6 always is.
fn by_gateway(address: IpAddr) -> Vec<Route> {
    let gateway = gateway(address);
    let on_link = Route::on_link(Assigned {
        address: gateway,
        prefix: 32,
    });
    match family_of(address) {
        Family::Ipv4 => vec![on_link, Route::default_via(gateway)],
        Family::Ipv6 => vec![Route::default_via(gateway)],
    }
}
