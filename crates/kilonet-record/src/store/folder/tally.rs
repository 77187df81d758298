//! Whether the tables beside the records have what the records say they have.
//!
//! Must not know who reads the tables, nor keep their rows. The invariant: of a trial either all rows are believed or none,
//! and a note says of how many trials there are none, and why of the first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::flows::Rows;
use super::{CONTAINERS, FLOWS, OUTPUTS};
use crate::error::Result;
use crate::factors::Workload;
use crate::store::record::{ContainerRow, FlowRow, Record, Status};
use crate::units::counted;

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
            "{OUTPUTS} has not what others' programs printed in {}, the first {first}",
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

/// What is wrong with the rows of a trial.
struct Wrong {
    /// The same for all of which the same is wrong.
    kind: &'static str,
    words: String,
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

/// What is counted of one trial's flows.
struct Trial<'a> {
    record: &'a Record,
    rows: u32,
    goodput_bps: f64,
    /// Those of its flows that had a row, as long as its rows go on.
    met: HashSet<(u32, u32)>,
    again: bool,
    impossible: Option<(&'static str, f64)>,
}

/// How far the sum of flows may be from the aggregate: rounding, and no more.
const TOLERANCE: f64 = 1e-3;

impl<'a> Trial<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            record,
            rows: 0,
            goodput_bps: 0.0,
            met: HashSet::new(),
            again: false,
            impossible: None,
        }
    }

    fn take(&mut self, row: &FlowRow) {
        self.rows = self.rows.saturating_add(1);
        self.goodput_bps += row.goodput_bps;
        if self.rows <= self.expected() {
            self.again |= !self.met.insert((row.pair, row.stream));
        }
        if self.rows == self.expected() {
            // It is not needed any more, and there may be millions.
            self.met = HashSet::new();
        }
        self.impossible = self.impossible.or_else(|| self.impossible_of(row));
    }

    /// The first figure of a row that cannot have been.
    fn impossible_of(&self, row: &FlowRow) -> Option<(&'static str, f64)> {
        let cell = &self.record.cell;
        let rates = [
            ("goodput_bps", Some(row.goodput_bps)),
            ("generator_bps", row.generator_bps),
            (
                "generator_transactions_per_s",
                row.generator_transactions_per_s,
            ),
        ];
        let rates = rates
            .into_iter()
            .filter_map(|(name, rate)| Some((name, rate?)));
        let strange = rates.filter(|(_, rate)| !(0.0..=1e18).contains(rate));
        let places = [
            ("pair", row.pair, cell.pairs),
            ("stream", row.stream, cell.streams),
        ];
        let places = places.into_iter().filter(|(_, place, all)| place >= all);
        let places = places.map(|(name, place, _)| (name, f64::from(place)));
        let bytes = (!self.is_of(row)).then_some(("bytes", row.bytes as f64));
        strange.chain(places).chain(bytes).next()
    }

    /// Whether the bytes of a row are what its goodput says; where responses count towards that, no more than that.
    fn is_of(&self, row: &FlowRow) -> bool {
        let Some(window) = self.record.window else {
            return row.bytes <= 1 << 60;
        };
        let cell = &self.record.cell;
        let all = row.goodput_bps * window.duration_ns as f64 / 8e9;
        let (bytes, slack) = (row.bytes as f64, all * TOLERANCE + 1.0);
        let is_whole = cell.beside.is_none() && cell.workload == Workload::TcpStream;
        bytes <= all + slack && (!is_whole || bytes >= all - slack)
    }

    fn expected(&self) -> u32 {
        match self.record.status {
            Status::Ok => self.record.cell.counted_flows(),
            Status::Failed => 0,
        }
    }

    fn wrong(&self) -> Option<Wrong> {
        let (rows, expected) = (counted(self.rows as usize, "row"), self.expected());
        let wrong = |kind, words| Some(Wrong { kind, words });
        if self.rows != expected {
            return wrong(
                "rows",
                format!("{rows} for {}", counted(expected as usize, "flow")),
            );
        }
        if self.again {
            return wrong(
                "again",
                format!("two rows for one of {}", counted(expected as usize, "flow")),
            );
        }
        if let Some((field, value)) = self.impossible {
            return wrong("impossible", format!("a `{field}` of {value} in a row"));
        }
        let aggregate = self.record.aggregate?.goodput_bps;
        let differs = (self.goodput_bps - aggregate).abs() > aggregate * TOLERANCE;
        differs
            .then(|| format!("{:.3e} b/s of the {aggregate:.3e} b/s", self.goodput_bps))
            .and_then(|words| wrong("sum", words))
    }
}
