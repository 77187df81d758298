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
use crate::traffic::{self, FlowPlan, Seat};

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
        let plans = self.flows(&pairs, trial.cell);
        let bench = Bench {
            witness: self.witness(&pairs)?,
            tracking: Tracking::default(),
            kin: Vec::new(),
            confinement: Confinement::of_self(),
            groups: None,
            tcp_memory,
        };
        bench.measure((trial, watch), |settings, observer| {
            traffic::run(&plans, settings, observer)
        })
    }

    fn pairs(&self, cell: &Cell) -> Result<Vec<[Spot; 2]>> {
        let pairs = self.places.chunks_exact(2);
        pairs
            .map(|pair| Existing::spots(&pair[0], &pair[1], cell.family))
            .collect()
    }

    fn flows(&self, pairs: &[[Spot; 2]], cell: &Cell) -> Vec<FlowPlan<'_>> {
        let seat = |container: u32, spot: &Spot| Seat {
            container,
            namespace: self.places[container as usize].as_fd(),
            address: spot.address,
        };
        let pairs = (0..).zip(pairs).zip(cell.orders_of_pairs());
        let flows = pairs.flat_map(|((pair, [client, server]), orders)| {
            (0..cell.streams).map(move |stream| FlowPlan {
                pair,
                stream,
                client: seat(2 * pair, client),
                server: seat(2 * pair + 1, server),
                door: None,
                orders: Some(orders),
            })
        });
        flows.collect()
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
