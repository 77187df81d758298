//! The factors of a cell's rules: what loads them, what they are made for, and how many more there are that match nothing.
//!
//! Part of a cell, and of a record's `cell`: each is absent where it does not apply, so that a cell without rules reads
//! and is written as it was before there were any.

use std::io;
use std::path;

use serde::{Deserialize, Serialize};

use super::factor::{Factor, factor};
use super::traffic::{Family, Path};
use crate::files;

factor! {
    /// The rules loaded into the lab.
    Firewall, "firewall" {
        /// No rules, and bridged frames are not shown to iptables.
        None = "none",
        /// Docker 1.12's, of 2016.
        Docker112 = "docker-1.12",
        /// Docker 20.10's.
        Docker2010 = "docker-20.10",
        /// Docker 29's, by iptables.
        Docker29 = "docker-29",
        /// Docker 29's, by nftables.
        Docker29Nft = "docker-29-nft",
        /// What kube-proxy and a bridge plugin load, by iptables.
        Kubernetes = "kubernetes",
        /// The same by nftables.
        KubernetesNft = "kubernetes-nft",
        /// One rule in each container, which makes the kernel track connections.
        Conntrack = "conntrack",
        /// The user's own rule set.
        Custom = "custom",
    }
}

factor! {
    /// What rules are loaded by, and run as in the kernel.
    Backend, "backend" {
        /// The kernel's newer tables, by `nft`.
        Nft = "nft",
        /// The newer tables with iptables' own matches, by `iptables-nft`.
        IptablesNft = "iptables-nft",
        /// The older tables, by `iptables-legacy`.
        IptablesLegacy = "iptables-legacy",
    }
}

factor! {
    /// What the rules that match nothing are written as.
    RuleShape, "rule_shape" {
        /// One rule for each address.
        Linear = "linear",
        /// One rule that looks addresses up in a set.
        Set = "set",
        /// One rule that looks verdicts up in a map of addresses.
        Map = "map",
    }
}

factor! {
    /// Where the rules that match nothing stand.
    RuleHook, "rule_hook" {
        /// Before all others: every packet passes them.
        Raw = "raw",
        /// Where packets are forwarded: every forwarded packet passes them.
        Filter = "filter",
        /// Where destinations are rewritten: the first packet of a connection passes them.
        Nat = "nat",
    }
}

/// Ports that a host side can publish: those between the ones that servers are known by and the ones the kernel takes.
pub const MOST_PUBLISHED: u32 = 22_000;

/// Bytes of a rule set of the user's own at most: a rule for each of a million containers is less than that.
const LARGEST_RULESET: u64 = 256 << 20;

/// The text of a file of the user's own rules.
///
/// # Errors
/// When it cannot be read, or is no regular file or no text.
pub fn read_ruleset(path: &str) -> io::Result<String> {
    files::read_text(path::Path::new(path), LARGEST_RULESET)
}

/// What a cell's rules are beside their profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rules {
    /// What loads them; absent without rules, and for a rule set of the user's own where its text decides.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backend: Option<Backend>,
    /// Ports of the host side that lead to containers, all host sides together; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published: Option<u32>,
    /// Services of each host side; only for `kubernetes`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub services: Option<u32>,
    /// Endpoints of each service; only for `kubernetes`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoints: Option<u32>,
    /// File of the rule set; only for `custom`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ruleset: Option<String>,
    /// Rules that match nothing, ahead of the profile's; absent where none were asked for, 0 where the hook is there and
    /// has none.
    #[serde(rename = "rules", skip_serializing_if = "Option::is_none", default)]
    pub filler: Option<u32>,
    /// What they are written as.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule_shape: Option<RuleShape>,
    /// Where they stand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule_hook: Option<RuleHook>,
}

impl Rules {
    /// The services of each host side; 0 where it has none.
    #[must_use]
    pub fn services(&self) -> Services {
        Services {
            count: self.services.unwrap_or(0),
            endpoints: self.endpoints.unwrap_or(0),
        }
    }

    /// The rules that match nothing, where there are to be any.
    #[must_use]
    pub fn filler(&self) -> Option<Filler> {
        Some(Filler {
            rules: self.filler?,
            shape: self.rule_shape.unwrap_or(RuleShape::Linear),
            hook: self.rule_hook.unwrap_or(RuleHook::Raw),
        })
    }
}

/// Services of a cluster, whose endpoints are spread over the containers of a host side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Services {
    /// How many.
    pub count: u32,
    /// Endpoints of each.
    pub endpoints: u32,
}

