//! Agents: a process in each container makes and drives its ends of the flows, while one window is measured from outside.
//!
//! ```text
//! [`Muster`] waits in a directory that the containers see -> each agent reports -> [`Crew`]
//!   Outfit: what sockets are like, the counters' memory, the flows it has ends of
//!   Orders to listen, to call and to accept, for some flows at a time -> what each has come to
//!   Order to launch: the driver's threads go to the gate              -> Launched
//!   Start -> bytes move, counted on shared memory -> the window's edges are snapshots by the crew's owner -> Stop -> Stopped
//!   Report                                                                 -> accounts of the endpoints
//! ```
//!
//! An agent of a container that has no processes of its own yet is forked in a [`Nursery`] instead, and its link is handed
//! to it at birth.
//!
//! Must not know what a container is made by: an agent is whoever connects and says its number. The invariant: an agent
//! lives as long as its connection to the crew's owner does, so that none outlives the process that wanted it.

mod births;
mod crew;
mod inside;
mod link;
mod message;
mod nursery;
mod run;

pub use births::nurse;
pub use crew::{Crew, Muster};
pub use inside::serve;
pub use message::Death;
pub use nursery::{Cradle, Nursery};
pub use run::run;
