//! What a connected socket is told before its workload begins: whether it waits in its calls, and for how long.
//!
//! Must not know how sockets are made.

use std::io;
use std::time::Duration;

use socket2::Socket;

use super::datagram::GIVEN_UP_AFTER;
use super::stream::prepare;
use super::udp_stream::dress;
use crate::scenario::{Driver, Orders, Receiving, Workload};
use crate::traffic::flow::Role;

/// How long a server waits for room before it looks whether to stop. Shutting its socket down ends its waits for
/// requests only, so that it still reads those that have come.
const ROOM_LIMIT: Duration = Duration::from_millis(200);

/// Makes the connected socket of a flow's end ready for its driver: whether it may wait in its system calls.
pub(in crate::traffic) fn ready(
    socket: &Socket,
    orders: &Orders,
    waits_in_calls: bool,
) -> io::Result<()> {
    socket.set_nonblocking(!waits_in_calls)?;
    dress(socket, orders)?;
    if waits_in_calls && orders.workload.has_responses() {
        socket.set_write_timeout(Some(ROOM_LIMIT))?;
    }
    if waits_in_calls && orders.workload.is_datagrams() {
        socket.set_read_timeout(Some(GIVEN_UP_AFTER))?;
    }
    Ok(prepare(socket, orders)?)
}

/// Whether an endpoint may wait inside its system calls: one that a thread of its own drives, that never has two
/// things to wait for, and whose calls wait at all. One that says nothing has its end alone to wait for, which the alarm
/// tells.
pub(in crate::traffic) fn waits_in_calls(orders: &Orders, driver: Driver, role: Role) -> bool {
    let lockstep = orders.load.rate.is_none() && orders.load.outstanding() == 1;
    let maps = role == Role::Server && orders.load.receive == Receiving::Zerocopy;
    let calls = orders.workload != Workload::Idle && !maps;
    driver != Driver::Workers && calls && (role == Role::Server || lockstep)
}
