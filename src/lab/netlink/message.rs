//! The requests a lab is made of, each one message.

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoBridge, InfoData, InfoVeth, LinkAttribute,
    LinkMessage,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::RouteMessage;
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::{
    AddressMessageBuilder, LinkBridge, LinkMessageBuilder, LinkUnspec, LinkVeth,
    RouteMessageBuilder,
};

use super::Request;
use crate::lab::address::{Assigned, Mac};
use crate::lab::topology::{BridgePlan, Interface};

/// The index of lo: the first device of every namespace.
const LO: u32 = 1;
/// The index given to a container's `eth0`. Chosen rather than asked for, which saves a request; above the few devices that
/// a kernel may put into every new namespace (sit0, tunl0).
const ETH0: u32 = 100;
/// The index given to a bridge; its ports follow.
const BRIDGE: u32 = 100;

/// The index given to the port with this number.
fn port_index(number: u32) -> u32 {
    BRIDGE + 1 + number
}

/// Raises lo.
pub(in crate::lab) fn raise_lo() -> Request {
    let link = LinkUnspec::new_with_index(LO).up().build();
    Request::change(RouteNetlinkMessage::SetLink(link), "raise", "lo")
}

/// A bridge, down: a port that comes up on a live one floods all the others with its announcements, which makes set-up
/// quadratic (measured on 2 CPUs: 38.5 s against 17.4 s at 4,000 containers). It neither snoops multicast nor shows frames
/// to iptables.
pub(in crate::lab) fn create_bridge(plan: &BridgePlan) -> Request {
    let link = LinkBridge::new(&plan.name)
        .index(BRIDGE)
        .address(plan.mac.0.to_vec())
        .mtu(plan.mtu)
        .append_info_data(InfoBridge::ForwardDelay(0))
        .append_info_data(InfoBridge::MulticastSnooping(false))
        .append_info_data(InfoBridge::NfCallIpTables(false))
        .append_info_data(InfoBridge::NfCallIp6Tables(false))
        .append_info_data(InfoBridge::NfCallArpTables(false))
        .down()
        .build();
    Request::create(
        RouteNetlinkMessage::NewLink(link),
        "create bridge",
        &plan.name,
    )
}

/// Raises a bridge, once all its ports are on it.
pub(in crate::lab) fn raise_bridge(name: &str) -> Vec<Request> {
    let link = LinkUnspec::new_with_index(BRIDGE).up().build();
    let raise = Request::change(RouteNetlinkMessage::SetLink(link), "raise bridge", name);
    vec![silence(BRIDGE, name), raise]
}

/// The gateway addresses of a bridge.
pub(in crate::lab) fn address_bridge(plan: &BridgePlan) -> Vec<Request> {
    plan.addresses
        .iter()
        .map(|one| assign(BRIDGE, one, &plan.name))
        .collect()
}

/// A port of the bridge and the container's `eth0` behind it, in one message: made and then moved, a link would cost a
/// grace period under the kernel's global lock (AWS VPC CNI #3764). The port comes up at once; its peer cannot (ENOTCONN).
pub(in crate::lab) fn create_port(
    bridge: &str,
    (number, name): (u32, &str),
    eth0: &Interface,
    container: impl AsFd,
) -> Request {
    let link = LinkVeth::new(name, "eth0")
        .index(port_index(number))
        .mtu(eth0.mtu)
        .controller(BRIDGE)
        .append_extra_attribute(LinkAttribute::NumTxQueues(1))
        .append_extra_attribute(LinkAttribute::NumRxQueues(1))
        .set_info_data(InfoData::Veth(InfoVeth::Peer(peer(eth0, container))))
        .up()
        .build();
    Request::create(
        RouteNetlinkMessage::NewLink(link),
        "add port",
        format!("{name} to bridge {bridge}"),
    )
}

/// A veth with one `eth0` here and the other in `there`.
pub(in crate::lab) fn create_cable(
    here: &Interface,
    there: (&Interface, impl AsFd),
    name: &str,
) -> Request {
    let link = LinkVeth::new("eth0", "eth0")
        .index(ETH0)
        .address(here.mac.0.to_vec())
        .mtu(here.mtu)
        .append_extra_attribute(LinkAttribute::NumTxQueues(1))
        .append_extra_attribute(LinkAttribute::NumRxQueues(1))
        .set_info_data(InfoData::Veth(InfoVeth::Peer(peer(there.0, there.1))))
        .build();
    Request::create(RouteNetlinkMessage::NewLink(link), "create veth", name)
}

