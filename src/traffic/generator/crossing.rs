//! The interfaces' counts of each pair, while programs that know nothing of a window move bytes.
//!
//! Must not know the programs, nor how interfaces are read.

use crate::error::Result;
use crate::traffic::messages::Edge;
use crate::traffic::window::{Count, Counts};

/// What had crossed for a pair at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossed {
    /// Payload that its interface has counted since it was made, and its client's where responses come back.
    pub payload: u64,
}

impl Count for Crossed {
    fn bytes(self) -> u64 {
        self.payload
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            payload: self.payload.saturating_sub(earlier.payload),
        }
    }
}

/// What reads the interfaces: one figure for each pair, in their order.
pub type Meter<'a> = &'a mut dyn FnMut() -> Result<Vec<Crossed>>;

/// Interfaces as what counts in a window.
pub(super) struct Crossing<'a>(pub(super) Meter<'a>);

impl Counts for Crossing<'_> {
    type Count = Crossed;

    /// A reading is some system calls for each container.
    const REST: u32 = 50;

    fn first(&mut self) -> Result<Vec<Crossed>> {
        (self.0)()
    }

    fn pass(&mut self, _edge: Edge, into: &mut [Crossed]) -> Result<()> {
        into.copy_from_slice(&(self.0)()?);
        Ok(())
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok((self.0)()?.into_iter().map(Count::bytes).sum())
    }
}
