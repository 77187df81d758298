//! Traffic: flows brought up between containers, driven all at once, and counted over one common window.
//!
//! ```text
//! plans -> connect -> [Field of flows] -> driver moves bytes ... window reads counters -> witness -> Outcome
//! ```
//!
//! | file | one thing |
//! |---|---|
//! | `connect` | sockets made inside the namespaces, connected, accepted |
//! | `socket` | how one is made: options first, then the address |
//! | `dialer` | what makes one connection after another |
//! | `flow` | an endpoint and its counter; the field of all of them |
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
mod flow;
mod gate;
pub mod generator;
mod ledger;
mod messages;
mod moment;
mod numbered;
mod outcome;
mod priority;
mod socket;
mod window;
mod witness;
mod workload;

use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant};

pub use dials::{Dials, Ends, Tallies};
pub use numbered::Datagrams;
pub use outcome::{Buffered, FlowOutcome, FlowStatus, Outcome, Uncopied};
pub use window::{Sample, Window};

use crate::error::Result;
use crate::scenario::{Buffers, Congestion, Driver, Load, Orders, Workload};
use account::Account;
use flow::{Field, places};
use ledger::Ledger;
use outcome::{Finished, FlowName, Roll};
use priority::Urgent;
use window::{Counters, Measured};

/// How long the controlling thread waits at most before it asks again whether to end early.
const PATIENCE: Duration = Duration::from_millis(50);

/// One end of a flow: a container, the namespace it lives in, and its address there.
#[derive(Debug, Clone, Copy)]
pub struct Seat<'a> {
    /// Number of the container, from 0.
    pub container: u32,
    /// The namespace its sockets are made in.
    pub namespace: BorrowedFd<'a>,
    /// The address it sends from or listens on.
    pub address: IpAddr,
}

/// A flow to be brought up: `client` sends, `server` receives.
#[derive(Debug, Clone, Copy)]
pub struct FlowPlan<'a> {
    /// Pair, from 0.
    pub pair: u32,
    /// Stream of the pair, from 0.
    pub stream: u32,
    /// Who sends.
    pub client: Seat<'a>,
    /// Who receives.
    pub server: Seat<'a>,
    /// Where the client calls, when that is not at the server's own address.
    pub door: Option<Door>,
    /// What it does, where that is not what the settings say.
    pub orders: Option<Orders>,
}

/// A published port that a flow goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// Where the client calls.
    pub call: SocketAddr,
    /// The port of the server that this leads to.
    pub listen: u16,
}

/// How the flows of a trial are made, driven and measured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What runs the flows.
    pub driver: Driver,
    /// What the flows do, all but those that have orders of their own.
    pub workload: Workload,
    /// Bytes of a message from client to server, at least 1; what UDP carries where it is a datagram.
    pub message_bytes: u32,
    /// What is asked of them beside that.
    pub load: Load,
    /// Congestion control to ask for.
    pub congestion: Congestion,
    /// Socket buffers to ask for.
    pub buffers: Buffers,
    /// How long the flows run before the window opens.
    pub warmup: Duration,
    /// Length of the window.
    pub measure: Duration,
    /// Length of a sample; the window is one sample where this is longer.
    pub sample: Duration,
    /// How long bringing all flows up may take.
    pub connect: Duration,
}

impl FlowPlan<'_> {
    fn orders(&self, settings: &Settings) -> Orders {
        self.orders.unwrap_or(settings.orders())
    }
}

impl Settings {
    fn orders(&self) -> Orders {
        Orders {
            workload: self.workload,
            message_bytes: self.message_bytes,
            load: self.load,
        }
    }
}

/// Hooks around the window, called on the thread that called [`run`]. They should be quick: the flows are running.
pub trait Observer {
    /// The flows are up and begin to move. The dials may be read from any thread, until the trial ends.
    fn flowing(&mut self, _dials: Dials) {}
    /// Just before the snapshot that opens the window.
    fn before_window(&mut self);
    /// Just after the snapshot that closes the window.
    fn after_window(&mut self);
    /// A sample ended: the goodput of all flows during it, and the time since the window opened.
    fn sample(&mut self, goodput_bps: f64, elapsed: Duration);
    /// Asked at least every 100 ms while waiting; `true` ends the trial with [`Error::Interrupted`].
    ///
    /// [`Error::Interrupted`]: crate::Error::Interrupted
    fn interrupted(&self) -> bool;
}

/// Whether a flow can be brought up at all. It is closed again at once.
///
/// # Errors
/// [`Error::Interrupted`] when the observer says so, and where the thread or the way home cannot be had.
///
/// [`Error::Interrupted`]: crate::Error::Interrupted
pub fn connects(plan: FlowPlan<'_>, settings: &Settings, observer: &dyn Observer) -> Result<bool> {
    let connected = connect::connect(&[plan], settings, observer)?;
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
    plans: &[FlowPlan<'_>],
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let began = Instant::now();
    let connected = connect::connect(plans, settings, observer)?;
    let connect = began.elapsed();
    let names = plans.iter().map(|plan| FlowName::of(plan, settings));
    let names: Vec<_> = names.collect();
    let (present, roll) = Roll::call(names.clone(), connected.flows, connected.warnings)?;
    let ledger = Ledger::create(places(plans.len()))?;
    let endpoints = present
        .into_iter()
        .flat_map(|(flow, sockets)| sockets.endpoints((flow, names[flow].orders), &ledger));
    let field = Field::new(endpoints.collect(), settings.driver)?;
    let counters = Counters {
        ledger: &ledger,
        flows: plans.len(),
    };
    observer.flowing(Dials::new(&ledger, &names));
    let measured = drive(&field, counters, settings, observer)?;
    Ok(roll.outcome(Finished {
        measured,
        accounts: field.endpoints.iter().map(Account::of).collect(),
        ledger: &ledger,
        connect,
    }))
}

/// Drives the flows while a window is measured. On return nothing drives them any more.
fn drive(
    field: &Field,
    counters: Counters<'_>,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Measured> {
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
