//! Traffic: flows brought up between containers, driven all at once, and counted over one common window.
//!
//! ```text
//! flows -> connect -> [Field of endpoints] -> driver moves bytes ... window reads counters -> witness -> Outcome
//! ```
//!
//! | file | one thing |
//! |---|---|
//! | `plan` | the flows that are to be brought up |
//! | `observer` | who looks on |
//! | `connect` | how flows come up, whoever has their ends |
//! | `bench` | the sockets of one process until they are connected |
//! | `one_port` | a port that the clients of many flows call |
//! | `tour` | a thread that goes from container to container |
//! | `socket` | how one is made: options first, then the address |
//! | `tentative` | addresses that will be there in a moment |
//! | `refusal` | what the kernel refused |
//! | `dialer` | what makes one connection after another |
//! | `flow` | an endpoint and its counter |
//! | `field` | all endpoints that a process drives |
//! | `ledger` | the counters, on memory that other processes may share |
//! | `moved` | what a flow has moved, by the counters of both ends |
//! | `messages` | messages received, and which of them are the window's |
//! | `dials` | what anybody may read of the counters meanwhile |
//! | `gate` | where endpoints wait until all are there, and how they are told to stop |
//! | `workload` | what one turn of an endpoint does |
//! | `driver` | which thread gives an endpoint its turns |
//! | `trial` | one window of flows that came up, and what it came to |
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
mod bench;
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
mod moved;
mod numbered;
mod observer;
mod one_port;
mod outcome;
mod plan;
mod priority;
mod refusal;
mod socket;
mod tentative;
mod tour;
mod trial;
mod window;
mod witness;
mod workload;

use std::sync::Arc;
use std::thread;

pub use dials::{Dials, Ends, Tallies};
pub use numbered::Datagrams;
pub use observer::Observer;
pub use outcome::{Buffered, FlowOutcome, FlowStatus, Loss, Outcome, Uncopied};
pub use plan::{Door, Flow, Namespaces, Seat, Settings};
pub use window::{Sample, Window};

use crate::error::Result;
use account::Account;
use bench::{Bench, Outfit};
use field::Field;
use flow::{Endpoint, places};
use ledger::Ledger;
use moved::Moved;
use priority::Urgent;
use trial::{Drive, Trial, Up};
use window::Measured;

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
    let ledger = Ledger::create(places(1))?;
    let up = bring_up((&[flow], namespaces), settings, &ledger, observer)?;
    Ok(up.flows.iter().all(Result::is_ok))
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
    let ledger = Ledger::create(places(flows.len()))?;
    let up = bring_up((flows, namespaces), settings, &ledger, observer)?;
    let trial = Trial {
        flows,
        ledger: &ledger,
        settings,
        observer,
    };
    trial.measure(up)
}

fn bring_up(
    (flows, namespaces): (&[Flow], Namespaces<'_>),
    settings: &Settings,
    ledger: &Arc<Ledger>,
    observer: &dyn Observer,
) -> Result<Up<Own>> {
    let own = flows.iter().copied().enumerate().collect();
    let outfit = Outfit::of(settings, flows.len(), own);
    tour::tour(namespaces, observer, |tour, stop| {
        let mut bench = Bench::new(outfit, ledger, Some(tour));
        let came = connect::bring_up(flows, &mut bench, (settings.connect, stop))?;
        let (ends, warnings) = bench.clear(|flow| came[flow].is_ok());
        Ok(Up {
            flows: came,
            warnings,
            ends: Own(ends),
        })
    })
}

/// Ends that this process drives itself.
struct Own(Vec<Endpoint>);

impl Drive for Own {
    fn drive(self, trial: &mut Trial<'_>) -> Result<(Measured<Moved>, Vec<Account>)> {
        let driver = trial.settings.driver;
        let field = Field::new(self.0, driver)?;
        trial.flowing();
        let measured = thread::scope(|scope| {
            // Dropped on every way out of this scope, and before it joins: no thread outlives a failure here.
            let halt = driver::Halt::new(driver, &field);
            driver::launch(scope, driver, &field)?;
            // Not before the threads are there, or they would begin with a priority other than the process's.
            let _urgent = Urgent::raise();
            field.gate.open();
            let measured = trial.window();
            drop(halt);
            measured
        })?;
        let accounts = field.endpoints.iter().map(Account::of);
        Ok((measured, accounts.collect()))
    }
}
