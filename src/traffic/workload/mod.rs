//! What flows do, one workload a file. A workload gives an endpoint one turn and says how it went; it must not know whose turn
//! comes next, which is the driver's business.
//!
//! | file | one thing |
//! |---|---|
//! | `task` | what a workload is, and what an end of a flow is at |
//! | `stream`, `rr`, `crr`, `cc`, `datagram`, `udp_stream`, `idle` | a workload |
//! | `line`, `calls` | connections under way, where each request has its own, and a client's |
//! | `server`, `shared`, `answering` | what takes the calls to a port of one flow, to one of many, and which of the two |
//! | `ready` | for how long sockets wait |
//! | `pace` | when a request or a message is due |
//! | `attempt`, `turn` | what comes of an attempt, and of a turn |
//! | `work`, `room` | what the endpoints of a process have in common |
//! | `diary`, `log` | what is written down |

mod answering;
mod attempt;
mod calls;
mod cc;
mod crr;
mod datagram;
mod diary;
mod idle;
mod line;
mod log;
mod pace;
mod ready;
mod room;
mod rr;
mod server;
mod shared;
mod stream;
mod task;
mod turn;
mod udp_stream;
mod work;

use std::io;

use socket2::Socket;

use super::flow::{Endpoint, Role};
use crate::scenario::{Driver, Orders, Workload};

pub(super) use line::Watch;
pub(super) use log::Log;
pub(super) use task::{BoxedTask, Task};
pub(super) use turn::Turn;
pub(super) use work::Work;

/// What does a workload: a row for each.
fn implementation(workload: Workload) -> &'static dyn task::Workload {
    match workload {
        Workload::TcpStream => &stream::TcpStream,
        Workload::TcpRr => &rr::TcpRr,
        Workload::TcpCrr => &crr::TcpCrr,
        Workload::TcpCc => &cc::TcpCc,
        Workload::UdpRr => &datagram::UdpRr,
        Workload::UdpStream => &udp_stream::UdpStream,
        Workload::Idle => &idle::Idle,
    }
}

impl Work {
    /// What an endpoint is about to do; `room` picks where it receives.
    pub(super) fn task<'a>(&'a self, endpoint: &'a Endpoint, room: usize) -> BoxedTask<'a> {
        let workload = implementation(endpoint.orders.workload);
        let room = self.rooms.room(room);
        match endpoint.role {
            Role::Client => workload.client(self, endpoint, room),
            Role::Server => workload.server(self, endpoint, room),
        }
    }
}

/// Makes the connected socket of a flow's end ready for its driver.
pub(super) fn ready(
    socket: &Socket,
    orders: &Orders,
    (driver, role): (Driver, Role),
) -> io::Result<()> {
    let workload = implementation(orders.workload);
    let waits_in_calls = task::waits_in_calls(workload, orders, (driver, role));
    socket.set_nonblocking(!waits_in_calls)?;
    workload.prepare(socket, orders, waits_in_calls)
}

#[cfg(test)]
mod tests;