/// Rules that match nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filler {
    /// How many; none leaves the hook alone.
    pub rules: u32,
    /// What they are written as.
    pub shape: RuleShape,
    /// Where they stand.
    pub hook: RuleHook,
}

/// Where the rules of a profile stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// There are none.
    Nowhere,
    /// In each container.
    Inside,
    /// On host sides that can route.
    HostSide,
    /// On host sides that are bridges, by the bridge.
    Bridge,
}

/// What bridged frames have to do with a profile's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bridged {
    /// They are not shown to them.
    Unseen,
    /// Only where they go back to the bridge that they came by.
    OfHairpins,
    /// They are shown to them.
    Seen,
}

/// What there is to a profile of rules.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// What may load it, what usually does first.
    pub backends: &'static [Backend],
    /// Whether its own text says what loads it, unless something else is asked for.
    pub says_backend: bool,
    /// Where its rules stand.
    pub stand: Stand,
    /// The protocols that it has rules for. Up to version 27 without being told to, Docker had none for IPv6.
    pub families: &'static [Family],
    /// Whether it can lead ports of the host side to containers.
    pub publishes: bool,
    /// Whether it has services, each with endpoints.
    pub has_services: bool,
    /// What bridged frames have to do with it.
    pub bridged: Bridged,
}

/// Of what a profile of iptables is, unless it says otherwise.
const OF_IPTABLES: Facts = Facts {
    backends: &[Backend::IptablesNft, Backend::IptablesLegacy],
    says_backend: false,
    stand: Stand::HostSide,
    families: Family::ALL,
    publishes: true,
    has_services: false,
    bridged: Bridged::Seen,
};

impl Firewall {
    /// What there is to it: the one place that says what a profile is.
    #[must_use]
    pub fn facts(self) -> Facts {
        match self {
            Self::None => Facts {
                backends: Backend::ALL,
                stand: Stand::Nowhere,
                publishes: false,
                bridged: Bridged::Unseen,
                ..OF_IPTABLES
            },
            Self::Docker112 | Self::Docker2010 => Facts {
                families: &[Family::Ipv4],
                ..OF_IPTABLES
            },
            Self::Docker29 => Facts {
                bridged: Bridged::OfHairpins,
                ..OF_IPTABLES
            },
            Self::Docker29Nft => Facts {
                backends: &[Backend::Nft],
                stand: Stand::Bridge,
                bridged: Bridged::OfHairpins,
                ..OF_IPTABLES
            },
            Self::Kubernetes => Facts {
                has_services: true,
                ..OF_IPTABLES
            },
            Self::KubernetesNft => Facts {
                backends: &[Backend::Nft],
                has_services: true,
                ..OF_IPTABLES
            },
            Self::Conntrack => Facts {
                backends: &[Backend::Nft],
                stand: Stand::Inside,
                publishes: false,
                bridged: Bridged::Unseen,
                ..OF_IPTABLES
            },
            Self::Custom => Facts {
                backends: Backend::ALL,
                says_backend: true,
                publishes: false,
                ..OF_IPTABLES
            },
        }
    }

    /// What may load it, what usually does first.
    #[must_use]
    pub fn backends(self) -> &'static [Backend] {
        self.facts().backends
    }

    /// What loads it where nothing else is asked for; none where that is for the rule set's own text to say.
    #[must_use]
    pub fn usual_backend(self) -> Option<Backend> {
        let facts = self.facts();
        (!facts.says_backend).then(|| facts.backends[0])
    }

    /// Whether its rules stand on a host side, and need one.
    #[must_use]
    pub fn needs_host_side(self) -> bool {
        match self.facts().stand {
            Stand::Nowhere | Stand::Inside => false,
            Stand::HostSide | Stand::Bridge => true,
        }
    }

    /// The protocols that it has rules for.
    #[must_use]
    pub fn families(self) -> &'static [Family] {
        self.facts().families
    }

    /// Whether it can lead ports of the host side to containers.
    #[must_use]
    pub fn publishes(self) -> bool {
        self.facts().publishes
    }

    /// Whether it gives connections that leave the containers' network other source ports (MASQUERADE), of which there are only so
    /// many towards a destination. What leads ports to containers is an engine's or a cluster's, whose networks are hidden behind
    /// the host side both ways; of a rule set of the user's own nobody knows.
    #[must_use]
    pub fn masquerades(self) -> bool {
        self.publishes()
    }
}

impl Path {
    /// Whether flows go by ports that a host side publishes.
    #[must_use]
    pub fn is_by_port(self) -> bool {
        match self {
            Self::Published | Self::Hairpin => true,
            Self::Direct | Self::Outside => false,
        }
    }
}
