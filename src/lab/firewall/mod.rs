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
//! | `load` | the tools, one process for each batch |
//!
//! Must not know how labs are raised. The invariant: a rule set is loaded into a namespace of the lab and no other, so
//! that it is gone when the lab is.

pub mod plan;
pub mod site;

mod conntrack;
mod custom;
mod docker;
mod docker_1_12;
mod docker_20_10;
mod docker_29;
mod docker_29_nft;
mod filler;
mod kubernetes;
mod load;
mod profile;
mod table;

use std::fs;

pub use load::find;
pub use plan::{Plan, flow_ports};

use super::netlink::netfilter::Batch;
use super::setup::host::set;
use super::topology::FORWARDING;
use crate::error::{Act, Error, Remedy, Result};
use crate::scenario::rules::Bridged;
use crate::scenario::{Backend, Cell, Family, Firewall, Path};
use profile::Profile;
use site::{Net, Site};
use table::Table;

/// Whether a bridge shows the frames it passes on to the rules of IP, which `br_netfilter` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    /// They pass as if they were routed.
    Shown,
    /// They pass by all rules, as a topology makes its bridges.
    Hidden,
}

/// A batch for one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// For `nft`.
    Nft(String),
    /// For `iptables-restore`, or `ip6tables-restore`.
    Restore(Family, String),
}

impl Script {
    /// What the tool reads.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Nft(text) | Self::Restore(_, text) => text,
        }
    }

    /// What takes the script's rules away again, and lets everything pass.
    fn lifted(&self) -> Self {
        match self {
            Self::Nft(_) => Self::Nft("flush ruleset\n".to_owned()),
            Self::Restore(family, text) => Self::Restore(*family, emptied(text)),
        }
    }
}

/// The tables of a text with their own chains and nothing in them: a restore empties what it names.
fn emptied(text: &str) -> String {
    let kept = text
        .lines()
        .filter_map(|line| match line.strip_prefix(':') {
            Some(chain) => {
                let (name, policy) = chain.split_once(' ')?;
                (!policy.starts_with('-')).then(|| format!(":{name} ACCEPT [0:0]\n"))
            }
            None => (line.starts_with('*') || line == "COMMIT").then(|| format!("{line}\n")),
        });
    kept.collect()
}

/// What a host side is to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruleset {
    whose: Firewall,
    backend: Backend,
    /// Whether packets between containers of one bridge meet the rules.
    pub frames: Frames,
    /// Whether the host side is made a router, as whoever brings the rules does.
    pub forwarding: bool,
    /// The batches, in their order.
    pub scripts: Vec<Script>,
}

impl Ruleset {
    /// The rules of a cell for one host side.
    ///
    /// # Errors
    /// When a rule set of the user's own cannot be read, and when a profile would load nothing for this host side.
    pub fn of(cell: &Cell, site: &Site) -> Result<Self> {
        let backend = cell.rules.backend.unwrap_or(Backend::Nft);
        let mut scripts = match Profile::of(cell.firewall) {
            Profile::Nft(table) => {
                let tables = site.nets.iter().map(|net| table(site, net));
                vec![Script::Nft(tables.collect())]
            }
            Profile::File => {
                custom::scripts(cell.rules.ruleset.as_deref().unwrap_or_default(), site)?
            }
            // Tables are those of a back end, with what matches nothing among them; containers have theirs by themselves.
            Profile::Tables(..) | Profile::Inside(_) | Profile::Without => Vec::new(),
        };
        match backend {
            Backend::Nft => scripts.extend(nft_filler(cell, site)),
            Backend::IptablesNft | Backend::IptablesLegacy => {
                scripts.extend(site.nets.iter().filter_map(|net| restore(cell, site, net)));
            }
        }
        if scripts.is_empty() && cell.firewall.needs_host_side() {
            return Err(loads_nothing(cell.firewall));
        }
        Ok(Self {
            whose: cell.firewall,
            backend,
            frames: frames(cell),
            forwarding: cell.firewall.needs_host_side(),
            scripts,
        })
    }

    /// What loads the batches that are iptables'.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Sets up the host side in which the calling thread is.
    ///
    /// # Errors
    /// When a tool is absent or complains, and where the kernel cannot show bridged frames to rules.
    pub(super) fn load(&self) -> Result<()> {
        if self.frames == Frames::Shown {
            show_frames()?;
        }
        if self.forwarding {
            forward()?;
        }
        let whose = self.whose.to_string();
        self.scripts
            .iter()
            .try_for_each(|script| load::load(script, self.backend, &whose))
    }

    /// Takes the rules away again in the host side in which the calling thread is, to see what they were to blame for.
    ///
    /// # Errors
    /// When a tool complains.
    pub(super) fn lift(&self) -> Result<()> {
        let whose = self.whose.to_string();
        self.scripts
            .iter()
            .try_for_each(|script| load::load(&script.lifted(), self.backend, &whose))
    }
}

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

/// Whether the rules are such as bridged frames have to be shown to: where the real thing loads `br_netfilter`, and where
/// rules would otherwise be met by no packet. Docker does from 27.3 on only without its proxy.
#[must_use]
pub fn frames(cell: &Cell) -> Frames {
    let shown = match cell.firewall.facts().bridged {
        Bridged::Unseen => false,
        Bridged::OfHairpins => cell.path == Path::Hairpin,
        Bridged::Seen => true,
    };
    if shown || cell.rules.filler.is_some() {
        Frames::Shown
    } else {
        Frames::Hidden
    }
}

/// A curve under the name of rules that are not there would be a lie.
fn loads_nothing(firewall: Firewall) -> Error {
    let reason = "it has none for the protocols of this lab";
    Error::refused("load", format!("the rules of {firewall}"), reason)
        .with_remedy(Remedy::DualStack)
}

/// The iptables tables of one protocol; none where the profile has none of it.
fn restore(cell: &Cell, site: &Site, net: &Net) -> Option<Script> {
    let mut tables = match Profile::of(cell.firewall) {
        Profile::Tables(tables) if cell.firewall.families().contains(&net.family) => {
            tables(site, net)
        }
        Profile::Tables(..)
        | Profile::Nft(_)
        | Profile::File
        | Profile::Inside(_)
        | Profile::Without => Vec::new(),
    };
    if let Some(filler) = cell.rules.filler() {
        filler::put_first(filler, net.family, &mut tables);
    }
    let text: String = tables.iter().map(Table::to_string).collect();
    (!text.is_empty()).then_some(Script::Restore(net.family, text))
}

fn nft_filler(cell: &Cell, site: &Site) -> Option<Script> {
    let filler = cell.rules.filler()?;
    let tables = site.nets.iter().map(|net| filler::nft(filler, net.family));
    Some(Script::Nft(tables.collect()))
}

/// Shows bridged frames to the rules of IP.
///
/// # Errors
/// Where the kernel cannot.
fn show_frames() -> Result<()> {
    for name in ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"] {
        fs::write(format!("/proc/sys/net/bridge/{name}"), "1").map_err(|source| {
            let object = format!("net.bridge.{name} of a host side");
            Error::kernel(Act::ShowFrames, object, source)
        })?;
    }
    Ok(())
}

/// Makes a router of the host side; a kernel without IPv6 has only half to turn on.
fn forward() -> Result<()> {
    FORWARDING
        .iter()
        .try_for_each(|file| set(file, "1", "a host side"))
}

#[cfg(test)]
mod tests;
