//! What comes of an attempt to send or to receive.
//!
//! Must not know workloads. The invariant: what is received is counted here, and once.

use nix::errno::Errno;
use nix::sys::socket::MsgFlags;

use super::turn::Turn;
use crate::traffic::flow::{Cause, Endpoint};

/// A peer that went away is an error of that flow, never a signal to the process.
pub(super) const SEND_FLAGS: MsgFlags = MsgFlags::MSG_NOSIGNAL;

/// What comes of an attempt to receive: how many bytes, or how the turn went without any. A socket that gives none, and has
/// not been asked for none, is closed.
pub(super) fn received(endpoint: &Endpoint, answer: nix::Result<usize>) -> Result<usize, Turn> {
    match answer {
        Ok(0) => Err(endpoint.over(Cause::Closed)),
        Ok(bytes) => {
            endpoint.moved.received.add(bytes as u64);
            Ok(bytes)
        }
        Err(Errno::EAGAIN) => Err(Turn::Blocked),
        Err(errno) => Err(refused(endpoint, errno)),
    }
}

/// What comes of an error that is not "not just now".
pub(super) fn refused(endpoint: &Endpoint, errno: Errno) -> Turn {
    match errno {
        Errno::EINTR => Turn::Ready,
        _ => endpoint.over(Cause::Refused(errno as i32)),
    }
}
