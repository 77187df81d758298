//! How an endpoint's turn went.

use crate::traffic::moment::Moment;

/// How an endpoint's turn went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::traffic) enum Turn {
    /// It may have another.
    Ready,
    /// It moved less than a message: the kernel has no more bytes, or no more room, just now.
    Short,
    /// It can move nothing until the kernel says so; only for sockets that do not block.
    Blocked,
    /// It can move nothing until the kernel says so or this moment comes, whichever is first; likewise.
    Until(Moment),
    /// It has ended, and has said why.
    Over,
}
