//! What a rule set is drawn for: one host side and the containers behind it, as rules name them.
//!
//! Must not know profiles, back ends or the kernel. The invariant: every family of a site has an address for each of its
//! containers, in their order, so that a publication's container is an index into any of them.

use std::net::IpAddr;

use crate::scenario::{Family, Services};

/// A host side, as its rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The device that the containers are behind: a bridge.
    pub device: String,
    /// The containers behind it, by their numbers in the lab.
    pub containers: Vec<u32>,
    /// What the site has of each protocol; one or two.
    pub nets: Vec<Net>,
    /// Ports of the host side that lead to containers.
    pub published: Vec<Publication>,
    /// Who takes what a container of the site sends to a published port of its own host side.
    pub proxy: Proxy,
    /// Services of a Kubernetes cluster, spread over the containers.
    pub services: Services,
}

/// What a site has of one protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    /// The protocol.
    pub family: Family,
    /// The containers' subnet: its first address and the bits of its prefix.
    pub subnet: (IpAddr, u8),
    /// The containers' addresses.
    pub containers: Vec<IpAddr>,
}

/// A port of the host side that leads to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// The container, by its place in the site.
    pub container: usize,
    /// TCP port of the host side.
    pub host_port: u16,
    /// TCP port that the container listens on.
    pub port: u16,
}

/// Docker's `--userland-proxy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// On, Docker's default: rules leave what comes from the bridge to a process on the host.
    Process,
    /// Off: rules alone lead from a container through the host side's address to another (hairpin).
    Rules,
}

impl Net {
    /// The subnet as rules write it.
    #[must_use]
    pub fn subnet(&self) -> String {
        format!("{}/{}", self.subnet.0, self.subnet.1)
    }

    /// A container's address alone, as a subnet of one.
    #[must_use]
    pub fn single(&self, container: usize) -> String {
        alone(self.containers[container])
    }

    /// Where a destination is rewritten to.
    #[must_use]
    pub fn endpoint(&self, container: usize, port: u16) -> String {
        match self.containers[container] {
            IpAddr::V4(v4) => format!("{v4}:{port}"),
            IpAddr::V6(v6) => format!("[{v6}]:{port}"),
        }
    }

    /// The subnet of the host's own loopback addresses.
    #[must_use]
    pub fn loopback(&self) -> &'static str {
        match self.family {
            Family::Ipv4 => "127.0.0.0/8",
            Family::Ipv6 => "::1/128",
        }
    }
}

/// An address as a subnet of one.
#[must_use]
pub fn alone(address: IpAddr) -> String {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{bits}")
}
