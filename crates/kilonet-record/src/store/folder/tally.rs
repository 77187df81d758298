//! Whether the tables beside the records have what the records say they have.
//!
//! Must not know who reads the tables, nor keep their rows. The invariant: of a trial either all rows are believed or none,
//! and a note says of how many trials there are none, and why of the first.

mod trial;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::flows::Rows;
use super::names::{CONTAINERS, FLOWS, OUTPUTS};
use crate::error::Result;
use crate::store::record::{ContainerRow, FlowRow, Record};
use crate::units::counted;
use trial::{Trial, Wrong};

/// What a run's table of flows is worth.
#[derive(Debug, Default)]
pub struct Tally {
    sound: HashSet<String>,
    notes: Vec<String>,
}

impl Tally {
    /// Reads the rows of the run in `dir` once, beside its records.
    ///
    /// # Errors
    /// When the file is there and cannot be opened.
    pub fn of(dir: &Path, records: &[Record]) -> Result<Self> {
        let rows = Rows::<FlowRow>::open(dir, FLOWS)?;
        let is_there = rows.is_there();
        let mut counting = Counting::new(
            records
                .iter()
                .map(|record| (record.trial.as_str(), Trial::of(record))),
        );
        for row in rows {
            match row {
                Ok(row) => counting.take(&row.trial, |trial| trial.take(&row)),
                Err(note) => counting.notes.push(note),
            }
        }
        if !is_there {
            counting.say_missing(FLOWS);
            return Ok(Self {
                notes: counting.notes,
                ..Self::default()
            });
        }
        Ok(counting.result(FLOWS, Trial::wrong))
    }

    /// Whether the rows of a trial are all that there are to be, and agree with its record.
    #[must_use]
    pub fn is_sound(&self, trial: &str) -> bool {
        self.sound.contains(trial)
    }

    /// What is left out, each a sentence.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Says where containers' rows or programs' outputs are not there that records speak of.
pub(super) fn beside(dir: &Path, records: &[Record]) -> Result<Vec<String>> {
    let mut notes = containers(dir, records)?;
    let generated = records.iter().filter(|it| it.generator.is_some());
    let missing = generated.filter(|it| !dir.join(OUTPUTS).join(it.trial.file(".jsonl")).is_file());
    let missing: Vec<_> = missing.map(|it| it.trial.as_str()).collect();
    if let Some(first) = missing.first() {
        notes.push(format!(
            "{OUTPUTS} lacks the output of generators in {}, the first {first}",
            counted(missing.len(), "trial")
        ));
    }
    Ok(notes)
}

fn containers(dir: &Path, records: &[Record]) -> Result<Vec<String>> {
    let with = records
        .iter()
        .filter_map(|record| Some((record.trial.as_str(), record.per_container?.processes)));
    let mut counting = Counting::new(with.map(|(trial, processes)| (trial, (processes, 0_u32))));
    if counting.trials.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Rows::<ContainerRow>::open(dir, CONTAINERS)?;
    let is_there = rows.is_there();
    for row in rows {
        match row {
            Ok(row) => counting.take(&row.trial, |(_, rows)| *rows = rows.saturating_add(1)),
            Err(note) => counting.notes.push(note),
        }
    }
    if !is_there {
        counting.say_missing(CONTAINERS);
        return Ok(counting.notes);
    }
    let wrong = |(processes, rows): &(u32, u32)| {
        (processes != rows).then(|| Wrong {
            kind: "containers",
            words: format!(
                "{} for {processes} containers",
                counted(*rows as usize, "row")
            ),
        })
    };
    Ok(counting.result(CONTAINERS, wrong).notes)
}

/// What is counted of each trial that has a record, and of those that have none.
struct Counting<'a, T> {
    trials: HashMap<&'a str, T>,
    /// In the order of the records.
    order: Vec<&'a str>,
    strange: usize,
    notes: Vec<String>,
}

impl<'a, T> Counting<'a, T> {
    fn new(trials: impl Iterator<Item = (&'a str, T)>) -> Self {
        let mut order = Vec::new();
        let trials = trials.inspect(|(trial, _)| order.push(*trial)).collect();
        Self {
            trials,
            order,
            strange: 0,
            notes: Vec::new(),
        }
    }

    fn take(&mut self, trial: &str, count: impl FnOnce(&mut T)) {
        match self.trials.get_mut(trial) {
            Some(trial) => count(trial),
            None => self.strange += 1,
        }
    }

    fn say_missing(&mut self, file: &str) {
        if !self.trials.is_empty() {
            self.notes.push(format!("{file} is not there"));
        }
    }

    fn result(mut self, file: &str, wrong: impl Fn(&T) -> Option<Wrong>) -> Tally {
        let mut sound = HashSet::new();
        let mut unsound: BTreeMap<&str, (String, usize)> = BTreeMap::new();
        for trial in self.order {
            match wrong(&self.trials[trial]) {
                None => drop(sound.insert(trial.to_owned())),
                Some(Wrong { kind, words }) => {
                    let first = || format!("{file} has {words} of trial {trial}");
                    unsound.entry(kind).or_insert_with(|| (first(), 0)).1 += 1;
                }
            }
        }
        let left_out = |(first, trials): &(String, usize)| match trials {
            1 => format!("{first}: its rows are left out"),
            2 => format!("{first}: its rows are left out, and so are those of another trial"),
            more => format!(
                "{first}: its rows are left out, and so are those of {} more trials",
                more - 1
            ),
        };
        self.notes.extend(unsound.values().map(left_out));
        if self.strange > 0 {
            let rows = counted(self.strange, "row");
            self.notes.push(format!(
                "{file} has {rows} of trials without a record, left out"
            ));
        }
        Tally {
            sound,
            notes: self.notes,
        }
    }
}
