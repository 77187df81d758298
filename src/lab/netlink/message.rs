//! The requests a lab is made of, each one message.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoBridge, InfoBridgePort, InfoData, InfoNetkit,
    InfoPortData, InfoPortKind, InfoVeth, IpVlanMode, LinkAttribute, LinkMessage, MacVlanMode,
    NetkitMode,
};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{RouteMessage, RouteScope};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::{
    AddressMessageBuilder, LinkBridge, LinkIfb, LinkIpVlan, LinkMacVlan, LinkMessageBuilder,
    LinkNetkit, LinkUnspec, LinkVeth, LinkVxlan, RouteMessageBuilder,
};

use super::Request;
use crate::error::Act;
use crate::lab::address::{Assigned, Mac};
use crate::lab::topology::{
    BridgeOptions, Entry, Link, Pairing, Port, PortOptions, Route, Stacked, Stacking, Tunnel,
};

/// The index of lo: the first device of every namespace.
const LO: u32 = 1;

/// Raises lo.
pub(in crate::lab) fn raise_lo() -> Request {
    let link = LinkUnspec::new_with_index(LO).up().build();
    Request::change(RouteNetlinkMessage::SetLink(link), "raise", "lo")
}

/// A bridge, down: a port that comes up on a live one floods all the others with its announcements, which makes set-up
/// quadratic (measured on 2 CPUs: 38.5 s against 17.4 s at 4,000 containers). It shows no frames to iptables.
pub(in crate::lab) fn create_bridge(bridge: &Link, options: BridgeOptions) -> Request {
    let mut link = described(LinkBridge::new(&bridge.name), bridge)
        .append_info_data(InfoBridge::ForwardDelay(0))
        .append_info_data(InfoBridge::MulticastSnooping(options.snooping))
        .append_info_data(InfoBridge::NfCallIpTables(false))
        .append_info_data(InfoBridge::NfCallIp6Tables(false))
        .append_info_data(InfoBridge::NfCallArpTables(false));
    if let Some(seconds) = options.ageing_s {
        link = link.append_info_data(InfoBridge::AgeingTime(seconds.saturating_mul(USER_HZ)));
    }
    let mut act = Act::from("create bridge");
    if options.vlan_filtering {
        link = link.append_info_data(InfoBridge::VlanFiltering(true));
        act = Act::CreateFilteringBridge;
    }
    let link = RouteNetlinkMessage::NewLink(link.down().build());
    Request::create(link, act, &*bridge.name)
}

/// Ticks a second in which the kernel is told of times (`USER_HZ`).
const USER_HZ: u32 = 100;

/// A VXLAN device, which sends to one other node all that it is not told better.
pub(in crate::lab) fn create_tunnel(device: &Link, tunnel: Tunnel) -> Request {
    /// The port that IANA has given to VXLAN; the kernel's own default is an older one.
    const PORT: u16 = 4789;
    let [own, other] = tunnel.ends;
    let link = described(LinkVxlan::new(&device.name, tunnel.id), device)
        .dev(tunnel.below)
        .local(own)
        .remote(other)
        .port(PORT)
        .learning(tunnel.learning)
        .build();
    Request::create(
        RouteNetlinkMessage::NewLink(link),
        Act::CreateVxlan,
        &*device.name,
    )
}

/// Sets a port that is there, where it is to be set otherwise than the kernel does: at creation it takes no such order.
pub(in crate::lab) fn set_port(port: &Port) -> Option<Request> {
    let PortOptions { hairpin, isolated } = port.options;
    if port.options == PortOptions::default() {
        return None;
    }
    let link = LinkUnspec::new_with_index(port.near.index)
        .set_port_kind(InfoPortKind::Bridge)
        .set_port_data(InfoPortData::BridgePort(vec![
            InfoBridgePort::HairpinMode(hairpin),
            InfoBridgePort::Isolated(isolated),
        ]))
        .build();
    Some(Request::change(
        RouteNetlinkMessage::NewLink(link),
        "set port",
        &*port.near.name,
    ))
}

/// A device that drops what is sent to it, as an `ifb` does with what nobody redirected to it.
pub(in crate::lab) fn create_sink(sink: &Link) -> Request {
    let link = described(LinkIfb::new(&sink.name), sink).build();
    Request::create(RouteNetlinkMessage::NewLink(link), "create", &*sink.name)
}

