//! What one host side is given: its batches of rules, and what the kernel is told before they are loaded.
//!
//! Must not know how labs are raised. The invariant: rules that a cell asks for are loaded, or it is an error.

use std::fs;

use super::profile::Profile;
use super::script::Script;
use super::site::{Net, Site};
use super::table::Table;
use super::{custom, filler, load};
use crate::error::{Act, Error, Remedy, Result};
use crate::lab::sysctl;
use crate::lab::topology::FORWARDING;
use crate::scenario::rules::Bridged;
use crate::scenario::{Backend, Cell, Filler, Firewall, Path};

/// Whether a bridge shows the frames it passes on to the rules of IP, which `br_netfilter` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    /// They pass as if they were routed.
    Shown,
    /// They pass by all rules, as a topology makes its bridges.
    Hidden,
}

/// What a host side is to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruleset {
    /// Which profile's they are.
    pub(super) whose: Firewall,
    /// What loads the batches that are iptables'.
    pub(in crate::lab) backend: Backend,
    /// Those among the rules that match nothing.
    pub(in crate::lab) filler: Option<Filler>,
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
            filler: cell.rules.filler(),
            frames: frames(cell),
            forwarding: cell.firewall.needs_host_side(),
            scripts,
        })
    }

    /// Sets up the host side in which the calling thread is.
    ///
    /// # Errors
    /// When a tool is absent or complains, and where the kernel cannot show bridged frames to rules.
    pub(in crate::lab) fn load(&self) -> Result<()> {
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
    pub(in crate::lab) fn lift(&self) -> Result<()> {
        let whose = self.whose.to_string();
        self.scripts
            .iter()
            .try_for_each(|script| load::load(&script.lifted(), self.backend, &whose))
    }
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
        .try_for_each(|file| sysctl::set(file, "1", "a host side"))
}
