//! The cell that another is compared with.
//!
//! Knows no figure. Invariant: it has the traffic of the other, and nothing of its lab.

use super::beside::Beside;
use super::cell::Cell;
use super::limits::Limits;
use super::pattern::{Pattern, Talk};
use super::rules::{Firewall, Rules};
use super::settle;
use super::topology::{Testbed, Topology};
use super::traffic::Path;
use super::wiring::{Macs, Wiring};

impl Cell {
    /// The cell that this one is compared with: the same traffic between one pair over loopback, the node's ceiling.
    #[must_use]
    pub fn baseline(&self) -> Self {
        let mut cell = Self {
            topology: Topology::CEILING,
            driver: self.driver.over_loopback(),
            testbed: Testbed::Kernel,
            firewall: Firewall::None,
            path: Path::Direct,
            pattern: Pattern::Pairs,
            limits: Limits::default(),
            talk: Talk::default(),
            containers: 2,
            active: 2,
            pairs: 1,
            beside: Beside::default(),
            macs: Macs::Derived,
            wiring: Wiring::default(),
            mtu: None,
            per_namespace: None,
            bridges: None,
            ports_per_bridge: None,
            rules: Rules::default(),
            ..self.clone()
        };
        settle::take_out_kept(&mut cell);
        cell
    }
}
