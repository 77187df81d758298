//! The agent itself, inside a container.
//!
//! Must not know why it is asked for anything. The invariant: it does as it is told, in one order, and ends when the link
//! does, its threads with it.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use super::crew;
use super::link::Link;
use super::message::{Accounts, Hello, Launched, Order, Report, Start, Stop, Stopped};
use crate::error::{Error, Result};
use crate::host::confinement::Confinement;
use crate::scenario::Driver;
use crate::traffic::account::Account;
use crate::traffic::bench::{Bench, Outfit};
use crate::traffic::connect::Hands;
use crate::traffic::driver::{Halt, launch};
use crate::traffic::field::Field;
use crate::traffic::flow::places;
use crate::traffic::ledger::Ledger;

/// Reports for duty as the agent of `container` to the muster in `directory`, and serves one trial. Returns when the
/// owner of the crew has no more use of it, or is no more.
///
/// # Errors
/// When nobody musters there, and when the kernel refuses what the drivers need.
pub fn serve(directory: &Path, container: u32) -> Result<()> {
    let link = report(directory, container)
        .map_err(|source| Error::kernel("report to", directory.display().to_string(), source))?;
    attend(&link)
}

/// Serves one trial for whoever is at the other end.
///
/// # Errors
/// When the kernel refuses what the drivers need.
pub(super) fn attend(link: &Link) -> Result<()> {
    match work(link) {
        Err(Failure::Link(error)) if is_end(&error) => Ok(()),
        Err(Failure::Link(error)) => Err(Error::kernel("hear from", "the crew's owner", error)),
        Err(Failure::Work(error)) => Err(error),
        Ok(()) => Ok(()),
    }
}

fn report(directory: &Path, container: u32) -> io::Result<Link> {
    let devices = File::open("/proc/thread-self/net/dev")?;
    let namespace = File::open("/proc/thread-self/ns/net")?;
    let link = Link::new(UnixStream::connect(crew::socket_in(directory))?, None)?;
    let hello = Hello {
        container,
        confinement: Confinement::of_self(),
    };
    link.say_with(&hello, &[devices.as_fd(), namespace.as_fd()])?;
    Ok(link)
}

/// Why an agent does not go on.
enum Failure {
    /// The link ended or was garbled.
    Link(io::Error),
    Work(Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Link(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Work(error)
    }
}

fn work(link: &Link) -> Result<(), Failure> {
    let (outfit, descriptors) = link.hear_with::<Outfit>()?;
    let file = descriptors.into_iter().next();
    let file = file.ok_or_else(|| io::Error::other("no counters came with the outfit"))?;
    let ledger = Ledger::join(file, places(outfit.planned))?;
    let driver = outfit.driver;
    let mut bench = Bench::new(outfit, &ledger, None);
    let up = bring_up(link, &mut bench)?;
    let (endpoints, warnings) = bench.clear(|flow| up.contains(&flow));
    let field = Field::new(endpoints, driver)?;
    drive(link, &field, driver, &Launched { warnings })?;
    link.hear::<Report>()?;
    let accounts = field.endpoints.iter().map(Account::of);
    link.say(&Accounts(accounts.collect()))?;
    // The sockets stay until everybody has given an account: an end that closed first would reset the other's.
    Ok(link.hear()?)
}

/// Takes the steps that are asked for, until it is said which flows have come up.
fn bring_up(link: &Link, bench: &mut Bench<'_>) -> Result<HashSet<usize>, Failure> {
    loop {
        match link.hear::<Order>()? {
            Order::Listen(flows) => link.say(&bench.listen(&flows)?)?,
            Order::Call(calls) => link.say(&bench.call(&calls)?)?,
            Order::Accept(flows) => link.say(&bench.accept(&flows)?)?,
            Order::Launch(flows) => return Ok(flows.into_iter().collect()),
        }
    }
}

/// Has the endpoints driven from Start to Stop.
fn drive(link: &Link, field: &Field, driver: Driver, launched: &Launched) -> Result<(), Failure> {
    thread::scope(|scope| {
        // Dropped on every way out of this scope, and before it joins: an agent whose link ends stops driving.
        let _halt = Halt::new(driver, field);
        launch(scope, driver, field)?;
        link.say(launched)?;
        link.hear::<Start>()?;
        field.gate.open();
        Ok::<_, Failure>(link.hear::<Stop>().map(drop)?)
    })?;
    Ok(link.say(&Stopped)?)
}

/// Whether the other end is gone, however it went.
pub(super) fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}
