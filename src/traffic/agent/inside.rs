//! The agent itself, inside a container.
//!
//! Must not know why it is asked for anything. The invariant: it does as it is told, in one order, and ends when the link
//! does, its threads with it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use super::bench::Bench;
use super::crew;
use super::link::Link;
use super::message::{
    Accepted, Accepts, Accounts, Called, Calls, Hello, Listening, Outfit, Report, Start, Stop,
    Stopped,
};
use crate::error::{Error, Result};
use crate::host::confinement::Confinement;
use crate::traffic::account::Account;
use crate::traffic::driver;
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
    let ledger = Ledger::join(file, places(outfit.flows))?;
    let mut bench = Bench::new(&outfit, &ledger);
    link.say(&Listening(bench.listen()))?;
    let calls = link.hear::<Calls>()?;
    link.say(&Called(bench.call(&calls)))?;
    let flows = bench.accept(&link.hear::<Accepts>()?);
    let (endpoints, warnings) = bench.clear();
    let field = Field::new(endpoints, outfit.driver)?;
    drive(link, &field, &outfit, &Accepted { flows, warnings })?;
    link.hear::<Report>()?;
    let accounts = field.endpoints.iter().map(Account::of);
    link.say(&Accounts(accounts.collect()))?;
    // The sockets stay until everybody has given an account: an end that closed first would reset the other's.
    Ok(link.hear()?)
}

/// Has the endpoints driven from Start to Stop.
fn drive(link: &Link, field: &Field, outfit: &Outfit, accepted: &Accepted) -> Result<(), Failure> {
    thread::scope(|scope| {
        // Dropped on every way out of this scope, and before it joins: an agent whose link ends stops driving.
        let _halt = driver::Halt::new(outfit.driver, field);
        driver::launch(scope, outfit.driver, field)?;
        link.say(accepted)?;
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
