//! How the rules of each profile are written.
//!
//! Must not know how they are loaded. The invariant: each profile is here by its name with what writes its rules, so that one
//! without rules does not compile.

use super::site::{Net, Site};
use super::table::Table;
use super::{
    conntrack, docker_1_12, docker_20_10, docker_29, docker_29_nft, kubernetes, kubernetes_nft,
};
use crate::lab::netlink::netfilter::Batch;
use crate::scenario::Firewall;

/// What writes the rules of a profile.
pub(super) enum Profile {
    /// There are none, by name.
    Without,
    /// iptables' tables of each protocol that it has rules for, for a host side.
    Tables(fn(&Site, &Net) -> Vec<Table>),
    /// A table of each protocol for `nft`, for a host side.
    Nft(fn(&Site, &Net) -> String),
    /// The user's own file, for a host side.
    File,
    /// What each container is given.
    Inside(fn() -> Batch),
}

impl Profile {
    pub(super) fn of(firewall: Firewall) -> Self {
        match firewall {
            Firewall::None => Self::Without,
            Firewall::Docker112 => Self::Tables(docker_1_12::tables),
            Firewall::Docker2010 => Self::Tables(docker_20_10::tables),
            Firewall::Docker29 => Self::Tables(docker_29::tables),
            Firewall::Docker29Nft => Self::Nft(docker_29_nft::table),
            Firewall::Kubernetes => Self::Tables(kubernetes::tables),
            Firewall::KubernetesNft => Self::Nft(kubernetes_nft::table),
            Firewall::Conntrack => Self::Inside(conntrack::batch),
            Firewall::Custom => Self::File,
        }
    }
}
