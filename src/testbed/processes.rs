//! A process in each container of a lab, in control groups of its own: what the driver `processes` drives flows by.
//!
//! Must not know how a process or a group is made. The invariant: groups are there before the processes, and go after them;
//! without groups there are no processes, since one that nobody accounts for is no container.

use std::time::{Duration, Instant};

use super::{Measurement, Watch};
use crate::error::{Error, Remedy, Result};
use crate::host::cgroup::{self, Nest};
use crate::host::confinement::Confinement;
use crate::lab::Lab;
use crate::scenario::Cell;
use crate::traffic::agent::{self, Cradle, Crew, Death, Nursery};
use crate::traffic::{Flow, Observer, Outcome, Settings};
use crate::units::{counted, were};

/// Deaths put into one warning at most.
const NAMED: usize = 5;

/// See the file's head. The fields go in their order: links, processes, groups.
#[derive(Debug)]
pub(super) struct Processes {
    crew: Crew,
    nursery: Nursery,
    groups: Nest,
    ready: Duration,
}

impl Processes {
    /// Makes groups for the containers of a lab and has a process started in each.
    pub(super) fn start(lab: &Lab, cell: &Cell, watch: &dyn Watch) -> Result<Self> {
        let began = Instant::now();
        // What is another user's is that user's to remove; `kilonet clean` says of it.
        let _ = cgroup::remove_leftovers();
        let groups = Nest::build(cell.containers, &cell.limits)?;
        let nursery = Nursery::open(groups.removal())?;
        let cradle = |container| Cradle {
            namespace: lab.seat(container).0,
            doors: groups.doors(container),
        };
        let cradles: Vec<_> = (0..cell.containers).map(cradle).collect();
        let crew = nursery.bear(&cradles, &|| {
            if watch.interrupted() {
                Err(Error::Interrupted)
            } else {
                Ok(())
            }
        })?;
        Ok(Self {
            crew,
            nursery,
            groups,
            ready: began.elapsed(),
        })
    }

    /// From the first group to the last process being ready.
    pub(super) fn ready(&self) -> Duration {
        self.ready
    }

    /// What works for this process.
    pub(super) fn kin(&self) -> Vec<i32> {
        [self.crew.processes(), vec![self.nursery.process()]].concat()
    }

    /// Those in containers, which drive flows.
    pub(super) fn drivers(&self) -> Vec<i32> {
        self.crew.processes()
    }

    /// What holds them back.
    pub(super) fn confinement(&self) -> Option<Confinement> {
        self.crew.confinement()
    }

    /// Their groups.
    pub(super) fn groups(&self) -> &Nest {
        &self.groups
    }

    /// Has them bring up and drive the flows.
    pub(super) fn drive(
        &self,
        flows: &[Flow],
        settings: &Settings,
        observer: &mut dyn Observer,
    ) -> Result<Outcome> {
        agent::run(&self.crew, flows, settings, observer)
    }

    /// Adds to what came of a trial who has died in it, and of what.
    pub(super) fn inquire(&self, measured: Result<Measurement>) -> Result<Measurement> {
        if matches!(measured, Err(Error::Interrupted)) {
            return measured;
        }
        let deaths = self.nursery.deaths()?;
        // Processes end by themselves where their trial has ended without them.
        let killed: Vec<_> = deaths
            .iter()
            .filter(|death| death.signal.is_some())
            .collect();
        let Some(sentence) = self.sentence(&killed) else {
            return measured;
        };
        match measured {
            Ok(mut measurement) => {
                measurement.warnings.push(sentence);
                Ok(measurement)
            }
            Err(error) => Err(error.with_remedy(Remedy::SeeWhoKilled(sentence))),
        }
    }

    fn sentence(&self, killed: &[&Death]) -> Option<String> {
        let named = killed.iter().take(NAMED).map(|death| self.cause(death));
        let named: Vec<_> = named.collect();
        let more = if killed.len() > NAMED { "; ..." } else { "" };
        let of = self.groups.containers();
        let count = killed.len();
        (count > 0).then(|| {
            format!(
                "{count} of {} {} killed: {}{more}",
                counted(of, "process"),
                were(count),
                named.join("; ")
            )
        })
    }

    fn cause(&self, death: &Death) -> String {
        let container = death.container;
        if self.groups.memory(container).oom_kills > Some(0) {
            return format!(
                "that of container {container} by the kernel, for want of memory in its control group"
            );
        }
        let signal = death.signal.unwrap_or_default();
        format!("that of container {container} from outside, by signal {signal}")
    }
}
