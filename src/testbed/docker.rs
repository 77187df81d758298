//! Containers of a Docker engine, with an agent in each.
//!
//! Must not know requests or sockets. The invariant: a lab's agents end before its containers are removed, and what a run
//! brought to the engine is removed when the testbed is dropped.

use std::cell::Cell as Slot;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::bench::Bench;
use super::engine_side::EngineSide;
use super::scales::Scales;
use super::watched::Containers;
use super::{Measurement, Testbed, TrialPlan, Watch};
use crate::error::{Error, Result};
use crate::host::counters::{Sides, TcpMemory};
use crate::lab::docker::{Directory, Engine, Home, Image, Lab, Order, Owner, remove_leftovers};
use crate::lab::firewall::flow_ports;
use crate::lab::tracking::Tracking;
use crate::lab::witness::Witness;
use crate::scenario::Cell;
use crate::store::record::{LabCost, Phases};
use crate::traffic::agent::{self, Crew, Muster};
use crate::traffic::{Door, Flow, Seat};
use crate::units::nanos;

/// How long the agents of all started containers may take to report.
const MUSTER_LIMIT: Duration = Duration::from_mins(1);

/// How often it is asked meanwhile whether a container has ended instead.
const ROLL_CALL: Duration = Duration::from_secs(1);

/// Labs on an engine.
#[derive(Debug)]
pub struct Docker {
    engine: Rc<Engine>,
    owner: Owner,
    image: Option<Image>,
    tcp_memory: Option<TcpMemory>,
}

/// Containers, and their agents.
#[derive(Debug)]
pub struct DockerLab {
    lab: Lab,
    crew: Crew,
    side: EngineSide,
    setup: Duration,
    bytes_per_container: Option<u64>,
}

impl Docker {
    /// Reaches the engine, removes what dead runs have left with it, and brings it an image of this program.
    ///
    /// # Errors
    /// When there is no engine that can be used, or it does not take the image.
    pub fn connect(tcp_memory: Option<TcpMemory>) -> Result<Self> {
        let engine = Engine::connect()?;
        // What the engine will not remove is no reason not to measure; `kilonet clean` says why it would not.
        let _ = remove_leftovers(&engine).and(Directory::remove_leftovers());
        let owner = Owner::this()?;
        let image = Image::import(&engine, &owner)?;
        Ok(Self {
            engine: Rc::new(engine),
            owner,
            image: Some(image),
            tcp_memory,
        })
    }

    fn order<'a>(&'a self, meeting: &'a Directory) -> Result<Order<'a>> {
        let image = self.image.as_ref();
        let image = image.ok_or_else(|| Error::refused("set up", "a lab", "its image is gone"))?;
        Ok(Order {
            image,
            owner: &self.owner,
            meeting: meeting.path(),
        })
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        if let Some(image) = self.image.take() {
            // What the engine does not remove now is found by its label later.
            let _ = image.remove(&self.engine);
        }
    }
}

impl Testbed for Docker {
    type Lab = DockerLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<DockerLab> {
        let scales = Scales::before(cell)?;
        let side = EngineSide::before(&self.engine);
        let start = Instant::now();
        let meeting = Directory::create(&self.owner)?;
        let muster = Muster::open(meeting.path())?;
        let order = self.order(&meeting)?;
        let mut lab = Lab::setup(&self.engine, cell, order, &|| watch.interrupted())?;
        let ready = gather(&muster, &lab, (cell.containers, watch));
        let ready = ready.and_then(|crew| lab.wire(cell, &crew.namespaces()).map(|()| crew));
        match ready {
            Ok(crew) => {
                let setup = start.elapsed();
                let bytes_per_container = scales.weigh()?;
                Ok(DockerLab {
                    side: side.proven(&lab, &crew),
                    lab,
                    crew,
                    setup,
                    bytes_per_container,
                })
            }
            Err(error) => {
                // What went wrong is what the user must see, also where the engine does not remove all of it.
                let _ = lab.teardown();
                Err(error)
            }
        }
    }

    fn measure(
        &mut self,
        lab: &DockerLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        let flows = lab.flows(trial.cell)?;
        let namespaces = lab.crew.namespaces();
        let home = lab.side.home();
        let tracking = home.map(|home| Tracking::found(home.as_fd()));
        let bench = Bench {
            witness: lab.witness()?,
            tracking: tracking.transpose()?.unwrap_or_default(),
            kin: [lab.crew.processes(), lab.lab.relays()].concat(),
            confinement: lab.crew.confinement(),
            groups: None,
            // What the engine's own namespace has counted since the machine began is no trial's.
            containers: (home.is_some() || !lab.lab.is_in_the_engines()).then_some(Containers {
                namespaces: &namespaces,
                flows: &flows,
                before: None,
                beside: home.map(Home::identity).transpose()?,
            }),
            tcp_memory: self.tcp_memory,
            sysctls: None,
        };
        let mut measurement = bench.measure((trial, watch), |settings, observer| {
            agent::run(&lab.crew, &flows, settings, observer)
        })?;
        measurement.effective.engine = Some(self.engine.version().to_owned());
        Ok(measurement)
    }

    fn teardown(&mut self, lab: DockerLab) -> Result<Option<LabCost>> {
        // Containers whose agents have ended are removed without being killed.
        drop(lab.crew);
        Ok(Some(LabCost {
            setup_ns: nanos(lab.setup),
            phases_ns: Phases::default(),
            kernel_bytes_per_container: lab.bytes_per_container,
            teardown_ns: lab.lab.teardown()?.map(nanos),
        }))
    }
}

/// Waits for all agents; a container that has ended meanwhile ends the wait.
fn gather(muster: &Muster, lab: &Lab, (containers, watch): (u32, &dyn Watch)) -> Result<Crew> {
    let deadline = Instant::now() + MUSTER_LIMIT;
    let called = Slot::new(Instant::now());
    muster.gather(containers, deadline, &|| {
        if watch.interrupted() {
            return Err(Error::Interrupted);
        }
        if called.get().elapsed() >= ROLL_CALL {
            lab.roll_call()?;
            called.set(Instant::now());
        }
        Ok(())
    })
}

impl DockerLab {
    /// What can be watched of the namespace in which the engine joins the containers. It is asked for once.
    pub(super) fn sides(&mut self) -> Result<Sides> {
        let host = self.side.take();
        let mut namespaces = self.crew.namespaces();
        namespaces.extend(self.side.home().map(AsFd::as_fd));
        Sides::found(host, &namespaces)
    }

    /// Each pair's streams.
    fn flows(&self, cell: &Cell) -> Result<Vec<Flow>> {
        let seat = |container, address| Seat { container, address };
        let pairs = self.lab.pairs().iter();
        let pairs = pairs.map(|(client, server)| {
            Ok([
                seat(*client, self.lab.origin(*client, *server)?),
                seat(*server, self.lab.address(*server)?),
            ])
        });
        let pairs = pairs.collect::<Result<Vec<_>>>()?;
        Flow::all_of(cell, &pairs, |flow| {
            let (_, listen) = flow_ports(cell, flow.pair, flow.stream);
            let published = || {
                Ok(Door {
                    call: self.lab.door(flow.server.container, listen)?,
                    listen,
                })
            };
            let by_port = cell.path.is_by_port();
            by_port.then(published).transpose()
        })
    }

    /// The servers' interfaces, each namespace once.
    fn witness(&self) -> Result<Witness> {
        let interface = self.lab.interface();
        let place = |container| self.lab.namespace_of(container);
        Witness::of_pairs(self.lab.pairs(), place, |container| {
            Ok((self.crew.devices(container)?, interface.to_owned()))
        })
    }
}
