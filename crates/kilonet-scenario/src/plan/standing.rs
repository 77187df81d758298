//! What a run has of its plan so far, and which trial is therefore the next.
//!
//! Knows neither the machine nor records. The invariant: what is next depends on the plan and the results entered alone,
//! so that a run that is resumed goes on as it would have. Whether a cell is in a block is decided by the blocks before.

use std::cell::RefCell;
use std::collections::HashMap;

use super::layout::{Plan, Trial};
use super::{Precision, TrialId, Turn};
use crate::scenario::{Cell, Goal};
use crate::store::{Figures, Shown};

/// A plan and the results that there are.
#[derive(Debug)]
pub struct Standing<'a> {
    plan: &'a Plan,
    /// By the id of the trial of the plan.
    results: HashMap<&'a TrialId, Done>,
    /// The trials of each cell, block by block.
    cells: HashMap<&'a Cell, Vec<&'a Trial>>,
    /// The cells that are compared with one.
    compared: HashMap<Cell, Vec<&'a Cell>>,
    /// Which cells are open, by how many results they have: kept until one is entered.
    open: RefCell<HashMap<(&'a Cell, usize), bool>>,
    /// Up to which trial of the plan nothing is left to do.
    next: usize,
}

/// What a trial of the plan came to, and the one that was run as others had disturbed it.
#[derive(Debug, Default)]
struct Done {
    first: Option<Shown>,
    second: Option<Shown>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of the trial at hand, from 1.
    pub number: usize,
    /// Trials that there will be at least, those that are done among them.
    pub least: usize,
    /// And at most, as long as no more are disturbed.
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

    /// Enters what a trial came to: it is done. One that the plan does not have is of another, and changes nothing.
    pub fn enter(&mut self, turn: Turn<'_>, shown: Shown) {
        let trials = self.cells.get(turn.cell).into_iter().flatten();
        let Some(trial) = trials.copied().find(|it| it.repeat == turn.repeat) else {
            return;
        };
        let done = self.results.entry(&trial.id).or_default();
        let place = if turn.again {
            &mut done.second
        } else {
            &mut done.first
        };
        *place = Some(shown);
        self.open.borrow_mut().clear();
    }

    /// The trial that is to be run next; none when all is done. What others disturbed is run again at the end of its block.
    pub fn next_trial(&mut self) -> Option<Trial> {
        let plan = self.plan;
        loop {
            let trial = plan.trials.get(self.next);
            let block = trial.map_or(u32::MAX, |trial| trial.repeat);
            let again = self.disturbed().find(|first| first.repeat < block);
            if let Some(first) = again {
                return Some(first.once_more());
            }
            if self.is_owed(trial?) {
                return trial.cloned();
            }
            self.next += 1;
        }
    }

    /// The trials that are still to be run if no more becomes known than is; in the place of one that is to be run again, the
    /// one that was disturbed.
    pub fn owed(&self) -> impl Iterator<Item = &'a Trial> {
        self.disturbed().chain(self.untried())
    }

    /// How far the run is, with the trial that is to be run next as the one at hand.
    #[must_use]
    pub fn place(&self) -> Place {
        let done = self.done() + self.disturbed().count();
        let sure = self.untried().take_while(|trial| self.is_sure(trial));
        Place {
            number: self.done() + 1,
            least: done + sure.count(),
            most: done + self.untried().count(),
        }
    }

    /// The trials of the plan that are still to be run, if no more becomes known than is.
    fn untried(&self) -> impl Iterator<Item = &'a Trial> {
        let left = self.plan.trials.iter().skip(self.next);
        left.filter(|trial| self.is_owed(trial))
    }

    /// The trials that were disturbed and are to be run again, as far as that is allowed.
    fn disturbed(&self) -> impl Iterator<Item = &'a Trial> {
        let second = |done: &&Done| done.second.is_some();
        let again = self.results.values().filter(second).count();
        let left = self.plan.allowance().saturating_sub(again);
        // Where nothing is disturbed or allowed, nothing is looked for.
        let disturbed = |done: &Done| done.first.as_ref().is_some_and(|shown| shown.disturbed);
        let any = left > 0 && self.results.values().any(disturbed);
        let trials = if any { &self.plan.trials[..] } else { &[] };
        let disturbed = trials.iter().filter(|trial| {
            let shown = self.first(trial);
            shown.is_some_and(|shown| shown.disturbed) && self.second(trial).is_none()
        });
        disturbed.take(left)
    }

    /// How many trials are done.
    fn done(&self) -> usize {
        let both = |done: &Done| [&done.first, &done.second].into_iter().flatten().count();
        self.results.values().map(both).sum()
    }

    /// What a trial of the plan showed.
    fn first(&self, trial: &Trial) -> Option<&Shown> {
        self.results.get(&trial.id)?.first.as_ref()
    }

    /// What the trial showed that was run as others had disturbed this one.
    fn second(&self, trial: &Trial) -> Option<&Shown> {
        self.results.get(&trial.id)?.second.as_ref()
    }

    /// What stands for a trial, once it is done.
    fn result(&self, trial: &Trial) -> Option<&Shown> {
        let first = self.first(trial)?;
        let second = first.disturbed.then(|| self.second(trial)).flatten();
        second
            .filter(|second| second.stands_for(first))
            .or(Some(first))
    }

    /// Whether a trial is run whatever those before it in its block show.
    fn is_sure(&self, trial: &Trial) -> bool {
        let first = self.plan.trials.get(self.next);
        self.plan.is_certain(trial) || first.is_some_and(|first| first.repeat == trial.repeat)
    }

    fn is_owed(&self, trial: &Trial) -> bool {
        self.first(trial).is_none() && self.is_wanted(trial)
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
            .filter_map(|trial| self.result(trial))
            .map(|shown| &shown.figures)
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
        && Precision::of(goal, cell, figures).is_none_or(|precision| precision.is_settled)
}

#[cfg(test)]
mod tests;
