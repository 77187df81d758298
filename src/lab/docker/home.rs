//! The network namespace in which an engine joins its containers, and publishes their ports.
//!
//! Must not know containers. The invariant: a namespace is the engine's where it shows that it is, by an address that the containers
//! have for their gateway, or by being one that they are in; what only might be is none.

use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};

use super::Engine;
use crate::error::{Error, Result};
use crate::lab::existing::Existing;
use crate::lab::netns;

/// See the file's head.
#[derive(Debug)]
pub struct Home {
    namespace: Existing,
    process: i32,
}

impl Home {
    /// That of the process which listens for the engine.
    ///
    /// # Errors
    /// When that cannot be seen, and when its namespace may not be entered.
    pub fn of(engine: &Engine) -> Result<Self> {
        let process = engine.process()?;
        let namespace = Existing::find(&process.to_string())?;
        Ok(Self { namespace, process })
    }

    /// The same, once containers are there that tell whether it is theirs: by the `gateways` that they have, or by the namespaces
    /// that they are in.
    ///
    /// # Errors
    /// When it is not.
    pub fn proven(self, gateways: &[IpAddr], containers: &[BorrowedFd<'_>]) -> Result<Self> {
        // Some addresses came with the containers.
        let now = Existing::find(&self.process.to_string())?;
        let own = self.namespace.identity()?;
        let holds = |it: &BorrowedFd<'_>| netns::identity(it).ok() == Some(own);
        let is_theirs = gateways.iter().any(|it| now.has(*it)) || containers.iter().any(holds);
        if is_theirs && now.identity()? == own {
            return Ok(self);
        }
        let object = "the namespace in which the engine joins its containers";
        let reason = format!(
            "it is not that of process {}, which listens for the engine",
            self.process
        );
        Err(Error::refused("find", object, reason))
    }

    /// The number that tells it apart.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn identity(&self) -> Result<u64> {
        self.namespace.identity()
    }
}

impl AsFd for Home {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }
}
