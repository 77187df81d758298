//! The testbeds of this machine: each trial happens on the one that its cell names.
//!
//! Must not know what any of them does. The invariant: an engine is reached for at the first cell that wants one, and not
//! before, so that nobody needs one who asks for none.

use std::mem;
use std::time::Duration;

use super::attached::{Attached, AttachedLab};
use super::docker::{Docker, DockerLab};
use super::kernel::{Kernel, KernelLab};
use super::{Lacks, Measurement, Testbed, TrialPlan, Watch};
use crate::error::{Error, Result};
use crate::host::canary;
use crate::host::counters::{Sides, TcpMemory};
use crate::host::watching::Watching;
use crate::lab::existing::Existing;
use crate::scenario::{self, Cell};
use crate::store::record::{LabCost, ProgramOutput};

/// All testbeds of this machine.
#[derive(Debug)]
pub struct Machine {
    kernel: Kernel,
    docker: Option<Docker>,
    attached: Option<Attached>,
    lacks: Lacks,
    watching: Watching,
}

/// A lab on one of them.
#[derive(Debug)]
pub enum MachineLab {
    /// In this machine's kernel.
    Kernel(KernelLab),
    /// On an engine.
    Docker(DockerLab),
    /// It was there before.
    Attached(AttachedLab),
}

impl Machine {
    /// With the marks of TCP's memory pool, where they were seen.
    #[must_use]
    pub fn new(tcp_memory: Option<TcpMemory>) -> Self {
        Self {
            kernel: Kernel::new(tcp_memory),
            docker: None,
            attached: None,
            lacks: Lacks::default(),
            watching: Watching::default(),
        }
    }

    /// The same, with containers that exist for cells of the topology `attached`.
    #[must_use]
    pub fn attached_to(self, places: Vec<Existing>) -> Self {
        Self {
            attached: Some(Attached::new(places)),
            ..self
        }
    }

    /// The same, refusing cells that require what the machine lacks.
    #[must_use]
    pub fn lacking(self, lacks: Lacks) -> Self {
        Self { lacks, ..self }
    }

    /// The same, with its trials watched by what was opened for that.
    #[must_use]
    pub fn watched_by(self, watching: Watching) -> Self {
        Self { watching, ..self }
    }

    fn attached(&self) -> Result<&Attached> {
        self.attached
            .as_ref()
            .ok_or_else(|| Error::refused("measure", "what exists", "nothing was attached to"))
    }

    fn docker(&mut self) -> Result<&mut Docker> {
        let docker = match self.docker.take() {
            Some(docker) => docker,
            None => Docker::connect(self.kernel.tcp_memory)?,
        };
        Ok(self.docker.insert(docker))
    }
}

impl Testbed for Machine {
    type Lab = MachineLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<MachineLab> {
        if cell.topology.is_found() {
            return self.attached()?.setup(cell).map(MachineLab::Attached);
        }
        match cell.testbed {
            scenario::Testbed::Kernel => self.kernel.setup(cell, watch).map(MachineLab::Kernel),
            scenario::Testbed::Docker => self.docker()?.setup(cell, watch).map(MachineLab::Docker),
        }
    }

    fn measure(
        &mut self,
        lab: &MachineLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        match lab {
            MachineLab::Kernel(lab) => self.kernel.measure(lab, trial, watch),
            MachineLab::Docker(lab) => self.docker()?.measure(lab, trial, watch),
            MachineLab::Attached(lab) => {
                let tcp_memory = self.kernel.tcp_memory;
                self.attached()?.measure(lab, (trial, watch), tcp_memory)
            }
        }
    }

    fn refuses(&self, cell: &Cell) -> Option<Error> {
        self.lacks.refusal(cell)
    }

    fn watching(&mut self) -> Option<Watching> {
        Some(mem::take(&mut self.watching))
    }

    fn sides(&self, lab: &mut MachineLab) -> Result<Option<Sides>> {
        match lab {
            MachineLab::Kernel(lab) => self.kernel.sides(lab),
            MachineLab::Docker(lab) => lab.sides().map(Some),
            MachineLab::Attached(lab) => self.attached()?.sides(lab).map(Some),
        }
    }

    fn canary(&mut self) -> Option<Duration> {
        canary::time().ok()
    }

    fn outputs(&mut self) -> Vec<ProgramOutput> {
        self.kernel.outputs()
    }

    fn teardown(&mut self, lab: MachineLab) -> Result<Option<LabCost>> {
        match lab {
            MachineLab::Kernel(lab) => self.kernel.teardown(lab),
            MachineLab::Docker(lab) => self.docker()?.teardown(lab),
            MachineLab::Attached(_) => Ok(None),
        }
    }
}
