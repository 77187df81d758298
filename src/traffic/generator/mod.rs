//! External generators: real tools run inside the containers, with kilonet's window on their interfaces.
//!
//! ```text
//! plans -> a server and a client for each pair -> [Crew], clients at a gate -> all begin -> window over the interfaces
//!       -> the tools end by themselves -> what they say of themselves, beside what crossed
//! ```
//!
//! | file | one thing |
//! |---|---|
//! | `crew` | the processes of a trial, from the first to the last |
//! | `process` | one of them |
//! | `tool`, `drivers` | what any tool is asked; which tool each driver is |
//! | `verdict` | what their outputs come to |
//! | `crossing` | what interfaces count, for the common window |
//! | `iperf3`, `netperf`, `sockperf` | one tool: its command lines, when it listens, what it says |
//!
//! Must not know how labs are built: what crossed is asked of a [`Meter`]. The invariant: no figure of a tool is taken for what
//! crossed; both are handed back, side by side.

mod crew;
mod crossing;
mod drivers;
mod iperf3;
mod netperf;
mod process;
mod sockperf;
mod tool;
mod verdict;

pub use crew::{Crew, Output, Told};
pub use crossing::{Crossed, Meter};
pub use drivers::{Programs, find};
pub use tool::{Said, SaidDatagrams};
