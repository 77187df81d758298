//! The unit of the times in `/proc`.
//!
//! Must not know what is counted.

/// A step of the kernel's counts of CPU time.
pub(in crate::host) fn tick_ns() -> u64 {
    1_000_000_000 / procfs::ticks_per_second().max(1)
}
