//! What an engine says of a running container: its addresses, its gateways, and where its ports are published. Pure.
//!
//! Must not know how it was asked. The invariant: what the engine did not say is absent, and asking for it is an error that
//! says what to do.

use std::net::{IpAddr, SocketAddr};

use bollard::models::{ContainerInspectResponse, EndpointSettings, PortMap};

use crate::error::{Error, Remedy, Result};
use crate::lab::address::family_of;
use crate::scenario::Family;

/// A running container.
#[derive(Debug, Clone)]
pub(super) struct Container {
    /// The engine's id of it.
    pub(super) id: String,
    /// Its addresses on the engine's networks.
    pub(super) own: Vec<IpAddr>,
    /// The addresses that the engine's host has on these networks.
    pub(super) gateways: Vec<IpAddr>,
    published: Vec<Published>,
}

/// A port of a container that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Published {
    port: u16,
    host_port: u16,
    /// The protocol at the host's side; all where the engine names no address there.
    family: Option<Family>,
}

impl Container {
    /// From what the engine says when it is asked about one.
    pub(super) fn of(id: String, seen: &ContainerInspectResponse) -> Self {
        let settings = seen.network_settings.as_ref();
        let networks = settings.and_then(|settings| settings.networks.as_ref());
        let endpoints: Vec<_> = networks.into_iter().flat_map(|it| it.values()).collect();
        let ports = settings.and_then(|settings| settings.ports.as_ref());
        Self {
            id,
            own: parsed(&endpoints, |it| [&it.ip_address, &it.global_ipv6_address]),
            gateways: parsed(&endpoints, |it| [&it.gateway, &it.ipv6_gateway]),
            published: ports.map(published).unwrap_or_default(),
        }
    }

    /// Its own address of a family.
    pub(super) fn address(&self, family: Family, name: &str) -> Result<IpAddr> {
        of_family(&self.own, family).ok_or_else(|| unaddressed(family, name))
    }

    /// The address of a family by which it reaches the engine's host.
    pub(super) fn gateway(&self, family: Family, name: &str) -> Result<IpAddr> {
        of_family(&self.gateways, family).ok_or_else(|| unaddressed(family, name))
    }

    /// Where a port of it is published, at its gateway's address.
    pub(super) fn door(&self, port: u16, (family, name): (Family, &str)) -> Result<SocketAddr> {
        let serves = |it: &&Published| it.port == port && it.family.is_none_or(|one| one == family);
        let found = self.published.iter().find(serves).ok_or_else(|| {
            let reason = format!("the engine published no {family} port for its port {port}");
            Error::refused("set up", name, reason).with_remedy(Remedy::EnginePorts)
        })?;
        Ok(SocketAddr::new(
            self.gateway(family, name)?,
            found.host_port,
        ))
    }

    /// The ports of the engine's host that lead to it.
    pub(super) fn host_ports(&self) -> impl Iterator<Item = u16> {
        self.published.iter().map(|it| it.host_port)
    }
}

/// An engine writes an address that there is not as an empty string.
fn parsed(
    endpoints: &[&EndpointSettings],
    read: fn(&EndpointSettings) -> [&Option<String>; 2],
) -> Vec<IpAddr> {
    let written = endpoints.iter().flat_map(|endpoint| read(endpoint));
    written
        .filter_map(|address| address.as_ref()?.parse().ok())
        .collect()
}

/// `{"5201/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32768"}]}`
fn published(ports: &PortMap) -> Vec<Published> {
    let mut all = Vec::new();
    for (name, bindings) in ports {
        let port = name.split('/').next().and_then(|port| port.parse().ok());
        for binding in bindings.iter().flatten() {
            let host_port = binding.host_port.as_ref().and_then(|it| it.parse().ok());
            let address = binding.host_ip.as_ref().and_then(|it| it.parse().ok());
            all.extend(port.zip(host_port).map(|(port, host_port)| Published {
                port,
                host_port,
                family: address.map(family_of),
            }));
        }
    }
    all
}

fn of_family(addresses: &[IpAddr], family: Family) -> Option<IpAddr> {
    let mut addresses = addresses.iter().copied();
    addresses.find(|address| family_of(*address) == family)
}

fn unaddressed(family: Family, name: &str) -> Error {
    let reason = format!("the engine gave it no {family} address");
    Error::refused("set up", name, reason).with_remedy(Remedy::EngineAddresses)
}

#[cfg(test)]
pub(in crate::lab) mod tests {
    use super::*;

    fn container(seen: &str) -> Container {
        Container::of("c0".to_owned(), &serde_json::from_str(seen).unwrap())
    }

    /// As engine 20.10 writes it.
    const PUBLISHED: &str = r#"{"NetworkSettings": {
        "Ports": {"5201/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32769"}], "80/tcp": null},
        "Networks": {"bridge": {"Gateway": "172.17.0.1", "IPAddress": "172.17.0.2", "IPv6Gateway": "", "GlobalIPv6Address": ""}}}}"#;

    #[test]
    fn a_published_port_is_called_at_the_gateway() {
        let container = container(PUBLISHED);
        let ipv4 = (Family::Ipv4, "container 1");
        assert_eq!(
            container.door(5201, ipv4).unwrap().to_string(),
            "172.17.0.1:32768"
        );
        assert_eq!(
            container.address(ipv4.0, ipv4.1).unwrap().to_string(),
            "172.17.0.2"
        );
        assert!(container.host_ports().eq([32768, 32769]));
    }

    /// What is said where an engine published no port, and gave no address.
    pub(in crate::lab) fn refusals() -> [Error; 2] {
        let container = container(PUBLISHED);
        [
            container
                .door(80, (Family::Ipv4, "container 1"))
                .unwrap_err(),
            container.address(Family::Ipv6, "container 1").unwrap_err(),
        ]
    }

    #[test]
    fn what_the_engine_did_not_give_is_an_error_with_a_remedy() {
        let container = container(PUBLISHED);
        let said = |error: Error| error.to_string();
        let closed = container.door(80, (Family::Ipv4, "container 1"));
        assert!(said(closed.unwrap_err()).contains("published no ipv4 port for its port 80"));
        let ipv6 = (Family::Ipv6, "container 1");
        for refused in [
            container.door(5201, ipv6).unwrap_err(),
            container.address(ipv6.0, ipv6.1).unwrap_err(),
        ] {
            assert!(said(refused).contains("gave it no ipv6 address"));
        }
    }
}
