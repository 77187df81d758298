//! The crew: the agents of all containers, as their owner has them.
//!
//! Must not know flows. The invariant: an agent that is gone is found out by its link, and dropping the crew ends all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::link::Link;
use super::message::{Hello, Newborn};
use crate::error::{Error, Remedy, Result};
use crate::host::confinement::Confinement;
use crate::traffic::plan::PATIENCE;

/// How long an agent may take over the rest of a message that it has begun.
const FRAME_LIMIT: Duration = Duration::from_secs(10);

/// The socket of a muster, in its directory.
pub(super) fn socket_in(directory: &Path) -> PathBuf {
    directory.join("muster")
}

/// Where agents report.
#[derive(Debug)]
pub struct Muster {
    listener: UnixListener,
    socket: PathBuf,
}

impl Muster {
    /// Waits for agents in `directory`, from now on.
    ///
    /// # Errors
    /// When no socket can be made there.
    pub fn open(directory: &Path) -> Result<Self> {
        let socket = socket_in(directory);
        let open = || {
            let listener = UnixListener::bind(&socket)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = open()
            .map_err(|source| Error::kernel("listen on", socket.display().to_string(), source))?;
        Ok(Self { listener, socket })
    }

    /// Waits until the agents of `containers` containers, numbered from 0, have reported. `stop` is asked several times a
    /// second, and its error ends the wait.
    ///
    /// # Errors
    /// That of `stop`; when not all have reported by the deadline; and when one says what cannot be.
    pub fn gather(
        &self,
        containers: u32,
        deadline: Instant,
        stop: &dyn Fn() -> Result<()>,
    ) -> Result<Crew> {
        let mut agents = BTreeMap::new();
        while agents.len() < containers as usize {
            stop()?;
            if Instant::now() >= deadline {
                let reason = format!("{} of {containers} have reported", agents.len());
                return Err(Error::refused("muster", "the agents in containers", reason));
            }
            if readable(self.listener.as_fd(), deadline)
                .map_err(|source| Error::kernel("wait for", "agents", source))?
            {
                let (number, agent) = self
                    .admit()
                    .map_err(|source| Error::kernel("admit", "an agent", source))?;
                agents.insert(number, agent);
            }
        }
        if agents.keys().copied().ne(0..containers) {
            return Err(Error::refused(
                "muster",
                "the agents in containers",
                "they are misnumbered",
            ));
        }
        Ok(Crew {
            agents: agents.into_values().collect(),
        })
    }

    fn admit(&self) -> io::Result<(u32, Agent)> {
        let (stream, _) = self.listener.accept()?;
        let link = Link::new(stream, Some(FRAME_LIMIT))?;
        let (hello, descriptors) = link.hear_with::<Hello>()?;
        let descriptors: [OwnedFd; 2] = descriptors
            .try_into()
            .map_err(|_| io::Error::other("an agent came without its descriptors"))?;
        let [devices, namespace] = descriptors;
        let agent = Agent {
            process: link.peer(),
            link,
            place: Some(Place {
                devices: devices.into(),
                namespace,
            }),
            confinement: hello.confinement,
        };
        Ok((hello.container, agent))
    }
}

impl Drop for Muster {
    fn drop(&mut self) {
        // Whoever removed it before has done the same.
        let _ = fs::remove_file(&self.socket);
    }
}

#[derive(Debug)]
struct Agent {
    link: Link,
    /// Its number as this process sees it.
    process: Option<i32>,
    /// Absent of those whose place their owner has made.
    place: Option<Place>,
    confinement: Option<Confinement>,
}

/// Where an agent has found itself.
#[derive(Debug)]
struct Place {
    devices: File,
    namespace: OwnedFd,
}

/// The agents, by container.
#[derive(Debug)]
pub struct Crew {
    agents: Vec<Agent>,
}

impl Crew {
    /// Agents at the other ends of these, that have said nothing yet.
    pub(super) fn of_links(links: Vec<Link>) -> Self {
        let agent = |link| Agent {
            link,
            process: None,
            place: None,
            confinement: None,
        };
        Self {
            agents: links.into_iter().map(agent).collect(),
        }
    }

    /// Takes note of what an agent has said of itself.
    pub(super) fn welcome(&mut self, container: u32, newborn: Newborn) {
        let agent = &mut self.agents[container as usize];
        agent.process = Some(newborn.process);
        agent.confinement = newborn.confinement;
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.agents.len()).unwrap_or(u32::MAX)
    }

    /// The interfaces of a container: its `/proc/net/dev`, opened by its agent. It can be read from anywhere, and without
    /// rights over the container.
    ///
    /// # Errors
    /// When descriptors have run out, and of an agent that was born in a nursery.
    pub fn devices(&self, container: u32) -> Result<File> {
        let opened = self.agents[container as usize].place.as_ref();
        let cloned = opened.map_or_else(
            || Err(Errno::EBADF.into()),
            |place| place.devices.try_clone(),
        );
        cloned.map_err(|source| Error::kernel("open", "the interfaces of a container", source))
    }

    /// The agents' processes, by number as this process sees them.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        self.agents.iter().filter_map(|it| it.process).collect()
    }

    /// What holds the first container's agent back, and those of all containers that are made alike; absent where it could
    /// not say.
    #[must_use]
    pub fn confinement(&self) -> Option<Confinement> {
        self.agents.first()?.confinement
    }

    /// The network namespaces that the agents have reported from, by number.
    #[must_use]
    pub fn namespaces(&self) -> Vec<BorrowedFd<'_>> {
        let places = self.agents.iter().filter_map(|it| it.place.as_ref());
        places.map(|place| place.namespace.as_fd()).collect()
    }

    pub(super) fn say(
        &self,
        container: u32,
        message: &impl Serialize,
        beside: &[BorrowedFd<'_>],
    ) -> Result<()> {
        self.agents[container as usize]
            .link
            .say_with(message, beside)
            .map_err(|source| gone("tell the agent of", container, source))
    }

    /// What an agent says next, waited for until the deadline. `stop` is asked while waiting, and its error ends the wait.
    pub(super) fn hear<T: DeserializeOwned>(
        &self,
        container: u32,
        deadline: Instant,
        stop: &dyn Fn() -> Result<()>,
    ) -> Result<T> {
        let link = &self.agents[container as usize].link;
        let failed = |source| gone("hear the agent of", container, source);
        while !readable(link.as_fd(), deadline).map_err(failed)? {
            stop()?;
            if Instant::now() >= deadline {
                return Err(failed(Errno::ETIMEDOUT.into()));
            }
        }
        link.hear().map_err(failed)
    }
}

fn gone(act: &str, container: u32, source: io::Error) -> Error {
    let lost = matches!(
        source.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    );
    let object = format!("container {container}");
    if lost {
        Error::refused(act, object, "it has ended").with_remedy(Remedy::SeeWhyItEnded)
    } else {
        Error::kernel(act, object, source)
    }
}

/// Waits a little; whether there is something to be read.
fn readable(descriptor: BorrowedFd<'_>, deadline: Instant) -> io::Result<bool> {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = PollTimeout::try_from(left.min(PATIENCE)).unwrap_or(PollTimeout::ZERO);
    match poll(&mut [PollFd::new(descriptor, PollFlags::POLLIN)], timeout) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
