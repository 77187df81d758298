//! Containers that were there before, and will be after: nothing is set up, nothing torn down.
//!
//! Must not know how they were found. The invariant: sockets made inside them are all that is ever added, and they are gone
//! with the trial.

use std::os::fd::AsFd;

use super::bench::Bench;
use super::watched::{Before, Containers};
use super::{Measurement, TrialPlan, Watch};
use crate::error::{Error, Result};
use crate::host::confinement::Confinement;
use crate::host::counters::{HostSide, Sides, TcpMemory};
use crate::lab::existing::{Existing, Leads, Spot};
use crate::lab::netns::{self, Namespace};
use crate::lab::tracking::Tracking;
use crate::lab::witness::Witness;
use crate::scenario::Cell;
use crate::traffic::{self, Flow, Seat};

/// Pairs of containers that exist: the first of each sends to the second.
#[derive(Debug)]
pub(super) struct Attached {
    places: Vec<Existing>,
}

/// What is known of them as a trial begins.
#[derive(Debug)]
pub struct AttachedLab {
    before: Before,
    home: Home,
}

/// Where the other ends of their interfaces are.
#[derive(Debug)]
enum Home {
    /// With each other, or nowhere.
    None,
    /// In the namespace of this process, which is what joins them.
    Own(Namespace),
    /// In one that is not known.
    Unknown,
}

impl Attached {
    /// Numbered as they come.
    pub(super) fn new(places: Vec<Existing>) -> Self {
        Self { places }
    }

    /// Looks at them before a trial.
    pub(super) fn setup(&self, cell: &Cell) -> Result<AttachedLab> {
        let namespaces: Vec<_> = self.places.iter().map(AsFd::as_fd).collect();
        Ok(AttachedLab {
            before: Before::of(&namespaces)?,
            home: self.home(cell)?,
        })
    }

    /// The namespace that joins them, where that is this process's own: others cannot be entered by what a link tells of them.
    fn home(&self, cell: &Cell) -> Result<Home> {
        let own = Namespace::current()
            .map_err(|source| Error::kernel("open", "the thread's own namespace", source))?;
        let itself = netns::identity(&own)?;
        let mut elsewhere = false;
        for (pair, spots) in self.places.chunks_exact(2).zip(self.pairs(cell)?) {
            if pair[0].identity()? == itself || pair[1].identity()? == itself {
                // What it counts is counted as a container's.
                continue;
            }
            for (place, other) in [(0, 1), (1, 0)] {
                let known = [pair[other].as_fd(), own.as_fd()];
                match pair[place].leads(&spots[place].interface, &known)? {
                    Leads::To(1) => return Ok(Home::Own(own)),
                    Leads::Elsewhere => elsewhere = true,
                    Leads::To(_) | Leads::Nowhere => {}
                }
            }
        }
        Ok(if elsewhere { Home::Unknown } else { Home::None })
    }

    /// What can be watched of the namespace that joins them.
    pub(super) fn sides(&self, lab: &AttachedLab) -> Result<Sides> {
        let host = match &lab.home {
            Home::None => None,
            Home::Own(own) => Some(HostSide::found(own.as_fd())),
            Home::Unknown => Some(Err(Error::refused(
                "find",
                "the namespace that joins what was attached to",
                "it is not the one that kilonet runs in",
            ))),
        };
        let mut namespaces: Vec<_> = self.places.iter().map(AsFd::as_fd).collect();
        if let Home::Own(own) = &lab.home {
            namespaces.push(own.as_fd());
        }
        Sides::found(host, &namespaces)
    }

    /// Drives a cell's traffic between them.
    pub(super) fn measure(
        &self,
        lab: &AttachedLab,
        (trial, watch): (TrialPlan<'_>, &dyn Watch),
        tcp_memory: Option<TcpMemory>,
    ) -> Result<Measurement> {
        let pairs = self.pairs(trial.cell)?;
        let flows = flows(&pairs, trial.cell)?;
        let namespaces: Vec<_> = self.places.iter().map(AsFd::as_fd).collect();
        let bench = Bench {
            witness: self.witness(&pairs)?,
            tracking: match &lab.home {
                Home::Own(own) => Tracking::found(own.as_fd())?,
                Home::None | Home::Unknown => Tracking::default(),
            },
            kin: Vec::new(),
            confinement: Confinement::of_self(),
            groups: None,
            containers: Some(Containers {
                namespaces: &namespaces,
                flows: &flows,
                before: Some(&lab.before),
                beside: None,
            }),
            tcp_memory,
            sysctls: None,
        };
        bench.measure((trial, watch), |settings, observer| {
            traffic::run((&flows, &namespaces), settings, observer)
        })
    }

    fn pairs(&self, cell: &Cell) -> Result<Vec<[Spot; 2]>> {
        let pairs = self.places.chunks_exact(2);
        pairs
            .map(|pair| Existing::spots(&pair[0], &pair[1], cell.family))
            .collect()
    }

    /// The servers' interfaces, each once.
    fn witness(&self, pairs: &[[Spot; 2]]) -> Result<Witness> {
        let spots = pairs.iter().flatten().zip(&self.places);
        let interfaces =
            spots.map(|(spot, place)| Ok((place.identity()?, spot.interface.as_str())));
        let interfaces = interfaces.collect::<Result<Vec<_>>>()?;
        let interface = |seat: u32| &interfaces[seat as usize];
        let seats = (0..).step_by(2).take(pairs.len());
        let pairs: Vec<_> = seats.map(|client| (client, client + 1)).collect();
        Witness::of_pairs(&pairs, interface, |seat| {
            let devices = self.places[seat as usize].devices()?;
            Ok((devices, interface(seat).1.to_owned()))
        })
    }
}

/// Each pair's streams.
fn flows(pairs: &[[Spot; 2]], cell: &Cell) -> Result<Vec<Flow>> {
    let seat = |container, spot: &Spot| Seat {
        container,
        address: spot.address,
    };
    let pairs = (0..).step_by(2).zip(pairs);
    let seats =
        pairs.map(|(first, [client, server])| [seat(first, client), seat(first + 1, server)]);
    Flow::all_of(cell, &seats.collect::<Vec<_>>(), |_| Ok(None))
}
