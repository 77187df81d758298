//! The rules of a lab: one profile a file, each a pure function from a plain description to a rule set, and what loads it.
//!
//! | file | one thing |
//! |---|---|
//! | `site` | what a rule set is drawn for |
//! | `table` | an iptables table as it is written |
//! | `docker_*`, `kubernetes`, `conntrack`, `custom` | profiles |
//! | `profile` | which of them writes what |
//! | `docker` | what Docker's versions share |
//! | `filler` | rules that nothing matches |
//! | `script`, `ruleset` | a batch for one tool; what one host side is given |
//! | `counts` | what rules have counted |
//! | `load` | the tools, one process for each batch |
//!
//! Must not know how labs are raised. The invariant: a rule set is loaded into a namespace of the lab and no other, so
//! that it is gone when the lab is.

pub mod plan;
pub mod site;

mod conntrack;
pub(in crate::lab) mod counts;
mod custom;
mod docker;
mod docker_1_12;
mod docker_20_10;
mod docker_29;
mod docker_29_nft;
mod filler;
mod kubernetes;
mod kubernetes_nft;
mod load;
mod profile;
mod ruleset;
mod script;
mod table;

pub use plan::{Plan, flow_ports};
pub use ruleset::{Frames, Ruleset, frames};
pub use script::Script;

use crate::error::Result;
use crate::scenario::{Backend, Cell};
use profile::Profile;

/// What the rules of a cell are loaded by; nothing where there are none, or where a container is given its own.
///
/// # Errors
/// When a rule set of the user's own cannot be read, has no rules, or has a name that nothing of the lab stands behind.
pub fn loaders(cell: &Cell) -> Result<Vec<Backend>> {
    let backend = cell.rules.backend.unwrap_or(Backend::Nft);
    let of_profile = match Profile::of(cell.firewall) {
        Profile::Tables(..) | Profile::Nft(_) => Some(backend),
        Profile::File => {
            let is_for_nft = custom::is_for_nft(cell)?;
            Some(match backend {
                _ if is_for_nft => Backend::Nft,
                // What iptables-save writes is read over the newer tables unless the older are asked for.
                Backend::Nft | Backend::IptablesNft => Backend::IptablesNft,
                Backend::IptablesLegacy => Backend::IptablesLegacy,
            })
        }
        Profile::Inside(_) | Profile::Without => None,
    };
    let of_filler = cell.rules.filler.is_some().then_some(backend);
    Ok(of_profile.into_iter().chain(of_filler).collect())
}

#[cfg(test)]
mod tests;