/// A link of the host side and the container's `eth0` at its other end, in one message: made and then moved, a link would
/// cost a grace period under the kernel's global lock (AWS VPC CNI #3764). The host's end comes up at once; its peer cannot
/// (ENOTCONN).
pub(in crate::lab) fn create_port(port: &Port, container: impl AsFd, host: &str) -> Request {
    let (near, eth0) = (&port.near, &port.far.link);
    let (act, link) = match port.kind {
        Pairing::Veth => (Act::AddPort, veth(near, (eth0, container)).up().build()),
        Pairing::Netkit => (Act::AddNetkit, netkit(near, (eth0, container)).up().build()),
    };
    let object = format!("{} to {host}", near.name);
    Request::create(RouteNetlinkMessage::NewLink(link), act, object)
}

/// A container's `eth0` that stands on a device of the host side, made there and put into the container at once.
pub(in crate::lab) fn create_stacked(
    stacked: &Stacked,
    container: impl AsFd,
    object: &str,
) -> Request {
    let (eth0, parent) = (&stacked.far.link, stacked.parent);
    let ipvlan = |mode| described(LinkIpVlan::new(&eth0.name, parent, mode), eth0);
    let (act, link) = match stacked.kind {
        Stacking::Macvlan => {
            let macvlan = LinkMacVlan::new(&eth0.name, parent, MacVlanMode::Bridge);
            (
                Act::CreateMacvlan,
                within(described(macvlan, eth0), container),
            )
        }
        Stacking::IpvlanL2 => (Act::CreateIpvlan, within(ipvlan(IpVlanMode::L2), container)),
        Stacking::IpvlanL3 => (Act::CreateIpvlan, within(ipvlan(IpVlanMode::L3), container)),
    };
    Request::create(RouteNetlinkMessage::NewLink(link), act, object)
}

/// A veth with one end here and the other in another namespace, both down.
pub(in crate::lab) fn create_cable(here: &Link, there: (&Link, impl AsFd), name: &str) -> Request {
    let link = veth(here, there).build();
    Request::create(RouteNetlinkMessage::NewLink(link), "create veth", name)
}

fn veth(here: &Link, (there, place): (&Link, impl AsFd)) -> LinkMessageBuilder<LinkVeth> {
    let peer = InfoVeth::Peer(peer(there, place));
    as_veth(LinkVeth::new(&here.name, &there.name), here).set_info_data(InfoData::Veth(peer))
}

/// Switched, as a veth is. Without a program the kernel passes everything on.
fn netkit(here: &Link, (there, place): (&Link, impl AsFd)) -> LinkMessageBuilder<LinkNetkit> {
    let data = vec![
        InfoNetkit::Peer(peer(there, place)),
        InfoNetkit::Mode(NetkitMode::L2),
    ];
    let netkit = LinkNetkit::new(&here.name, &there.name, NetkitMode::L2);
    described(netkit, here).set_info_data(InfoData::Netkit(data))
}

fn peer(link: &Link, place: impl AsFd) -> LinkMessage {
    let message = LinkMessageBuilder::<LinkUnspec>::new().name(&*link.name);
    within(as_veth(message, link), place)
}

/// A device that belongs into another namespace from the start.
fn within<T>(message: LinkMessageBuilder<T>, place: impl AsFd) -> LinkMessage {
    message.setns_by_fd(place.as_fd().as_raw_fd()).build()
}

/// One queue each way, as a container's end has: veth makes one per possible CPU otherwise (250 KB an end on 256 CPUs). And
/// the largest unit, where that is not the kernel's own.
fn as_veth<T>(message: LinkMessageBuilder<T>, link: &Link) -> LinkMessageBuilder<T> {
    let message = described(message, link)
        .append_extra_attribute(LinkAttribute::NumTxQueues(1))
        .append_extra_attribute(LinkAttribute::NumRxQueues(1));
    match link.gso_max {
        Some(units) => in_units_of(message, units),
        None => message,
    }
}

/// What links of every kind are told when they are made, but for the name.
fn described<T>(message: LinkMessageBuilder<T>, link: &Link) -> LinkMessageBuilder<T> {
    let mut message = message.index(link.index).mtu(link.mtu);
    if let Some(mac) = link.mac {
        message = message.address(mac.0.to_vec());
    }
    match link.controller {
        Some(bridge) => message.controller(bridge),
        None => message,
    }
}

/// The largest unit that a link sends or puts together. Each protocol has a limit of its own (Linux 5.19 for IPv6, 6.3 for
/// IPv4); the kernel takes the first as the second's too where it is within 64 KiB, so the second is said after it.
fn in_units_of<T>(message: LinkMessageBuilder<T>, [all, ipv4]: [u32; 2]) -> LinkMessageBuilder<T> {
    message
        .append_extra_attribute(LinkAttribute::GsoMaxSize(all))
        .append_extra_attribute(LinkAttribute::GroMaxSize(all))
        .append_extra_attribute(LinkAttribute::GsoIpv4MaxSize(ipv4))
        .append_extra_attribute(LinkAttribute::GroIpv4MaxSize(ipv4))
}

