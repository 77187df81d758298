//! Around a window: what is read of the machine at its edges, whoever drives the flows between them.
//!
//! Must not know how labs are built. The invariant: what must be close to the window is read last before it and first after
//! it.

use std::time::Duration;

use super::summary::{Consumption, Edges, Tracked, Witnessed, summarise};
use super::watched::Containers;
use super::{Measurement, Phase, TrialPlan, Watch};
use crate::error::{Error, Result};
use crate::host::cgroup::{CpuTime, Nest};
use crate::host::confinement::Confinement;
use crate::host::counters::{Foreign, Snapshot, TcpMemory};
use crate::lab::conntrack::Conntrack;
use crate::lab::tracking::Tracking;
use crate::lab::witness::{Reading, Witness};
use crate::store::record::{self, SysctlsRead};
use crate::traffic::{Dials, Ends, Observer, Outcome, Settings, Tallies};

/// What a window of some lab is measured with.
pub(super) struct Bench<'a> {
    /// The receivers' interfaces.
    pub(super) witness: Witness,
    /// What connection tracking counts where there are rules.
    pub(super) tracking: Tracking,
    /// Processes that drive flows for us, and are nobody else's.
    pub(super) kin: Vec<i32>,
    /// What holds back the processes whose sockets the flows are.
    pub(super) confinement: Option<Confinement>,
    /// The control groups of the containers, where each has a process of its own.
    pub(super) groups: Option<&'a Nest>,
    /// The containers, where their namespaces are the lab's own.
    pub(super) containers: Option<Containers<'a>>,
    /// The marks of TCP's memory pool, where they are known.
    pub(super) tcp_memory: Option<TcpMemory>,
    /// Sysctls that were read back in containers' namespaces.
    pub(super) sysctls: Option<SysctlsRead>,
}

impl Bench<'_> {
    /// Has traffic driven, reads the machine at the window's edges, and says what it showed.
    pub(super) fn measure(
        self,
        (trial, watch): (TrialPlan<'_>, &dyn Watch),
        drive: impl FnOnce(&Settings, &mut dyn Observer) -> Result<Outcome>,
    ) -> Result<Measurement> {
        let mut edges = EdgeReader {
            bench: self,
            watch,
            dials: None,
            opened: None,
            closed: None,
        };
        let driven = drive(&settings(trial), &mut edges);
        let unwatched = edges.bench.watch_containers(&driven, watch);
        let outcome = driven?;
        let confinement = edges.bench.confinement;
        let (opened, closed) = (edges.opened.transpose()?, edges.closed.transpose()?);
        let bench = edges.bench;
        let edges = opened.zip(closed).map(|(opened, closed)| Edges {
            machine: closed.snapshot.since(&opened.snapshot),
            foreign: closed.foreign.since(&opened.foreign),
            tcp_memory: bench.tcp_memory,
            tracked: Tracked::of(&bench.tracking, &opened.conntrack, &closed.conntrack),
            witnessed: witnessed(&bench.witness, &opened.readings, &closed.readings),
            containers: bench
                .groups
                .map(|groups| Consumption::of(groups, &opened.cpu_times, &closed.cpu_times)),
        });
        let mut measurement = summarise(trial, &outcome, edges.as_ref());
        measurement.effective.confinement = confinement.map(recorded);
        measurement.effective.namespace_sysctls = bench.sysctls;
        measurement.warnings.extend(unwatched);
        Ok(measurement)
    }

    /// Tells the watcher what the containers have counted by now; and the caller why it could not be read.
    fn watch_containers(&self, driven: &Result<Outcome>, watch: &dyn Watch) -> Option<String> {
        let interrupted = matches!(driven, Err(Error::Interrupted));
        let containers = self.containers.filter(|_| !interrupted)?;
        match containers.read(driven, self.groups) {
            Ok(Some((watched, effort))) => watch.watched(watched, effort),
            Ok(None) => {}
            Err(error) => return Some(error.sentence()),
        }
        None
    }
}

fn recorded(confinement: Confinement) -> record::Confinement {
    record::Confinement {
        memory_cgroup: confinement.memory_cgroup,
        seccomp: confinement.seccomp,
        net_admin: confinement.net_admin,
    }
}

