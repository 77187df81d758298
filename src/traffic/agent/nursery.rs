//! The nursery: a small process that agents are forked from, one for each container of a lab, as its owner has it.
//!
//! Must not know what control groups mean: a group is a file to be written to. The invariant: whoever was born in the nursery
//! ends with it, and it ends with its owner, however that ends, and leaves none of their groups; when it is dropped, all have ended.
//!
//! A process with many threads cannot fork and go on, since a lock that another thread held stays locked for ever in the copy;
//! and starting this program anew for each container would cost its start and its memory each time. So it is started once.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::crew::Crew;
use super::link::Link;
use super::message::{Birth, Born, Death, Deaths, Request};
use crate::error::{Act, Error, Remedy, Result};
use crate::host::cgroup::Removal;

/// How long the nursery may take over what it was asked for, and an agent over being born.
const PATIENCE: Duration = Duration::from_secs(20);

/// The verb of this program that is a nursery.
const VERB: &str = "nursery";

/// An agent to be: where it will live.
#[derive(Debug)]
pub struct Cradle<'a> {
    /// The network namespace.
    pub namespace: BorrowedFd<'a>,
    /// Files that a process writes 0 to in order to join its control groups.
    pub doors: Vec<PathBuf>,
}

/// See the file's head.
#[derive(Debug)]
pub struct Nursery {
    process: Child,
    link: Link,
}

impl Nursery {
    /// Starts one, which takes `groups` away at its end: this process may be killed before it can.
    ///
    /// # Errors
    /// When this program cannot be started again.
    pub fn open(groups: &Removal) -> Result<Self> {
        let opened = Self::run(Command::new("/proc/self/exe").arg(VERB)).and_then(|nursery| {
            nursery.link.say(&Request::Remove(groups.clone()))?;
            Ok(nursery)
        });
        opened.map_err(|source| Error::kernel(Act::Start, "the nursery of processes", source))
    }

    /// Starts one by another program than this, which tests want.
    pub(crate) fn run(command: &mut Command) -> io::Result<Self> {
        let (own, theirs) = UnixStream::pair()?;
        let process = command
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self {
            process,
            link: Link::new(own, Some(PATIENCE))?,
        })
    }

    /// Has an agent born for each cradle, all at once, and waits until all are ready. `stop` is asked several times a second,
    /// and its error ends the wait.
    ///
    /// # Errors
    /// That of `stop`; and what kept one from being born.
    pub fn bear(&self, cradles: &[Cradle<'_>], stop: &dyn Fn() -> Result<()>) -> Result<Crew> {
        let mut links = Vec::with_capacity(cradles.len());
        for (container, cradle) in (0..).zip(cradles) {
            links.push(
                self.conceive(container, cradle)
                    .map_err(|source| Error::kernel(Act::Start, process_of(container), source))?,
            );
        }
        let deadline = Instant::now() + PATIENCE;
        let mut crew = Crew::of_links(links);
        for container in 0..crew.len() {
            match crew.hear::<Born>(container, deadline, stop)?.0 {
                Ok(newborn) => crew.welcome(container, newborn),
                Err(refusal) => return Err(refusal.error(process_of(container))),
            }
        }
        Ok(crew)
    }

    fn conceive(&self, container: u32, cradle: &Cradle<'_>) -> io::Result<Link> {
        let (own, theirs) = UnixStream::pair()?;
        let birth = Request::Birth(Birth {
            container,
            doors: cradle.doors.clone(),
        });
        self.link
            .say_with(&birth, &[cradle.namespace, theirs.as_fd()])?;
        Link::new(own, Some(PATIENCE))
    }

    /// Who has died so far, and of what.
    ///
    /// # Errors
    /// When the nursery itself is gone.
    pub fn deaths(&self) -> Result<Vec<Death>> {
        let asked = self.link.say(&Request::Roll);
        let answer = asked.and_then(|()| self.link.hear::<Deaths>());
        answer.map(|deaths| deaths.0).map_err(|_| {
            Error::refused("ask", "the nursery of processes", "it has ended")
                .with_remedy(Remedy::SeeWhoKilledAll)
        })
    }

    /// Its number as a process.
    #[must_use]
    pub fn process(&self) -> i32 {
        self.process.id().cast_signed()
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        self.link.end();
        // It fails only for a process that was waited for.
        let _ = self.process.wait();
    }
}

fn process_of(container: u32) -> String {
    format!("the process of container {container}")
}
