//! Names of the keys that entries of others ask for, with the type of their levels: below all entries, so that two may ask for each
//! other's.
//!
//! Knows no entry. The invariant: whoever asks by a name gets levels of the key that has it, which its entry is made of.

use crate::factors::beside::Beside;
use crate::factors::choice::Name;
use crate::factors::load::{Listening, Search};
use crate::factors::pattern::{Direction, Pattern};
use crate::factors::rate::Rate;
use crate::factors::rules::{Backend, Firewall};
use crate::factors::times::Times;
use crate::factors::topology::{Testbed, Topology};
use crate::factors::traffic::{Driver, Family, Path};
use crate::factors::value::{Count, Length, Share, Size};
use crate::factors::wiring::{Join, Stack};
use crate::factors::workload::Workload;

/// Bytes of a message.
pub type MessageSize = Size<1, { 16 << 20 }>;

/// The same, as records have them: a message is what a scenario may ask for.
pub(super) const MOST_BYTES: f64 = 16_777_216.0;

/// Others that a container sends to: more would be more connections than one address has ports.
pub type PeerCount = Count<1, 10_000>;

/// Bytes of the largest packet of a link.
pub type PacketSize = Count<68, 65_535>;

/// Containers behind one router: with more, setting it up would take longer than anything that is measured behind it.
pub type RouterPorts = Count<2, 20_000>;

/// Rules that match nothing: more would take longer to load than labs take to raise.
pub type RuleCount = Count<0, 100_000>;

pub const TESTBED: Name<Testbed> = Name::new("testbed");
pub const TOPOLOGY: Name<Topology> = Name::new("topology");
pub const CONTAINERS: Name<Count<2, 1_000_000>> = Name::new("containers");
pub const ACTIVE: Name<Share> = Name::new("active");
pub const STACK: Name<Stack> = Name::new("stack");
pub const PER_NAMESPACE: Name<Share> = Name::new("per_namespace");
pub const BRIDGES: Name<Count<1, 500_000>> = Name::new("bridges");
pub const PORTS_PER_BRIDGE: Name<Count<2, 1023>> = Name::new("ports_per_bridge");
pub const PORTS_PER_ROUTER: Name<RouterPorts> = Name::new("ports_per_router");
pub const JOIN: Name<Join> = Name::new("join");
pub const CROSSING: Name<bool> = Name::new("crossing");
pub const ISOLATION: Name<bool> = Name::new("isolation");
pub const OFFLOAD: Name<bool> = Name::new("offload");
pub const MTU: Name<PacketSize> = Name::new("mtu");
pub const FIREWALL: Name<Firewall> = Name::new("firewall");
pub const BACKEND: Name<Backend> = Name::new("backend");
pub const RULES: Name<RuleCount> = Name::new("rules");
pub const RULESET: Name<String> = Name::new("ruleset");
pub const FAMILY: Name<Family> = Name::new("family");
pub const PATH: Name<Path> = Name::new("path");
pub const PATTERN: Name<Pattern> = Name::new("pattern");
pub const PEERS: Name<PeerCount> = Name::new("peers");
pub const DIRECTION: Name<Direction> = Name::new("direction");
pub const WORKLOAD: Name<Workload> = Name::new("workload");
pub const BESIDE: Name<Beside> = Name::new("beside");
pub const DRIVER: Name<Driver> = Name::new("driver");
pub const STREAMS: Name<Count<1, 1024>> = Name::new("streams");
pub const MESSAGE: Name<MessageSize> = Name::new("message");
pub const RATE: Name<Rate> = Name::new("rate");
pub const SEARCH: Name<Search> = Name::new("search");
pub const LISTEN: Name<Listening> = Name::new("listen");
pub const MEASURE: Name<Length<100, 3_600_000>> = Name::new("measure");
pub const REPEATS: Name<Times> = Name::new("repeats");
