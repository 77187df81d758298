//! A cell: a point of the sweep, every factor fixed. Its serialized form is the `cell` of a record.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::beside::Beside;
use super::factor::{Factor, is_default};
use super::kept::Kept;
use super::limits::Limits;
use super::load::Load;
use super::pattern::{Pattern, Talk};
use super::rules::{Backend, Firewall, Rules};
use super::topology::{Testbed, Topology};
use super::traffic::{Buffers, Congestion, Driver, Family, Path};
use super::wiring::{Macs, Stack, Wiring};
use super::workload::Workload;

/// A point of the sweep. Only `scenario` makes these, and only from values it has checked, so every cell can be laid out:
/// counts are even where the pattern pairs, `active` is within `containers`, a bridge's ports are within what one holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
// What is derived is called by `reading`, which holds what is kept to the registry; nothing else may read a cell by it.
#[serde(remote = "Self")]
pub struct Cell {
    /// Shape of the lab.
    pub topology: Topology,
    /// Who wires it; absent in a record where kilonet does.
    #[serde(skip_serializing_if = "is_default", default)]
    pub testbed: Testbed,
    /// Protocol of the traffic.
    pub family: Family,
    /// Rules loaded.
    pub firewall: Firewall,
    /// The way from client to server; in a record only where it is not direct.
    #[serde(skip_serializing_if = "is_default", default)]
    pub path: Path,
    /// What a flow does.
    pub workload: Workload,
    /// What runs the flows.
    pub driver: Driver,
    /// What each container may use.
    #[serde(flatten)]
    pub limits: Limits,
    /// Who talks to whom.
    pub pattern: Pattern,
    /// What the pattern is beside its kind.
    #[serde(flatten)]
    pub talk: Talk,
    /// Containers that are there.
    pub containers: u32,
    /// Containers that talk.
    pub active: u32,
    /// Pairs that talk, as many as the pattern comes to; where flows go both ways, each way is a pair of its own.
    pub pairs: u32,
    /// Flows of each pair.
    pub streams: u32,
    /// Bytes of a message from client to server: what one send call is handed and one receive call has room for, or a
    /// request.
    pub message_bytes: u32,
    /// What there is to a load beside its messages.
    #[serde(flatten)]
    pub load: Load,
    /// What some pairs do instead; in a record only where there are such.
    #[serde(skip_serializing_if = "is_default", default)]
    pub beside: Beside,
    /// Congestion control asked for.
    pub congestion: Congestion,
    /// Socket buffers.
    pub buffers: Buffers,
    /// IP versions for which interfaces have addresses.
    pub stack: Stack,
    /// Where MAC addresses come from.
    pub macs: Macs,
    /// How links and bridges are set.
    #[serde(flatten)]
    pub wiring: Wiring,
    /// Bytes of the largest packet of a veth; absent where the topology has none (lo keeps its own 65,536).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mtu: Option<u32>,
    /// Containers that share one namespace; only for `shared`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub per_namespace: Option<NonZeroU32>,
    /// Bridges of the lab; only for `bridge` and `vxlan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bridges: Option<NonZeroU32>,
    /// Ports of each bridge but the last, which may have fewer; only for `bridge` and `vxlan`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ports_per_bridge: Option<NonZeroU32>,
    /// What the rules are beside their profile.
    #[serde(flatten)]
    pub rules: Rules,
    /// What is kept by its key's name; in a record only what is not as usual.
    #[serde(flatten, skip_deserializing)]
    pub kept: Kept,
}

impl Cell {
    /// A cell that nothing was said of yet: each factor is as where a cell has no place for it.
    #[must_use]
    pub fn blank() -> Self {
        Self {
            topology: Topology::ALL[0],
            testbed: Testbed::ALL[0],
            family: Family::ALL[0],
            firewall: Firewall::ALL[0],
            path: Path::ALL[0],
            workload: Workload::default(),
            driver: Driver::ALL[0],
            limits: Limits::default(),
            pattern: Pattern::ALL[0],
            talk: Talk::default(),
            containers: 0,
            active: 0,
            pairs: 0,
            streams: 0,
            message_bytes: 0,
            load: Load::default(),
            beside: Beside::default(),
            congestion: Congestion(String::new()),
            buffers: Buffers::Auto,
            stack: Stack::ALL[0],
            macs: Macs::ALL[0],
            wiring: Wiring::default(),
            mtu: None,
            per_namespace: None,
            bridges: None,
            ports_per_bridge: None,
            rules: Rules::default(),
            kept: Kept::default(),
        }
    }

    /// The same cell with no rules.
    #[must_use]
    pub fn without_rules(&self) -> Self {
        Self {
            firewall: Firewall::None,
            rules: Rules::default(),
            ..self.clone()
        }
    }

    /// Flows of the trial: pairs times streams.
    #[must_use]
    pub fn flows(&self) -> u32 {
        self.pairs * self.streams
    }

    /// Flows that are counted one by one: what somebody else's program has of a pair is counted as one, whatever its streams.
    #[must_use]
    pub fn counted_flows(&self) -> u32 {
        if self.driver.is_generator() {
            self.pairs
        } else {
            self.flows()
        }
    }

    /// What loads its rules, where that is not what its firewall is loaded by unless something else is asked for.
    #[must_use]
    pub fn unusual_backend(&self) -> Option<Backend> {
        let usual = self.firewall.usual_backend();
        self.rules.backend.filter(|backend| Some(*backend) != usual)
    }

    /// Whether anything is loaded for it.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        self.firewall != Firewall::None || self.rules.filler.is_some()
    }
}
