//! The real testbed: namespaces of this machine's kernel, sockets, counters.
//!
//! Puts together what `lab`, `traffic` and `host` each know of one window; the arithmetic is in `summary`.

use std::fs::File;
use std::net::SocketAddr;
use std::time::Duration;

use super::blame::{self, Suspect};
use super::summary::{Edges, Witnessed, summarise};
use super::{Measurement, Testbed, TrialPlan, Watch};
use crate::error::{Error, Result};
use crate::host::counters::{Conntrack, Foreign, KernelMemory, Snapshot, TcpMemory};
use crate::lab::Lab;
use crate::lab::firewall::flow_ports;
use crate::lab::witness::{Reading, Witness};
use crate::scenario::{self, Cell};
use crate::store::record::{LabCost, Phases};
use crate::traffic::{self, Door, FlowPlan, Observer, Seat, Settings};
use crate::units::nanos;

/// Containers below which their share of the kernel's memory is noise: slabs and per-CPU areas come in pages and more, and
/// whatever else the machine does meanwhile is divided by few.
const FEWEST_WEIGHED: u32 = 32;

/// Labs raised in this machine's kernel.
#[derive(Debug, Default)]
pub struct Kernel {
    /// The marks of TCP's memory pool, where they were seen: a namespace of an ordinary user does not show them.
    pub tcp_memory: Option<TcpMemory>,
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
        if cell.testbed != scenario::Testbed::Kernel {
            let reason = "no engine is driven; containers are modelled in this machine's kernel";
            let asked = format!("the testbed {}", cell.testbed);
            return Err(Error::refused("set up a lab on", asked, reason));
        }
        let before = KernelMemory::take()?.total();
        let lab = Lab::setup(cell, &|| watch.interrupted())?;
        let grown = KernelMemory::take()?.total().checked_sub(before);
        let bytes_per_container = grown
            .filter(|_| cell.containers >= FEWEST_WEIGHED)
            .map(|bytes| bytes / u64::from(cell.containers))
            .filter(|bytes| *bytes > 0);
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
        let mut edges = EdgeReader {
            witness: Witness::of(&lab.lab)?,
            tracking: lab.lab.tracking()?,
            watch,
            opened: None,
            closed: None,
        };
        let outcome = traffic::run(&plans, &settings(trial), &mut edges).map_err(|error| {
            let suspect = Suspect {
                lab: &lab.lab,
                firewall: trial.cell.firewall,
                flow: plans[0],
                settings: settings(trial),
            };
            blame::explain(error, &suspect, &edges)
        })?;
        let (opened, closed) = (edges.opened.transpose()?, edges.closed.transpose()?);
        let edges = opened.zip(closed).map(|(opened, closed)| Edges {
            machine: closed.snapshot.since(&opened.snapshot),
            foreign: closed.foreign.since(&opened.foreign),
            tcp_memory: self.tcp_memory,
            conntrack: closed
                .conntrack
                .zip(opened.conntrack)
                .map(|(now, then)| now.since(&then)),
            witnessed: witnessed(&edges.witness, &opened.readings, &closed.readings),
        });
        Ok(summarise(trial, &outcome, edges.as_ref()))
    }

    fn teardown(&mut self, lab: KernelLab) -> Result<LabCost> {
        let phases = lab.lab.phases();
        Ok(LabCost {
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
        })
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
    let pairs = (0..).zip(lab.pairs());
    pairs
        .flat_map(|(pair, (client, server))| {
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
            })
        })
        .collect()
}

fn settings(trial: TrialPlan<'_>) -> Settings {
    let TrialPlan { cell, timing, .. } = trial;
    Settings {
        driver: cell.driver,
        message_bytes: cell.message_bytes,
        congestion: cell.congestion.clone(),
        buffers: cell.buffers,
        warmup: timing.warmup,
        measure: timing.measure,
        sample: timing.sample,
        connect: timing.connect,
    }
}

/// What is read at an edge of the window.
struct Edge {
    snapshot: Snapshot,
    foreign: Foreign,
    readings: Vec<Reading>,
    /// Of the host sides that have rules, where there are any.
    conntrack: Option<Conntrack>,
}

/// Reads the machine at both edges: what must be close to the window last before it and first after it.
struct EdgeReader<'a> {
    witness: Witness,
    /// What connection tracking counts, on each host side that has rules.
    tracking: Vec<File>,
    watch: &'a dyn Watch,
    opened: Option<Result<Edge>>,
    closed: Option<Result<Edge>>,
}

impl EdgeReader<'_> {
    fn tracked(&mut self) -> Result<Option<Conntrack>> {
        let some = !self.tracking.is_empty();
        some.then(|| Conntrack::read(&mut self.tracking))
            .transpose()
    }

    fn open(&mut self) -> Result<Edge> {
        let foreign = Foreign::take()?;
        let readings = self.witness.read()?;
        Ok(Edge {
            conntrack: self.tracked()?,
            foreign,
            readings,
            snapshot: Snapshot::take()?,
        })
    }

    fn close(&mut self) -> Result<Edge> {
        let snapshot = Snapshot::take()?;
        let readings = self.witness.read()?;
        Ok(Edge {
            snapshot,
            readings,
            conntrack: self.tracked()?,
            foreign: Foreign::take()?,
        })
    }
}

impl Observer for EdgeReader<'_> {
    fn before_window(&mut self) {
        self.opened = Some(self.open());
    }

    fn after_window(&mut self) {
        self.closed = Some(self.close());
    }

    fn sample(&mut self, goodput_bps: f64, _elapsed: Duration) {
        self.watch.sample(goodput_bps);
    }

    fn interrupted(&self) -> bool {
        self.watch.interrupted()
    }
}

/// Each group's rate over the time between its own two readings.
fn witnessed(witness: &Witness, opened: &[Reading], closed: &[Reading]) -> Vec<Witnessed> {
    let readings = opened.iter().zip(closed);
    witness
        .servers()
        .zip(readings)
        .map(|(servers, (opened, closed))| Witnessed {
            servers: servers.to_vec(),
            bytes: closed.bytes.saturating_sub(opened.bytes),
            elapsed: closed.at.saturating_duration_since(opened.at),
        })
        .collect()
}
