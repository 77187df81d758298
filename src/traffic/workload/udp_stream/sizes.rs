//! How many bytes and datagrams one call moves.

use crate::scenario::{Batch, LARGEST_DATAGRAM};

/// Datagrams of a batch at most: what the kernel sends of one segmented send (`UDP_MAX_SEGMENTS` until Linux 6.9).
pub(super) const MOST: usize = 64;

/// Bytes of a batch at most: what one segmented send may carry, which has one header of IP while it is whole.
const MOST_BYTES: usize = LARGEST_DATAGRAM as usize;

/// Bytes that the kernel hands over at once at most: it joins datagrams up to the largest packet of IP
/// (`GRO_LEGACY_MAX_SIZE`; beyond that it joins TCP's only).
pub(super) const MOST_JOINED: usize = 64 << 10;

/// Bytes at a datagram's head that hold its number.
pub(super) const NUMBER_BYTES: usize = size_of::<u64>();

/// Datagrams that one call moves at most.
pub(super) fn batch_of(batch: Batch, message: usize) -> usize {
    match batch {
        Batch::None => 1,
        Batch::Mmsg | Batch::Gso => (MOST_BYTES / message).clamp(1, MOST),
    }
}
