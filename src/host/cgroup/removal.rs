//! What takes the groups of a nest away: in the process that made them, or in one that outlives it.
//!
//! Must not know what they are for. The invariant: what is not there need not be removed, so that several may try; and what is still
//! in use stays, and is found as a leftover later.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::delegation::Delegation;
use super::leftovers;

/// See the file's head.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Removal {
    /// The nest's own folders, each once.
    pub(super) roots: Vec<PathBuf>,
    pub(super) containers: u32,
    pub(super) delegation: Option<Delegation>,
}

impl Removal {
    /// Removes the groups of all containers, takes back what was passed on to them, and removes what they were in.
    pub fn carry_out(&self) {
        for root in &self.roots {
            for container in 0..self.containers {
                let _ = fs::remove_dir(root.join(name(container)));
            }
        }
        if let Some(delegation) = &self.delegation {
            delegation.end();
        }
        for root in &self.roots {
            let _ = leftovers::remove_tree(root);
        }
    }
}

/// What the group of a container is called.
pub(super) fn name(container: u32) -> String {
    format!("c{container:05}")
}
