//! What a trial is fixed by, each factor with its levels: how a level is written, what it may be, and what it means.
//!
//! Knows neither a machine nor a form of file. The invariant: what is read from a record or a scenario is a level, or is refused.

pub mod beside;
pub mod cell;
pub mod copying;
pub mod factor;
pub mod field;
pub mod generator;
pub mod kept;
pub mod key;
pub mod likeness;
pub mod limits;
pub mod load;
pub mod pattern;
pub mod placement;
pub mod range;
pub mod raw;
pub mod receive;
pub mod registry;
pub mod repeats;
pub mod rules;
pub mod topology;
pub mod value;
pub mod wiring;

pub use beside::{Beside, Class, Orders};
pub use cell::{Buffers, Cell, Congestion, Driver, Family, Firewall, Macs, Path, Stack, Workload};
pub use copying::{Receiving, Sending};
pub use factor::Factor;
pub use field::{Field, Kind, Value, Varies};
pub use generator::running_time;
pub use kept::Kept;
pub use key::{AnyKey, Group, Key, Level, Part, Table, Usual};
pub use likeness::Excepted;
pub use limits::{CpuList, CpuMax, Limits, MemoryMax};
pub use load::{Arrivals, Batch, Load, Search};
pub use load::{CONNECTIONS_AT_ONCE, LARGEST_DATAGRAM, MOST_WINDOWS};
pub use pattern::{Direction, Pattern, Talk, pairs_of};
pub use placement::Pinning;
pub use receive::{Napi, Rps};
pub use repeats::{Allowance, Gauge, Goal, Percent, Repeats, Width};
pub use rules::{Backend, Filler, RuleHook, RuleShape, Rules, read_ruleset};
pub use topology::{PORTS_PER_ROUTER, Testbed, Topology};
pub use wiring::{Entries, Join, Wiring};
