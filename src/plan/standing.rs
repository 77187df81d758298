//! What a run has of its plan so far, and which trial is therefore the next.
//!
//! Knows neither the machine nor records. The invariant: what is next depends on the plan and the results entered alone,
//! so that a run that is resumed goes on as it would have. Whether a cell is in a block is decided by the blocks before.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Plan, Precision, Trial};
use crate::scenario::{Cell, Gauge, Goal};

/// The figures of a trial that are judged; none of one that failed or is invalid.
pub type Figures = Vec<(Gauge, f64)>;

/// A plan and the results that there are.
#[derive(Debug)]
pub struct Standing<'a> {
    plan: &'a Plan,
    /// By the trial's id.
    results: HashMap<String, Figures>,
    /// The trials of each cell, block by block.
    cells: HashMap<&'a Cell, Vec<&'a Trial>>,
    /// The cells that are compared with one.
    compared: HashMap<Cell, Vec<&'a Cell>>,
    /// Which cells are open, by how many results they have: kept until one is entered.
    open: RefCell<HashMap<(&'a Cell, usize), bool>>,
    /// Up to which trial of the plan nothing is left to do.
    next: usize,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of the trial at hand, from 1.
    pub number: usize,
    /// Trials that there will be at least, those that are done among them.
    pub least: usize,
    /// And at most.
    pub most: usize,
}

impl<'a> Standing<'a> {
    /// A plan of which nothing is done.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let mut cells: HashMap<_, Vec<_>> = HashMap::new();
        for trial in &plan.trials {
            cells.entry(&trial.cell).or_default().push(trial);
        }
        let mut compared: HashMap<_, Vec<_>> = HashMap::new();
        for cell in cells.keys() {
            compared.entry(cell.baseline()).or_default().push(*cell);
        }
        Self {
            plan,
            results: HashMap::new(),
            cells,
            compared,
            open: RefCell::default(),
            next: 0,
        }
    }

    /// Enters what a trial came to: it is done.
    pub fn enter(&mut self, trial: &str, figures: Figures) {
        self.results.insert(trial.to_owned(), figures);
        self.open.borrow_mut().clear();
    }

    /// The trial that is to be run next; none when all is done.
    pub fn next_trial(&mut self) -> Option<&'a Trial> {
        let plan = self.plan;
        while let Some(trial) = plan.trials.get(self.next) {
            if self.is_owed(trial) {
                return Some(trial);
            }
            self.next += 1;
        }
        None
    }

    /// The trials that are still to be run if no more becomes known than is.
    pub fn owed(&self) -> impl Iterator<Item = &'a Trial> {
        let left = self.plan.trials.iter().skip(self.next);
        left.filter(|trial| self.is_owed(trial))
    }

    /// How far the run is, with the trial that is to be run next as the one at hand.
    #[must_use]
    pub fn place(&self) -> Place {
        let done = self.results.len();
        let most = done + self.owed().count();
        let sure = self.owed().take_while(|trial| self.is_sure(trial)).count();
        Place {
            number: done + 1,
            least: (done + sure).min(most),
            most,
        }
    }

    /// Whether a trial is run whatever those before it in its block show.
    fn is_sure(&self, trial: &Trial) -> bool {
        let first = self.plan.trials.get(self.next);
        self.plan.is_certain(trial) || first.is_some_and(|first| first.repeat == trial.repeat)
    }

    fn is_owed(&self, trial: &Trial) -> bool {
        !self.results.contains_key(&trial.id) && self.is_wanted(trial)
    }

    /// Whether the blocks before a trial's leave something to be known of its cell, or of one that is compared with it.
    fn is_wanted(&self, trial: &Trial) -> bool {
        let goal = match self.plan.repeats.goal() {
            Some(goal) if !self.plan.is_certain(trial) => goal,
            _ => return true,
        };
        let compared = self.compared.get(&trial.cell).into_iter().flatten();
        let mut cells = compared.copied().chain([&trial.cell]);
        cells.any(|cell| self.is_open(cell, trial.repeat, goal))
    }

    /// Whether a cell that the scenario asks for is not known well enough before a block.
    fn is_open(&self, cell: &Cell, block: u32, goal: &Goal) -> bool {
        let Some((cell, trials)) = self.cells.get_key_value(cell) else {
            return false;
        };
        if trials.iter().any(|trial| trial.is_baseline()) {
            return false;
        }
        let before = trials.iter().take_while(|trial| trial.repeat < block);
        let seen: Vec<_> = before
            .filter_map(|trial| self.results.get(&trial.id))
            .collect();
        let key = (*cell, seen.len());
        let known = self.open.borrow().get(&key).copied();
        known.unwrap_or_else(|| {
            let open = !is_settled(goal, cell, &seen);
            self.open.borrow_mut().insert(key, open);
            open
        })
    }
}

/// Whether a cell's results leave nothing to be known. What has no figure after the least of trials will have none.
fn is_settled(goal: &Goal, cell: &Cell, seen: &[&Figures]) -> bool {
    let figures = |gauge| {
        let all = seen.iter().copied().flatten();
        let of_gauge = all.filter(|(it, _)| *it == gauge);
        of_gauge.map(|(_, figure)| *figure).collect()
    };
    seen.len() >= goal.min as usize
        && Precision::of(goal, cell, figures).is_none_or(|precision| precision.is_within(goal))
}

#[cfg(test)]
mod tests;
