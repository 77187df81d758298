//! Everything that the drivers of a process drive.
//!
//! Must not know who drives it.

use nix::sys::eventfd::{EfdFlags, EventFd};

use super::flow::Endpoint;
use super::gate::Gate;
use super::workload::Work;
use crate::error::{Error, Result};
use crate::scenario::Driver;

/// Everything a driver drives.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) work: Work,
    pub(super) gate: Gate,
    /// Readable once the field is told to stop; what wakes a thread that waits in epoll.
    pub(super) alarm: EventFd,
}

impl Field {
    /// Takes in the endpoints that `driver` is to drive.
    ///
    /// # Errors
    /// When there is no descriptor left for the alarm, or no memory for what is sent.
    pub(super) fn new(endpoints: Vec<Endpoint>, driver: Driver) -> Result<Self> {
        let orders: Vec<_> = endpoints.iter().map(|endpoint| endpoint.orders).collect();
        let work = Work::new(&orders, driver)?;
        let alarm = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|errno| Error::kernel("create", "the alarm of the drivers", errno.into()))?;
        Ok(Self {
            endpoints,
            work,
            gate: Gate::default(),
            alarm,
        })
    }
}