pub(super) fn settings(trial: TrialPlan<'_>) -> Settings {
    let TrialPlan { cell, timing, .. } = trial;
    Settings {
        driver: cell.driver,
        congestion: cell.congestion.clone(),
        buffers: cell.buffers,
        warmup: timing.warmup,
        measure: timing.measure,
        sample: timing.sample,
        connect: timing.connect,
    }
}

/// What some receivers' interfaces had counted, and what their sockets had just before and just after that was read; absent where
/// the flows were over.
type Beside = (Reading, [Option<Tallies>; 2]);

/// What is read at an edge of the window.
struct Edge {
    snapshot: Snapshot,
    foreign: Foreign,
    readings: Vec<Beside>,
    /// Of each namespace that is tracked in.
    conntrack: Vec<Conntrack>,
    /// By container, where each has groups.
    cpu_times: Vec<Option<CpuTime>>,
}

/// Reads the machine at both edges: what must be close to the window last before it and first after it.
struct EdgeReader<'a> {
    bench: Bench<'a>,
    watch: &'a dyn Watch,
    /// The flows' counters, and for each group of interfaces the ends that are behind them.
    dials: Option<(Dials, Vec<Ends>)>,
    opened: Option<Result<Edge>>,
    closed: Option<Result<Edge>>,
}

impl EdgeReader<'_> {
    fn tracked(&mut self) -> Result<Vec<Conntrack>> {
        self.bench.tracking.read()
    }

    /// The interfaces, and beside each group the sockets behind it.
    fn witness(&mut self) -> Result<Vec<Beside>> {
        let dials = self.dials.as_ref();
        self.bench.witness.read(|group| {
            let (dials, ends) = dials?;
            dials.tallies(ends.get(group)?)
        })
    }

    fn cpu_times(&self) -> Vec<Option<CpuTime>> {
        let groups = self.bench.groups.into_iter();
        groups
            .flat_map(|groups| (0..groups.containers()).map(|it| groups.cpu_time(it)))
            .collect()
    }

    fn open(&mut self) -> Result<Edge> {
        let foreign = Foreign::take(&self.bench.kin)?;
        let cpu_times = self.cpu_times();
        let readings = self.witness()?;
        Ok(Edge {
            conntrack: self.tracked()?,
            foreign,
            readings,
            cpu_times,
            snapshot: Snapshot::take()?,
        })
    }

    fn close(&mut self) -> Result<Edge> {
        let snapshot = Snapshot::take()?;
        let readings = self.witness()?;
        Ok(Edge {
            snapshot,
            readings,
            cpu_times: self.cpu_times(),
            conntrack: self.tracked()?,
            foreign: Foreign::take(&self.bench.kin)?,
        })
    }
}

impl Observer for EdgeReader<'_> {
    fn flowing(&mut self, dials: Dials) {
        self.watch.phase(Phase::WarmUp);
        let groups = self.bench.witness.containers();
        let ends = groups.map(|containers| dials.ends_in(containers)).collect();
        self.dials = Some((dials.clone(), ends));
        self.watch.flowing(dials);
    }

    fn before_window(&mut self) {
        self.watch.phase(Phase::Measure);
        self.opened = Some(self.open());
    }

    fn after_window(&mut self) {
        self.closed = Some(self.close());
        self.watch.phase(Phase::Drain);
    }

    fn sample(&mut self, goodput_bps: f64, _elapsed: Duration) {
        self.watch.sample(goodput_bps);
    }

    fn interrupted(&self) -> bool {
        self.watch.interrupted()
    }
}

/// What each group's interfaces and its sockets counted between two readings of both.
fn witnessed(witness: &Witness, opened: &[Beside], closed: &[Beside]) -> Vec<Witnessed> {
    let middle = |[before, after]: [Option<Tallies>; 2]| Some(before?.midway(after?));
    let readings = opened.iter().zip(closed);
    let groups = witness.containers().zip(readings);
    let groups = groups.filter_map(|(containers, (opened, closed))| {
        let (first, last) = (middle(opened.1)?, middle(closed.1)?);
        Some(Witnessed {
            containers: containers.to_vec(),
            bytes: closed.0.bytes.saturating_sub(opened.0.bytes),
            packets: closed.0.packets.saturating_sub(opened.0.packets),
            at_sockets: last.since(first),
            pending: first.datagrams_pending(),
        })
    });
    groups.collect()
}
