//! Which server takes the calls to a listener.
//!
//! Must not know workloads.

use socket2::Socket;

use super::room::Room;
use super::server::Server;
use super::shared::SharedServer;
use super::task::BoxedTask;
use super::work::Work;
use crate::traffic::flow::Endpoint;

/// What takes the calls to a listener: those of one flow, or of all that share a port.
pub(super) fn answering<'a>(
    work: &'a Work,
    (endpoint, listener): (&'a Endpoint, &'a Socket),
    room: Room<'a>,
) -> BoxedTask<'a> {
    if endpoint.orders.load.shares_port() {
        Box::new(SharedServer::new(work, (endpoint, listener), room))
    } else {
        Box::new(Server::new(work, (endpoint, listener), room))
    }
}
