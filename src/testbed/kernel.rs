//! The real testbed: namespaces of this machine's kernel, sockets, counters.
//!
//! Puts together what `lab`, `traffic` and `host` each know of one window; the arithmetic is in `summary`.

use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use super::bench::Bench;
use super::blame::{self, Suspect};
use super::onlooker::Onlooker;
use super::processes::Processes;
use super::scales::Scales;
use super::watched::Containers;
use super::{Measurement, Testbed, TrialPlan, Watch, generated};
use crate::error::Result;
use crate::host::confinement::Confinement;
use crate::host::counters::{Sides, TcpMemory};
use crate::lab::Lab;
use crate::lab::firewall::flow_ports;
use crate::lab::read_back;
use crate::lab::tracking::Tracking;
use crate::lab::witness::Witness;
use crate::scenario::registry::namespaces::NAMESPACE_SYSCTLS;
use crate::scenario::{Cell, Driver};
use crate::store::record::{LabCost, Phases, ProgramOutput};
use crate::traffic::{self, Door, Flow, Seat};
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
    /// With the driver of that name.
    processes: Option<Box<Processes>>,
    bytes_per_container: Option<u64>,
}

impl KernelLab {
    /// The lab, for who changes something in it by hand to see that a trial says so.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }
}

impl Testbed for Kernel {
    type Lab = KernelLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<KernelLab> {
        let scales = Scales::before(cell)?;
        let lab = Lab::setup(cell, &|| watch.interrupted())?;
        let bytes_per_container = scales.weigh()?;
        match furnish(&lab, cell, watch) {
            Ok(processes) => Ok(KernelLab {
                lab,
                processes,
                bytes_per_container,
            }),
            Err(error) => {
                // What went wrong is what the user must see, also where the end of the lab cannot be waited for.
                let _ = lab.teardown();
                Err(error)
            }
        }
    }

    fn measure(
        &mut self,
        lab: &KernelLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        let flows = flows(&lab.lab, trial.cell)?;
        let namespaces = lab.lab.namespaces();
        let processes = lab.processes.as_deref();
        let generated = trial.cell.driver.is_generator();
        let drivers = processes.map(Processes::drivers).unwrap_or_default();
        let mut onlooker = Onlooker::of(&lab.lab, trial.cell, drivers);
        let bench = Bench {
            // Where the interfaces are the count, they are no witness of it.
            witness: if generated {
                Witness::default()
            } else {
                Witness::of(&lab.lab)?
            },
            tracking: Tracking::of(&lab.lab)?,
            kin: processes.map(Processes::kin).unwrap_or_default(),
            confinement: processes.map_or_else(Confinement::of_self, Processes::confinement),
            groups: processes.map(Processes::groups),
            containers: Some(Containers {
                namespaces: &namespaces,
                flows: &flows,
                before: None,
                beside: None,
            }),
            tcp_memory: self.tcp_memory,
            sysctls: read_back::sysctls(&lab.lab, &NAMESPACE_SYSCTLS.of(trial.cell))?,
        };
        if generated {
            let measured =
                generated::measure((&lab.lab, &flows), bench, (trial, watch), &mut self.outputs);
            return onlooker.told(measured);
        }
        let measured = bench.measure((trial, watch), |settings, observer| {
            let observer = &mut onlooker.beside(observer);
            let driven = match processes {
                Some(processes) => processes.drive(&flows, settings, observer),
                None => traffic::run((&flows, &namespaces), settings, observer),
            };
            driven.map_err(|error| {
                let suspect = Suspect {
                    lab: &lab.lab,
                    firewall: trial.cell.firewall,
                    flow: flows[0],
                    settings: settings.clone(),
                };
                blame::explain(error, &suspect, observer)
            })
        });
        onlooker.told(match processes {
            Some(processes) => processes.inquire(measured),
            None => measured,
        })
    }

    fn sides(&self, lab: &mut KernelLab) -> Result<Option<Sides>> {
        let hosts: Vec<_> = lab.lab.hosts().map(|(_, namespace)| namespace).collect();
        Sides::open(&hosts, &lab.lab.namespaces()).map(Some)
    }

    fn outputs(&mut self) -> Vec<ProgramOutput> {
        mem::take(&mut self.outputs)
    }

    fn teardown(&mut self, lab: KernelLab) -> Result<Option<LabCost>> {
        let phases = lab.lab.phases();
        let processes = lab
            .processes
            .as_ref()
            .map_or(Duration::ZERO, |it| it.ready());
        // Before the namespaces, which their processes hold too.
        drop(lab.processes);
        Ok(Some(LabCost {
            setup_ns: nanos(lab.lab.setup_time() + processes),
            phases_ns: Phases {
                netns: nanos(phases.netns),
                links: nanos(phases.links),
                addresses: nanos(phases.addresses),
                neighbours: nanos(phases.neighbours),
                firewall: nanos(phases.firewall),
                processes: nanos(processes),
            },
            kernel_bytes_per_container: lab.bytes_per_container,
            teardown_ns: lab.lab.teardown()?.map(nanos),
        }))
    }
}

/// Puts into the containers what the cell's driver needs there.
fn furnish(lab: &Lab, cell: &Cell, watch: &dyn Watch) -> Result<Option<Box<Processes>>> {
    let wanted = cell.driver == Driver::Processes;
    let processes = wanted.then(|| Processes::start(lab, cell, watch).map(Box::new));
    processes.transpose()
}

/// The flows of a cell in its lab: each pair's streams.
///
/// # Errors
/// Those of [`Flow::all_of`], of which a lab in the kernel has none.
pub fn flows(lab: &Lab, cell: &Cell) -> Result<Vec<Flow>> {
    let seat = |container| Seat {
        container,
        address: lab.seat(container).1,
    };
    let pairs = lab.pairs().iter();
    let pairs: Vec<_> = pairs
        .map(|(client, server)| [*client, *server].map(seat))
        .collect();
    Flow::all_of(cell, &pairs, |flow| {
        let (host_port, listen) = flow_ports(cell, flow.pair, flow.stream);
        let entrance = lab.entrance(flow.pair);
        Ok(entrance.map(|address| Door {
            call: SocketAddr::new(address, host_port),
            listen,
        }))
    })
}
