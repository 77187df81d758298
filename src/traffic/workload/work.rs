//! What the endpoints of a process have in common, whatever their turns.
//!
//! Must not know workloads. The invariant: what is sent is as long as the longest message of any endpoint.

use super::room::Rooms;
use super::stream::Source;
use crate::error::Result;
use crate::scenario::{Driver, Orders, Pinning};

/// What the endpoints of a process have in common, whatever their turns.
#[derive(Debug)]
pub(in crate::traffic) struct Work {
    pub(super) driver: Driver,
    pub(super) pinning: Pinning,
    /// What is sent: of the longest of all messages and responses.
    pub(super) payload: Vec<u8>,
    pub(super) source: Source,
    pub(super) rooms: Rooms,
}

impl Work {
    /// What endpoints with these orders need, which are placed alike.
    ///
    /// # Errors
    /// When there is no memory or descriptor left for it.
    pub(in crate::traffic) fn new(orders: &[Orders], driver: Driver) -> Result<Self> {
        let lengths = orders
            .iter()
            .map(|orders| orders.message_bytes.max(orders.response_bytes()));
        let longest = lengths.fold(1, u32::max) as usize;
        let payload = vec![0x6b; longest];
        Ok(Self {
            source: Source::of(orders, &payload)?,
            payload,
            rooms: Rooms::of(longest),
            driver,
            pinning: orders
                .first()
                .map_or(Pinning::default(), |orders| orders.load.pinning),
        })
    }

    /// Where the ends of flows are to run.
    pub(in crate::traffic) fn pinning(&self) -> Pinning {
        self.pinning
    }
}
