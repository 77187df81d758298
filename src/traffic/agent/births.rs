//! What goes on in the nursery: the process that forks agents, and the first acts of each.
//!
//! Must not make threads: a copy of a process with one thread is whole, and may do as it likes. The invariant: an agent is in
//! its groups and its namespace before it says that it was born; and no agent holds anything of another's.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stdin, fork};

use super::inside;
use super::link::Link;
use super::message::{Birth, Born, Death, Deaths, Newborn, Request};
use crate::error::{Error, Result};
use crate::host::cgroup::Removal;
use crate::host::confinement::Confinement;
use crate::host::kin;
use crate::lab::netns;
use crate::traffic::refusal::{Refusal, Step};

/// Serves as a nursery for whoever holds the other end of standard input, until that is closed. Returns in the nursery once
/// all agents have ended, and in each agent at its own end.
///
/// # Errors
/// When standard input is no link, and what an agent fails of.
pub fn nurse() -> Result<()> {
    // Beside the link's end: should this process be stopped just then, it would not hear of that.
    prctl::set_pdeathsig(Signal::SIGCONT)
        .map_err(|errno| Error::kernel("follow", "the lab's process", errno.into()))?;
    let mut ward = Ward::open().map_err(lost)?;
    let end = loop {
        match ward.hear() {
            Ok(Heard::Nothing) => {}
            Ok(Heard::Newborn(agent)) => {
                drop(ward);
                return agent.live();
            }
            Ok(Heard::End) => break Ok(()),
            // The owner may have been killed while it was being answered.
            Err(error) => break Err(lost(error)),
        }
    };
    ward.clear();
    end
}

fn lost(source: io::Error) -> Error {
    Error::kernel("hear from", "the lab's process", source)
}

/// What came of listening once; an agent finds itself in another process than the one that listened.
enum Heard {
    Nothing,
    Newborn(Agent),
    End,
}

/// The nursery's own side.
struct Ward {
    link: Link,
    /// Those that have not been buried, by process, with their containers.
    agents: BTreeMap<i32, u32>,
    deaths: Vec<Death>,
    groups: Option<Removal>,
}

impl Ward {
    fn open() -> io::Result<Self> {
        let link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        // Or every agent would hold the nursery's end of it.
        dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self {
            link: Link::new(link, None)?,
            agents: BTreeMap::new(),
            deaths: Vec::new(),
            groups: None,
        })
    }

    fn hear(&mut self) -> io::Result<Heard> {
        match self.link.hear_with::<Request>() {
            Ok((Request::Birth(birth), descriptors)) => self.bear(birth, descriptors),
            Ok((Request::Roll, _)) => {
                self.bury(WaitPidFlag::WNOHANG);
                self.link.say(&Deaths(self.deaths.clone()))?;
                Ok(Heard::Nothing)
            }
            Ok((Request::Remove(groups), _)) => {
                self.groups = Some(groups);
                Ok(Heard::Nothing)
            }
            Err(error) if inside::is_end(&error) => Ok(Heard::End),
            Err(error) => Err(error),
        }
    }

    #[allow(unsafe_code, reason = "a fork is what a nursery is for")]
    fn bear(&mut self, birth: Birth, descriptors: Vec<OwnedFd>) -> io::Result<Heard> {
        let descriptors: [OwnedFd; 2] = descriptors
            .try_into()
            .map_err(|_| io::Error::other("a birth came without its descriptors"))?;
        let [namespace, link] = descriptors;
        let link = Link::new(UnixStream::from(link), None)?;
        let parent = std::process::id();
        // SAFETY: this process was started for this, and has made no thread, so the copy lacks none and finds no lock taken.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => Ok(Heard::Newborn(Agent {
                birth,
                namespace,
                link,
                parent,
            })),
            Ok(ForkResult::Parent { child }) => {
                self.agents.insert(child.as_raw(), birth.container);
                Ok(Heard::Nothing)
            }
            Err(errno) => {
                let refusal = Refusal::of(Step::Start, &errno.into());
                link.say(&Born(Err(refusal)))?;
                Ok(Heard::Nothing)
            }
        }
    }

    /// Takes note of those that have ended.
    fn bury(&mut self, how: WaitPidFlag) {
        loop {
            let (process, signal) = match waitpid(None, Some(how)) {
                Ok(WaitStatus::Signaled(process, signal, _)) => (process, Some(signal as i32)),
                Ok(WaitStatus::Exited(process, _)) => (process, None),
                Err(Errno::EINTR) => continue,
                Ok(_) | Err(_) => return,
            };
            if let Some(container) = self.agents.remove(&process.as_raw()) {
                self.deaths.push(Death { container, signal });
            }
        }
    }

    /// Ends all who are left, waits until they have, and takes their groups away.
    fn clear(&mut self) {
        self.bury(WaitPidFlag::WNOHANG);
        for process in self.agents.keys() {
            // It fails only for one that has ended meanwhile.
            let _ = kill(Pid::from_raw(*process), Signal::SIGKILL);
        }
        self.bury(WaitPidFlag::empty());
        if let Some(groups) = &self.groups {
            groups.carry_out();
        }
    }
}

/// One that has just been forked.
struct Agent {
    birth: Birth,
    namespace: OwnedFd,
    link: Link,
    parent: u32,
}

impl Agent {
    fn live(self) -> Result<()> {
        kin::follow(self.parent, Signal::SIGKILL)?;
        let born = self.settle();
        let lives = born.is_ok();
        let told = self.link.say(&Born(born));
        match told {
            Ok(()) if lives => inside::attend(&self.link),
            // The refusal was the answer; or there is nobody to answer to.
            _ => Ok(()),
        }
    }

    fn settle(&self) -> Result<Newborn, Refusal> {
        for door in &self.birth.doors {
            fs::write(door, "0").map_err(|source| Refusal::of(Step::JoinGroups, &source))?;
        }
        netns::move_in(&self.namespace)
            .map_err(|source| Refusal::of(Step::EnterNamespace, &source))?;
        // All are made alike, and finding it out takes longer than the rest.
        let first = self.birth.container == 0;
        Ok(Newborn {
            process: std::process::id().cast_signed(),
            confinement: first.then(Confinement::of_self).flatten(),
        })
    }
}
