//! Who has to know whom: the two of every pair, whichever of them sends.

use crate::scenario::{Cell, pairs};

/// For each container those that it talks to.
pub(super) struct Contacts(Vec<Vec<u32>>);

impl Contacts {
    pub(super) fn of(cell: &Cell) -> Self {
        let mut of_each = vec![Vec::new(); cell.containers as usize];
        for (client, server) in pairs(cell) {
            of_each[client as usize].push(server);
            of_each[server as usize].push(client);
        }
        for contacts in &mut of_each {
            contacts.sort_unstable();
            contacts.dedup();
        }
        Self(of_each)
    }

    /// Those that a container talks to, each once.
    pub(super) fn of_container(&self, container: u32) -> &[u32] {
        &self.0[container as usize]
    }

    /// Whether a container has somebody to talk to.
    pub(super) fn any(&self, container: u32) -> bool {
        !self.of_container(container).is_empty()
    }
}
