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
use crate::lab::Tracking;
use crate::lab::existing::{Existing, Spot};
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
        let plans = self.flows(&pairs, trial.cell.streams);
        let bench = Bench {
            witness: self.witness(&pairs)?,
            tracking: Tracking::default(),
            kin: Vec::new(),
            confinement: Confinement::of_self(),
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

    fn flows(&self, pairs: &[[Spot; 2]], streams: u32) -> Vec<FlowPlan<'_>> {
        let seat = |container: u32, spot: &Spot| Seat {
            container,
            namespace: self.places[container as usize].as_fd(),
            address: spot.address,
        };
        let pairs = (0..).zip(pairs);
        let flows = pairs.flat_map(|(pair, [client, server])| {
            (0..streams).map(move |stream| FlowPlan {
                pair,
                stream,
                client: seat(2 * pair, client),
                server: seat(2 * pair + 1, server),
                door: None,
            })
        });
        flows.collect()
    }

    /// The interfaces of those who talk, each once.
    fn witness(&self, pairs: &[[Spot; 2]]) -> Result<Witness> {
        let place = |seat: u32| &self.places[seat as usize];
        let interface = |seat: u32| {
            pairs[seat as usize / 2][seat as usize % 2]
                .interface
                .as_str()
        };
        let seats = 0..u32::try_from(2 * pairs.len()).unwrap_or(u32::MAX);
        let talking = seats.map(|seat| Ok(((place(seat).identity()?, interface(seat)), seat)));
        Witness::of_containers(talking.collect::<Result<Vec<_>>>()?, |seat| {
            Ok((place(seat).devices()?, interface(seat).to_owned()))
        })
    }
}
