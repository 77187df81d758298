//! The real testbed: namespaces of this machine's kernel, sockets, counters.
//!
//! Puts together what `lab`, `traffic` and `host` each know of one window; the arithmetic is in `summary`.

use std::mem;
use std::net::SocketAddr;

use super::bench::Bench;
use super::blame::{self, Suspect};
use super::scales::Scales;
use super::{Measurement, Testbed, TrialPlan, Watch, generated};
use crate::error::Result;
use crate::host::confinement::Confinement;
use crate::host::counters::TcpMemory;
use crate::lab::Lab;
use crate::lab::firewall::flow_ports;
use crate::lab::witness::Witness;
use crate::scenario::Cell;
use crate::store::record::{LabCost, Phases, ProgramOutput};
use crate::traffic::{self, Door, FlowPlan, Seat};
use crate::units::nanos;

/// Labs raised in this machine's kernel.
#[derive(Debug, Default)]
pub struct Kernel {
    /// The marks of TCP's memory pool, where they were seen: a namespace of an ordinary user does not show them.
    pub tcp_memory: Option<TcpMemory>,
    /// What programs of others printed in the measurement that was tried last.
    outputs: Vec<ProgramOutput>,
}

impl Kernel {
    /// With the marks of TCP's memory pool, where they were seen.
    #[must_use]
    pub fn new(tcp_memory: Option<TcpMemory>) -> Self {
        Self {
            tcp_memory,
            outputs: Vec::new(),
        }
    }
}

/// A lab, and what its containers took of the kernel's memory.
#[derive(Debug)]
pub struct KernelLab {
    lab: Lab,
    bytes_per_container: Option<u64>,
}

impl Testbed for Kernel {
    type Lab = KernelLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<KernelLab> {
        let scales = Scales::before(cell)?;
        let lab = Lab::setup(cell, &|| watch.interrupted())?;
        let bytes_per_container = scales.weigh()?;
        Ok(KernelLab {
            lab,
            bytes_per_container,
        })
    }

    fn measure(
        &mut self,
        lab: &KernelLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        let plans = flows(&lab.lab, trial.cell);
        let bench = Bench {
            witness: Witness::of(&lab.lab)?,
            tracking: lab.lab.tracking()?,
            kin: Vec::new(),
            confinement: Confinement::of_self(),
            tcp_memory: self.tcp_memory,
        };
        if trial.cell.driver.is_generator() {
            let from = (&lab.lab, &plans[..]);
            return generated::measure(from, bench, (trial, watch), &mut self.outputs);
        }
        bench.measure((trial, watch), |settings, observer| {
            traffic::run(&plans, settings, observer).map_err(|error| {
                let suspect = Suspect {
                    lab: &lab.lab,
                    firewall: trial.cell.firewall,
                    flow: plans[0],
                    settings: settings.clone(),
                };
                blame::explain(error, &suspect, observer)
            })
        })
    }

    fn outputs(&mut self) -> Vec<ProgramOutput> {
        mem::take(&mut self.outputs)
    }

    fn teardown(&mut self, lab: KernelLab) -> Result<Option<LabCost>> {
        let phases = lab.lab.phases();
        Ok(Some(LabCost {
            setup_ns: nanos(lab.lab.setup_time()),
            phases_ns: Phases {
                netns: nanos(phases.netns),
                links: nanos(phases.links),
                addresses: nanos(phases.addresses),
                neighbours: nanos(phases.neighbours),
                firewall: nanos(phases.firewall),
            },
            kernel_bytes_per_container: lab.bytes_per_container,
            teardown_ns: lab.lab.teardown()?.map(nanos),
        }))
    }
}

/// The flows of a lab: each pair's streams.
fn flows<'a>(lab: &'a Lab, cell: &Cell) -> Vec<FlowPlan<'a>> {
    let seat = |container| {
        let (namespace, address) = lab.seat(container);
        Seat {
            container,
            namespace,
            address,
        }
    };
    let pairs = (0..).zip(lab.pairs()).zip(cell.orders_of_pairs());
    pairs
        .flat_map(|((pair, (client, server)), orders)| {
            (0..cell.streams).map(move |stream| FlowPlan {
                pair,
                stream,
                client: seat(*client),
                server: seat(*server),
                door: lab.entrance(pair).map(|address| {
                    let (host_port, listen) = flow_ports(cell, pair, stream);
                    Door {
                        call: SocketAddr::new(address, host_port),
                        listen,
                    }
                }),
                orders: Some(orders),
            })
        })
        .collect()
}
