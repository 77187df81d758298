//! What a trial is fixed by, each factor with its levels: how a level is written, what it may be, and what it means.
//!
//! From below: words and values of each family of factors; `kept`, then `cell`, which is made of all of them, and what is computed
//! of a cell alone (`pairs`, `classes`, `likeness`, `gauges`), and what trials are judged by (`quantity`, `measure`); `evidence` and
//! `effect`, which say what shows that a level took hold; `field` and `key`, which say what an entry is; the entries and their
//! list in `registry`; and on top what needs both a cell and that list (`reading`, `settle`, `baseline`).
//!
//! Knows neither a machine nor a form of file. The invariant: what is read from a record or a scenario is a level, or is refused.

mod baseline;
pub mod beside;
pub mod called;
pub mod cell;
pub mod choice;
mod classes;
pub mod copying;
pub mod effect;
pub mod evidence;
pub mod factor;
pub mod facts;
pub mod field;
mod gauges;
pub mod generator;
pub mod kept;
pub mod key;
pub mod likeness;
pub mod limits;
pub mod load;
pub mod measure;
pub mod namespace_sysctls;
pub mod pairs;
pub mod pattern;
pub mod quantity;
pub mod range;
pub mod rate;
pub mod raw;
mod reading;
pub mod receive;
pub mod registry;
pub mod repeats;
pub mod requirement;
pub mod rules;
mod scalar;
pub mod settle;
pub mod takes;
pub mod times;
pub mod topology;
pub mod traffic;
pub mod value;
pub mod wiring;
pub mod workload;

pub use beside::{Beside, Class, Orders};
pub use cell::Cell;
pub use copying::{Receiving, Sending};
pub use effect::{Effect, Verdict, Witnessing};
pub use evidence::{
    AddressedSeen, BridgesSeen, ByProtocol, Came, Evidence, LinksSeen, NeighboursSeen, PollingSeen,
    PortsSeen, RulesSeen, Seen, SocketsSeen, ThreadsSeen,
};
pub use factor::{Factor, is_default};
pub use field::{Field, Varies};
pub use generator::running_time;
pub use kept::Kept;
pub use key::{AnyKey, Group, Key, Level, Part, Table, Usual};
pub use likeness::Excepted;
pub use limits::{CpuList, CpuMax, Limits, MemoryMax};
pub use load::{Arrivals, Batch, Closing, Listening, Load, Pinning, Search};
pub use load::{CONNECTIONS_AT_ONCE, LARGEST_DATAGRAM, MOST_WAITING, MOST_WINDOWS};
pub use measure::Measure;
pub use namespace_sysctls::{NamespaceSysctls, Namespaced};
pub use pairs::{pairs, pairs_of};
pub use pattern::{Direction, Pattern, Talk};
pub use quantity::Quantity;
pub use rate::Rate;
pub use receive::{Napi, Rps};
pub use repeats::{Allowance, Gauge, Goal, Percent, Repeats, Width};
pub use requirement::Requirement;
pub use rules::{Backend, Filler, Firewall, RuleHook, RuleShape, Rules, Services, read_ruleset};
pub use scalar::{Kind, Value};
pub use times::Times;
pub use topology::{Testbed, Topology};
pub use traffic::{Buffers, Congestion, Driver, Family, Path};
pub use wiring::{Entries, Join, Macs, Stack, Wiring};
pub use workload::Workload;
