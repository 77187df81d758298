//! The namespace in which an engine joins a lab's containers, as far as it is watched.
//!
//! Must not know what it counts. The invariant: its counters are read before the lab is set up, so that what others had caused by then is
//! none of the lab's.

use std::os::fd::AsFd;

use crate::error::{Error, Result};
use crate::host::counters::HostSide;
use crate::lab::docker::{Engine, Home, Lab};
use crate::traffic::agent::Crew;

/// See the file's head.
#[derive(Debug)]
pub(super) enum EngineSide {
    /// The containers' traffic does not pass it.
    Apart,
    /// With what it has counted since before the lab was set up, until somebody takes that.
    Known(Home, Option<HostSide>),
    /// Why it is not known, or may not be entered, until somebody takes that.
    Unknown(Option<Error>),
}

impl EngineSide {
    /// What there is before a lab is set up.
    pub(super) fn before(engine: &Engine) -> Self {
        let known = Home::of(engine).and_then(|home| {
            let side = HostSide::found(home.as_fd())?;
            Ok(Self::Known(home, Some(side)))
        });
        known.unwrap_or_else(|error| Self::Unknown(Some(error)))
    }

    /// The same, once the lab is there that shows whether it is its containers'.
    pub(super) fn proven(self, lab: &Lab, crew: &Crew) -> Self {
        if !lab.passes_the_engine() {
            return Self::Apart;
        }
        let Self::Known(home, side) = self else {
            return self;
        };
        match home.proven(&lab.gateways(), &crew.namespaces()) {
            Ok(home) => Self::Known(home, side),
            Err(error) => Self::Unknown(Some(error)),
        }
    }

    /// The namespace, where it is known and on the way.
    pub(super) fn home(&self) -> Option<&Home> {
        match self {
            Self::Known(home, _) => Some(home),
            Self::Apart | Self::Unknown(_) => None,
        }
    }

    /// What it counts; absent where the traffic does not pass it, and once it was taken.
    pub(super) fn take(&mut self) -> Option<Result<HostSide>> {
        match self {
            Self::Apart => None,
            Self::Known(_, side) => side.take().map(Ok),
            Self::Unknown(error) => error.take().map(Err),
        }
    }
}
