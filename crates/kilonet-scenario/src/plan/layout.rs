//! A plan laid out: its trials, block by block.
//!
//! Knows neither what a trial takes nor what it shows. Invariant: a trial's id depends on its cell and its repeat alone.

use std::collections::HashSet;

use kilonet_record::store::{Role, TrialId, Turn, cell_id};
use serde::Serialize;

use super::order;
use crate::scenario::{Allowance, Baseline, Cell, Repeats, Scenario, Timing};

/// The ordered trials of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What the order was drawn from.
    pub seed: u64,
    /// How each trial is timed.
    pub timing: Timing,
    /// How often each cell is measured.
    pub repeats: Repeats,
    /// How many trials may be run again, as others disturbed them.
    pub again: Allowance,
    /// The trials, first to last: a block for each repeat, and in it every cell once, in an order of its own. Where trials go
    /// on until cells are known well enough, those beyond the least are run as far as they are wanted: see [`Standing`](super::Standing).
    pub trials: Vec<Trial>,
}

/// One repetition of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// Unique in the plan, and the same whenever it is planned again: `bridge-ipv4-none-c128-r0`.
    pub id: TrialId,
    /// The factors.
    pub cell: Cell,
    /// Which repetition, from 0; also the number of its block.
    pub repeat: u32,
    /// Why it is there.
    pub role: Role,
    /// Whether it is run as others disturbed the one of the plan.
    #[serde(skip_serializing_if = "crate::scenario::is_default")]
    pub again: bool,
}

impl Plan {
    /// Lays out a scenario: blocks in which all cells, and the baselines that are not among them, stand in random order.
    ///
    /// A slow drift of the machine then touches all cells alike, and each is close in time to a baseline.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let block = block(scenario);
        let trials = (0..scenario.repeats.most())
            .flat_map(|repeat| {
                let mut block: Vec<_> = block
                    .iter()
                    .map(|(cell, role)| Trial::new(cell, repeat, *role))
                    .collect();
                order::shuffle(&mut block, scenario.seed, repeat);
                block
            })
            .collect();
        Self {
            seed: scenario.seed,
            timing: scenario.timing,
            repeats: scenario.repeats.clone(),
            again: scenario.again,
            trials,
        }
    }

    /// Whether a trial is run whatever the others show.
    #[must_use]
    pub fn is_certain(&self, trial: &Trial) -> bool {
        trial.repeat < self.repeats.least()
    }

    /// How many trials may be run again, as others disturbed them.
    #[must_use]
    pub fn allowance(&self) -> usize {
        self.again.of(self.trials.len())
    }

    /// How many trials there are whatever they show.
    #[must_use]
    pub fn least(&self) -> usize {
        let certain = self.trials.iter().filter(|trial| self.is_certain(trial));
        certain.count()
    }
}

impl Trial {
    fn new(cell: &Cell, repeat: u32, role: Role) -> Self {
        Self {
            id: TrialId::of(cell, repeat),
            cell: cell.clone(),
            repeat,
            role,
            again: false,
        }
    }

    /// The trial that is run where others disturbed this one.
    pub(super) fn once_more(&self) -> Self {
        Self {
            id: self.id.once_more(),
            again: true,
            ..self.clone()
        }
    }

    /// Which trial it is.
    #[must_use]
    pub fn turn(&self) -> Turn<'_> {
        Turn {
            cell: &self.cell,
            repeat: self.repeat,
            again: self.again,
        }
    }

    /// Whether a user may mean it by an id: its own, its cell's, or that of the trial which would be run again for it.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        self.id.as_str() == id || cell_id(&self.cell) == id || self.once_more().id.as_str() == id
    }

    /// Whether it is there for others to be compared with, and for nothing else.
    #[must_use]
    pub fn is_baseline(&self) -> bool {
        self.role == Role::Baseline
    }
}

/// What each block holds, not yet shuffled.
fn block(scenario: &Scenario) -> Vec<(Cell, Role)> {
    let mut block: Vec<_> = scenario
        .cells
        .iter()
        .map(|cell| (cell.clone(), Role::Cell))
        .collect();
    if scenario.baseline == Baseline::Off {
        return block;
    }
    let mut present: HashSet<_> = scenario.cells.iter().cloned().collect();
    for cell in &scenario.cells {
        let baseline = cell.baseline();
        if present.insert(baseline.clone()) {
            block.push((baseline, Role::Baseline));
        }
    }
    block
}