/// A link up, which makes no address of its own. `object` is whose it is.
pub(in crate::lab) fn raise(link: &Link, object: &str) -> Vec<Request> {
    let name = format!("{} of {object}", link.name);
    let mut up = LinkUnspec::new_with_index(link.index).up();
    if let Some(bridge) = link.controller {
        // The far end of a veth is not put onto a bridge by the message that makes it.
        up = up.controller(bridge);
    }
    let up = up.build();
    vec![
        silence(link.index, &name),
        Request::change(RouteNetlinkMessage::SetLink(up), "raise", name),
    ]
}

/// Tells a link, before it is raised, to make no address of its own: the link-local one would be announced to every port.
/// At creation the kernel does not take the order (EAFNOSUPPORT).
fn silence(link: u32, object: &str) -> Request {
    let none = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
    let quiet = LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(vec![none])]);
    let message: LinkMessage = LinkUnspec::new_with_index(link)
        .append_extra_attribute(quiet)
        .build();
    Request::change(
        RouteNetlinkMessage::SetLink(message),
        "set address generation of",
        object,
    )
}

/// A link's addresses and routes.
pub(in crate::lab) fn address(link: &Link, object: &str) -> Vec<Request> {
    let addresses = link
        .addresses
        .iter()
        .map(|one| assign(link.index, one, object));
    let routes = link
        .routes
        .iter()
        .map(|route| lead(link.index, route, object));
    addresses.chain(routes).collect()
}

/// An address, valid at once: without `IFA_F_NODAD` IPv6 would first ask around for a second.
fn assign(link: u32, assigned: &Assigned, object: &str) -> Request {
    use netlink_packet_route::address::{AddressAttribute, AddressFlags};
    let mut message = match assigned.address {
        IpAddr::V4(v4) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(link)
            .address(v4, assigned.prefix)
            .build(),
        IpAddr::V6(v6) => AddressMessageBuilder::<Ipv6Addr>::new()
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

fn lead(link: u32, route: &Route, object: &str) -> Request {
    let message = match route.to.address {
        IpAddr::V4(to) => lead_v4(link, (to, route.to.prefix), route.via),
        IpAddr::V6(to) => lead_v6(link, (to, route.to.prefix), route.via),
    };
    Request::create(
        RouteNetlinkMessage::NewRoute(message),
        "add route",
        format!("{route} to {object}"),
    )
}

/// A destination on the link is of that link's scope, so that it may be a gateway for others.
fn lead_v4(link: u32, (to, prefix): (Ipv4Addr, u8), via: Option<IpAddr>) -> RouteMessage {
    let builder = RouteMessageBuilder::<Ipv4Addr>::new()
        .output_interface(link)
        .destination_prefix(to, prefix);
    match via {
        Some(IpAddr::V4(via)) => builder.gateway(via).build(),
        _ => builder.scope(RouteScope::Link).build(),
    }
}

fn lead_v6(link: u32, (to, prefix): (Ipv6Addr, u8), via: Option<IpAddr>) -> RouteMessage {
    let builder = RouteMessageBuilder::<Ipv6Addr>::new()
        .output_interface(link)
        .destination_prefix(to, prefix);
    match via {
        Some(IpAddr::V6(via)) => builder.gateway(via).build(),
        _ => builder.build(),
    }
}

/// A link's permanent neighbours.
pub(in crate::lab) fn introduce(link: &Link, object: &str) -> Vec<Request> {
    let entry = |(address, mac): &(IpAddr, Mac)| {
        let mut message = NeighbourMessage::default();
        message.header.family = if address.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        message.header.ifindex = link.index;
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
            format!("{address} to {object}"),
        )
    };
    link.neighbours.iter().map(entry).collect()
}

/// Tells a bridge behind which port a MAC is. A frame to a MAC it has not seen goes out of every port: the first packets of
/// 500 flows over 1,000 ports would be half a million deliveries, and past 1,000 ports they overflow the backlog.
pub(in crate::lab) fn pin(entry: &Entry) -> Request {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = entry.port;
    message.header.state = NeighbourState::Noarp;
    message.header.flags = NeighbourFlags::Controller;
    message.attributes = vec![NeighbourAttribute::LinkLayerAddress(entry.mac.0.to_vec())];
    Request::replace(
        RouteNetlinkMessage::NewNeighbour(message),
        "add forwarding entry",
        format!("{} to port {}", entry.mac, entry.name),
    )
}
