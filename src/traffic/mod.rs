//! Traffic: flows brought up between containers, driven all at once, and counted over one common window.
//!
//! ```text
//! plans -> connect -> [Field of flows] -> driver moves bytes ... window reads counters -> witness -> Outcome
//! ```
//!
//! | file | one thing |
//! |---|---|
//! | `plan` | the flows that are to be brought up |
//! | `observer` | who looks on |
//! | `connect` | sockets made inside the namespaces, connected, accepted |
//! | `socket` | how one is made: options first, then the address |
//! | `dialer` | what makes one connection after another |
//! | `flow` | an endpoint and its counter |
//! | `field` | all endpoints that a process drives |
//! | `ledger` | the counters, on memory that other processes may share |
//! | `messages` | messages received, and which of them are the window's |
//! | `dials` | what anybody may read of the counters meanwhile |
//! | `gate` | where endpoints wait until all are there, and how they are told to stop |
//! | `workload` | what one turn of an endpoint does |
//! | `driver` | which thread gives an endpoint its turns |
//! | `priority` | how the controlling thread gets the CPU in time |
//! | `window` | the edges, the samples, the skew |
//! | `numbered` | what became of numbered datagrams, by both ends |
//! | `witness` | what the kernel says it delivered |
//! | `account` | what an endpoint has to say at its end |
//! | `outcome` | what a trial hands back |
//! | `agent` | the same flows, made and driven by a process in each container |
//! | `generator` | flows of somebody else's programs |
//!
//! Must not know how labs are built: a container is an address and a namespace's descriptor. The invariant: every wait has
//! a deadline, so a flow that dies, stalls or never connects is named and holds nothing up.

mod account;
pub mod agent;
mod connect;
mod dialer;
mod dials;
mod driver;
mod field;
mod flow;
mod gate;
pub mod generator;
mod ledger;
mod messages;
mod moment;
mod numbered;
mod observer;
mod outcome;
mod plan;
mod priority;
mod socket;
mod window;
mod witness;
mod workload;

use std::thread;

pub use dials::{Dials, Ends, Tallies};
pub use numbered::Datagrams;
pub use observer::Observer;
pub use outcome::{Buffered, FlowOutcome, FlowStatus, Loss, Outcome, Uncopied};
pub use plan::{Door, Flow, Namespaces, Seat, Settings};
pub use window::{Sample, Window};

use crate::error::Result;
use account::Account;
use field::Field;
use flow::places;
use ledger::Ledger;
use outcome::{Finished, Roll};
use priority::Urgent;
use window::{Counters, Measured, Moved};

/// Whether a flow can be brought up at all. It is closed again at once.
///
/// # Errors
/// [`Error::Interrupted`] when the observer says so, and where the thread or the way home cannot be had.
///
/// [`Error::Interrupted`]: crate::Error::Interrupted
pub fn connects(
    (flow, namespaces): (Flow, Namespaces<'_>),
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<bool> {
    let connected = connect::connect((&[flow], namespaces), settings, observer)?;
    Ok(connected.flows.iter().all(Result::is_ok))
}

/// Brings the flows up, drives them, measures one window, and closes every socket again.
///
/// A flow that fails is in the outcome, by name; the others go on without it.
///
/// # Errors
/// When no flow connects (the first one's cause), when a driver's threads or descriptors cannot be had, and
/// [`Error::Interrupted`] when the observer says so.
///
/// [`Error::Interrupted`]: crate::Error::Interrupted
pub fn run(
    (flows, namespaces): (&[Flow], Namespaces<'_>),
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let connected = connect::connect((flows, namespaces), settings, observer)?;
    let (present, roll) = Roll::call(flows.to_vec(), connected.flows, connected.warnings)?;
    let ledger = Ledger::create(places(flows.len()))?;
    let endpoints = present
        .into_iter()
        .flat_map(|(flow, sockets)| sockets.endpoints((flow, flows[flow].orders), &ledger));
    let field = Field::new(endpoints.collect(), settings.driver)?;
    let mut counters = Counters {
        ledger: &ledger,
        flows: flows.len(),
    };
    observer.flowing(Dials::new(&ledger, flows));
    let measured = drive(&field, &mut counters, settings, observer)?;
    Ok(roll.outcome(Finished {
        measured,
        accounts: field.endpoints.iter().map(Account::of).collect(),
        ledger: &ledger,
    }))
}

/// Drives the flows while a window is measured. On return nothing drives them any more.
fn drive(
    field: &Field,
    counters: &mut Counters<'_>,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Measured<Moved>> {
    thread::scope(|scope| {
        // Dropped on every way out of this scope, and before it joins: no thread outlives a failure here.
        let halt = driver::Halt::new(settings.driver, field);
        driver::launch(scope, settings.driver, field)?;
        // Not before the threads are there, or they would begin with a priority other than the process's.
        let _urgent = Urgent::raise();
        field.gate.open();
        let measured = window::measure(counters, settings, observer);
        drop(halt);
        measured
    })
}
