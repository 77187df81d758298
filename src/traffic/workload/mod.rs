//! What flows do, one kind a file. A workload gives an endpoint one turn and says how it went; it must not know whose
//! turn comes next, which is the driver's business.

mod stream;

pub(super) use stream::Stream;

/// How an endpoint's turn went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It may have another.
    Ready,
    /// It moved less than a message: the kernel has no more bytes, or no more room, just now.
    Short,
    /// It can move nothing until the kernel says so; only for sockets that do not block.
    Blocked,
    /// It has ended, and has said why.
    Over,
}
