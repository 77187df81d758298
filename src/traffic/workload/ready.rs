//! For how long sockets that wait in their calls do.
//!
//! Must not know how sockets are made.

use std::io;
use std::time::Duration;

use socket2::Socket;

/// After this long a request in a datagram is given up: TCP's first timeout of retransmission (RFC 6298, 2.1).
pub(super) const GIVEN_UP_AFTER: Duration = Duration::from_secs(1);

/// How long a server waits for room before it looks whether to stop. Shutting its socket down ends its waits for
/// requests only, so that it still reads those that have come.
const ROOM_LIMIT: Duration = Duration::from_millis(200);

/// Limits the waits of a socket for room.
pub(super) fn limit_waits(socket: &Socket, waits_in_calls: bool) -> io::Result<()> {
    if waits_in_calls {
        socket.set_write_timeout(Some(ROOM_LIMIT))?;
    }
    Ok(())
}

/// Limits the waits of a socket for datagrams, of which the last may be lost.
pub(super) fn limit_waits_for_datagrams(socket: &Socket, waits_in_calls: bool) -> io::Result<()> {
    if waits_in_calls {
        socket.set_read_timeout(Some(GIVEN_UP_AFTER))?;
    }
    Ok(())
}
