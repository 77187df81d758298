//! Whether it is the rules that let no flow through: found by taking them off the lab and trying again.
//!
//! Must not guess. The invariant: rules are blamed only where a flow that did not connect does without them.

use std::time::Duration;

use crate::error::{Act, Error, Remedy, Result};
use crate::lab::Lab;
use crate::scenario::Firewall;
use crate::traffic::{self, Flow, Observer, Settings};

/// What a flow that nothing stops takes to connect, and more.
const PATIENCE: Duration = Duration::from_secs(2);

/// The error that a trial ends with, after `error` ended its connecting. The lab has no rules any more then.
pub(super) fn explain(error: Error, suspect: &Suspect<'_>, observer: &dyn Observer) -> Error {
    let connecting = matches!(
        &error,
        Error::Kernel {
            act: Act::ConnectFlow,
            ..
        }
    );
    if connecting && suspect.is_to_blame(observer).unwrap_or(false) {
        let reason = format!(
            "the rules of {} cut it off: with them taken away it connects",
            suspect.firewall
        );
        let object = match &error {
            Error::Kernel { object, .. } => object.clone(),
            other => other.sentence(),
        };
        return Error::refused(Act::ConnectFlow.words(), object, reason)
            .with_remedy(Remedy::AcceptFlows);
    }
    error
}

/// A lab whose flows did not connect.
pub(super) struct Suspect<'a> {
    /// The lab, with its rules.
    pub(super) lab: &'a Lab,
    /// Whose rules.
    pub(super) firewall: Firewall,
    /// The first of the flows.
    pub(super) flow: Flow,
    /// How they were brought up.
    pub(super) settings: Settings,
}

impl Suspect<'_> {
    /// Takes the rules away and tries the flow again, past any published port: without rules there is none.
    fn is_to_blame(&self, observer: &dyn Observer) -> Result<bool> {
        if !self.lab.lift_rules()? {
            return Ok(false);
        }
        let flow = Flow {
            door: None,
            ..self.flow
        };
        let settings = Settings {
            connect: PATIENCE,
            ..self.settings.clone()
        };
        traffic::connects((flow, &self.lab.namespaces()), &settings, observer)
    }
}
