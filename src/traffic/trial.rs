//! A trial of flows of our own, whoever has their ends: one window of those that came up, and what it came to.
//!
//! Must not know how flows come up, nor who drives them. The invariant: nothing moves any more on return.

use std::sync::Arc;

use super::account::Account;
use super::dials::Dials;
use super::ledger::Ledger;
use super::moved::Moved;
use super::observer::Observer;
use super::outcome::{Finished, Outcome, Roll};
use super::plan::{Flow, Settings};
use super::window::{self, Counters, Measured};
use crate::error::Result;

/// What bringing flows up came to.
#[derive(Debug)]
pub(super) struct Up<E> {
    /// For each flow, in their order, why it did not come up, if it did not.
    pub(super) flows: Vec<Result<()>>,
    /// What the kernel did not grant.
    pub(super) warnings: Vec<String>,
    /// Who has the ends of those that came up.
    pub(super) ends: E,
}

/// Who can drive the ends of flows.
pub(super) trait Drive {
    /// Lets them move for one window of the trial, and hears what they have to say of themselves: an account of every end that is
    /// still there to give one. On return nothing moves any more.
    fn drive(self, trial: &mut Trial<'_>) -> Result<(Measured<Moved>, Vec<Account>)>;
}

/// A trial that is about to be measured.
pub(super) struct Trial<'a> {
    pub(super) flows: &'a [Flow],
    pub(super) ledger: &'a Arc<Ledger>,
    pub(super) settings: &'a Settings,
    pub(super) observer: &'a mut dyn Observer,
}

impl Trial<'_> {
    /// Drives the flows that came up, and measures one window.
    ///
    /// # Errors
    /// The first flow's cause when none came up, and what their driver fails of.
    pub(super) fn measure(mut self, up: Up<impl Drive>) -> Result<Outcome> {
        let roll = Roll::call(self.flows.to_vec(), up.flows, up.warnings)?;
        let (measured, accounts) = up.ends.drive(&mut self)?;
        Ok(roll.outcome(Finished {
            measured,
            accounts,
            ledger: self.ledger,
        }))
    }

    /// The flows are about to move, or do.
    pub(super) fn flowing(&mut self) {
        self.observer.flowing(Dials::new(self.ledger, self.flows));
    }

    /// Measures the window of flows that move.
    pub(super) fn window(&mut self) -> Result<Measured<Moved>> {
        let mut counters = Counters {
            ledger: self.ledger,
            flows: self.flows.len(),
        };
        window::measure(&mut counters, self.settings, self.observer)
    }
}
