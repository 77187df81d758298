//! Which container joins which network, and what the engine is asked for: pure.
//!
//! Must not know how a request is sent. The invariant: a container is an ordinary one, with the engine's own seccomp profile,
//! capabilities and cgroup, or it would not be what it is compared with.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path as Folder;

use bollard::models::{ContainerCreateBody, HostConfig, Ipam, IpamConfig, PortBinding};

use super::image::Image;
use super::owner::Owner;
use crate::lab::firewall::flow_ports;
use crate::scenario::pairs;
use crate::scenario::topology::Joined;
use crate::scenario::{Cell, Family, Path, Stack};

/// A container on paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) network: Network,
    /// Whether its namespace is to have IPv6: an engine turns it off where it gives no such address itself.
    pub(super) ipv6: bool,
    /// Ports of it that the engine is to publish.
    pub(super) ports: Vec<u16>,
}

/// What a container's namespace is joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// Nothing: it has lo and no more.
    None,
    /// The engine's default bridge.
    Bridge,
    /// A network of the run's own.
    User,
    /// The engine's own namespace.
    Host,
    /// The namespace of the container of this number.
    Of(u32),
}

/// One seat per container of the cell. Where the path comes from outside, the clients are beside the network, in the
/// engine's own namespace.
pub(super) fn seats(cell: &Cell) -> Vec<Seat> {
    let clients: HashSet<u32> = pairs(cell).into_iter().map(|(client, _)| client).collect();
    let mut ports = published(cell);
    (0..cell.containers)
        .map(|number| {
            let outside = cell.path == Path::Published && clients.contains(&number);
            let network = if outside {
                Network::Host
            } else {
                network_of(cell, number)
            };
            Seat {
                network,
                ipv6: network == Network::None && wants_ipv6(cell),
                ports: ports.remove(&number).unwrap_or_default(),
            }
        })
        .collect()
}

fn network_of(cell: &Cell, number: u32) -> Network {
    let together = cell
        .per_namespace
        .map_or(cell.containers, std::num::NonZeroU32::get);
    let facts = cell.topology.facts();
    match facts.joined {
        Joined::Bridges if facts.own_network => Network::User,
        Joined::Bridges => Network::Bridge,
        Joined::OneNamespace => Network::Host,
        Joined::Seats if number.is_multiple_of(together) => Network::None,
        Joined::Seats => Network::Of(number / together * together),
        // Links that are not the engine's. What no engine has the scenario's checks have refused.
        Joined::Pairs | Joined::Nodes | Joined::Routers | Joined::Parent | Joined::Before => {
            Network::None
        }
    }
}

/// The ports that servers are called by, where they are called by published ones: one for each stream.
fn published(cell: &Cell) -> BTreeMap<u32, Vec<u16>> {
    let by_port = (0..).zip(pairs(cell)).filter(|_| cell.path.is_by_port());
    by_port
        .map(|(pair, (_, server))| {
            let ports = (0..cell.streams).map(|stream| flow_ports(cell, pair, stream).1);
            (server, ports.collect())
        })
        .collect()
}

/// What the engine is asked to create.
pub(super) fn body(
    number: u32,
    (seat, joined): (&Seat, Option<&str>),
    order: Order<'_>,
) -> ContainerCreateBody {
    let mode = match seat.network {
        Network::None => "none".to_owned(),
        Network::Bridge => "bridge".to_owned(),
        Network::User => order.owner.network(),
        Network::Host => "host".to_owned(),
        Network::Of(_) => format!("container:{}", joined.unwrap_or_default()),
    };
    let command = ["/kilonet", "agent", "--container"].map(str::to_owned);
    let command = command
        .into_iter()
        .chain([number.to_string(), MEETING_PLACE.to_owned()]);
    let ports: Vec<String> = seat.ports.iter().map(|it| format!("{it}/tcp")).collect();
    ContainerCreateBody {
        image: Some(order.image.name().to_owned()),
        cmd: Some(command.collect()),
        labels: Some(order.owner.labels()),
        // The engine publishes none that is not exposed as well.
        exposed_ports: Some(ports.clone()),
        host_config: Some(HostConfig {
            network_mode: Some(mode),
            binds: Some(vec![bind(order.meeting)]),
            sysctls: seat.ipv6.then(ipv6_on),
            port_bindings: Some(ports.iter().cloned().map(bound).collect()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// To a port of the host that the engine chooses, at every address.
fn bound(port: String) -> (String, Option<Vec<PortBinding>>) {
    (port, Some(vec![PortBinding::default()]))
}

fn ipv6_on() -> HashMap<String, String> {
    let name = "net.ipv6.conf.all.disable_ipv6";
    HashMap::from([(name.to_owned(), "0".to_owned())])
}

/// Whether namespaces and networks of the run's own are to have IPv6.
pub(super) fn wants_ipv6(cell: &Cell) -> bool {
    cell.stack == Stack::Dual || cell.family == Family::Ipv6
}

/// Addresses for IPv6: engines before 27 have no pool of their own for it. Unique local, from RFC 4193's range.
pub(super) fn ipv6_pool() -> Ipam {
    Ipam {
        config: Some(vec![IpamConfig {
            subnet: Some("fd6b:696c:6f6e::/64".to_owned()),
            ..IpamConfig::default()
        }]),
        ..Ipam::default()
    }
}

/// The bridge driver's option for the largest packet.
pub(super) fn mtu_option(mtu: u32) -> HashMap<String, String> {
    HashMap::from([("com.docker.network.driver.mtu".to_owned(), mtu.to_string())])
}

/// Where containers see the directory in which their agents report.
const MEETING_PLACE: &str = "/run/kilonet";

/// What containers are made of and for.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What they run.
    pub image: &'a Image,
    /// Whose they are.
    pub owner: &'a Owner,
    /// Where their agents report, as this process sees it.
    pub meeting: &'a Folder,
}

/// The bind that shows containers where to report. `z` lets them do so under `SELinux`, and means nothing without it.
fn bind(meeting: &Folder) -> String {
    format!("{}:{MEETING_PLACE}:z", meeting.display())
}