/// One queue each way, as a container's end has: veth makes one per possible CPU otherwise (250 KB an end on 256 CPUs).
fn peer(eth0: &Interface, namespace: impl AsFd) -> LinkMessage {
    LinkMessageBuilder::<LinkUnspec>::new()
        .name("eth0")
        .index(ETH0)
        .address(eth0.mac.0.to_vec())
        .mtu(eth0.mtu)
        .append_extra_attribute(LinkAttribute::NumTxQueues(1))
        .append_extra_attribute(LinkAttribute::NumRxQueues(1))
        .setns_by_fd(namespace.as_fd().as_raw_fd())
        .build()
}

/// A container's links up.
pub(in crate::lab) fn raise_links(container: &str) -> Vec<Request> {
    let raise = LinkUnspec::new_with_index(ETH0).up().build();
    vec![
        raise_lo(),
        silence(ETH0, container),
        Request::change(
            RouteNetlinkMessage::SetLink(raise),
            "raise eth0 of",
            container,
        ),
    ]
}

/// Tells a link, before it is raised, to make no address of its own: the link-local one would be announced to every port.
/// At creation the kernel does not take the order (EAFNOSUPPORT).
fn silence(link: u32, object: &str) -> Request {
    let none = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
    let quiet = LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(vec![none])]);
    let message = LinkUnspec::new_with_index(link)
        .append_extra_attribute(quiet)
        .build();
    Request::change(
        RouteNetlinkMessage::SetLink(message),
        "set address generation of",
        object,
    )
}

/// A container's addresses and default routes.
pub(in crate::lab) fn address_eth0(eth0: &Interface, container: &str) -> Vec<Request> {
    let addresses = eth0
        .addresses
        .iter()
        .map(|one| assign(ETH0, one, container));
    let routes = eth0
        .gateways
        .iter()
        .map(|gateway| default_route(*gateway, container));
    addresses.chain(routes).collect()
}

/// An address, valid at once: without `IFA_F_NODAD` IPv6 would first ask around for a second.
fn assign(link: u32, assigned: &Assigned, object: &str) -> Request {
    use netlink_packet_route::address::{AddressAttribute, AddressFlags};
    let mut message = match assigned.address {
        IpAddr::V4(v4) => AddressMessageBuilder::<std::net::Ipv4Addr>::new()
            .index(link)
            .address(v4, assigned.prefix)
            .build(),
        IpAddr::V6(v6) => AddressMessageBuilder::<std::net::Ipv6Addr>::new()
            .index(link)
            .address(v6, assigned.prefix)
            .build(),
    };
    message.attributes.push(AddressAttribute::Flags(
        AddressFlags::Nodad | AddressFlags::Permanent,
    ));
    Request::create(
        RouteNetlinkMessage::NewAddress(message),
        "add address",
        format!("{} to {object}", assigned.address),
    )
}

fn default_route(gateway: IpAddr, container: &str) -> Request {
    let message: RouteMessage = match gateway {
        IpAddr::V4(v4) => RouteMessageBuilder::<std::net::Ipv4Addr>::new()
            .gateway(v4)
            .output_interface(ETH0)
            .build(),
        IpAddr::V6(v6) => RouteMessageBuilder::<std::net::Ipv6Addr>::new()
            .gateway(v6)
            .output_interface(ETH0)
            .build(),
    };
    Request::create(
        RouteNetlinkMessage::NewRoute(message),
        "add default route",
        format!("via {gateway} to {container}"),
    )
}

/// A container's permanent neighbours.
pub(in crate::lab) fn introduce(eth0: &Interface, container: &str) -> Vec<Request> {
    let entry = |(address, mac): &(IpAddr, Mac)| {
        let mut message = NeighbourMessage::default();
        message.header.family = if address.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        message.header.ifindex = ETH0;
        message.header.state = NeighbourState::Permanent;
        message.attributes = vec![
            NeighbourAttribute::Destination(match address {
                IpAddr::V4(v4) => NeighbourAddress::Inet(*v4),
                IpAddr::V6(v6) => NeighbourAddress::Inet6(*v6),
            }),
            NeighbourAttribute::LinkLayerAddress(mac.0.to_vec()),
        ];
        Request::replace(
            RouteNetlinkMessage::NewNeighbour(message),
            "add neighbour",
            format!("{address} to {container}"),
        )
    };
    eth0.neighbours.iter().map(entry).collect()
}

/// Tells a bridge behind which port a MAC is. A frame to a MAC it has not seen goes out of every port: the first packets of
/// 500 flows over 1,000 ports would be half a million deliveries, and past 1,000 ports they overflow the backlog.
pub(in crate::lab) fn pin_forwarding((number, name): (u32, &str), mac: Mac) -> Request {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = port_index(number);
    message.header.state = NeighbourState::Noarp;
    message.header.flags = NeighbourFlags::Controller;
    message.attributes = vec![NeighbourAttribute::LinkLayerAddress(mac.0.to_vec())];
    Request::replace(
        RouteNetlinkMessage::NewNeighbour(message),
        "add forwarding entry",
        format!("{mac} to port {name}"),
    )
}
