//! Containers that were there before, and will be after: nothing is set up, nothing torn down.
//!
//! Must not know how they were found. The invariant: sockets made inside them are all that is ever added, and they are gone
//! with the trial.

use std::os::fd::AsFd;

use super::bench::Bench;
use super::{Measurement, TrialPlan, Watch};
use crate::error::Result;
use crate::host::confinement::Confinement;
use crate::host::counters::TcpMemory;
use crate::lab::existing::{Existing, Spot};
use crate::lab::tracking::Tracking;
use crate::lab::witness::Witness;
use crate::scenario::Cell;
use crate::traffic::{self, Flow, Seat};

/// Pairs of containers that exist: the first of each sends to the second.
#[derive(Debug)]
pub(super) struct Attached {
    places: Vec<Existing>,
}

impl Attached {
    /// Numbered as they come.
    pub(super) fn new(places: Vec<Existing>) -> Self {
        Self { places }
    }

    /// Drives a cell's traffic between them.
    pub(super) fn measure(
        &self,
        (trial, watch): (TrialPlan<'_>, &dyn Watch),
        tcp_memory: Option<TcpMemory>,
    ) -> Result<Measurement> {
        let pairs = self.pairs(trial.cell)?;
        let flows = flows(&pairs, trial.cell)?;
        let namespaces: Vec<_> = self.places.iter().map(AsFd::as_fd).collect();
        let bench = Bench {
            witness: self.witness(&pairs)?,
            tracking: Tracking::default(),
            kin: Vec::new(),
            confinement: Confinement::of_self(),
            groups: None,
            containers: None,
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
