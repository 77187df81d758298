//! What the user wrote, checked into what the program believes.
//!
//! `wire` holds the file as written, with spans; `cell` the factors a trial is fixed by; `check` turns the one into the
//! other, and every check it makes is a sentence with file, line, key and what is allowed. Nothing here knows the machine.

pub mod cell;

pub use cell::{Buffers, Cell, Congestion, Driver, Factor, Family, Firewall, Macs, Pattern, Stack, Topology, Workload};
