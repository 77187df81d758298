//! What there is to say of a key whatever its values are: its words, where it is written, what it needs of a cell, and what becomes
//! of it in a cell that has no place for it.
//!
//! Knows no key and no level of one. The invariant: what a cell has no place for, it has as a blank one does, unless an entry says that
//! it stays.

use super::cell::Cell;
use super::choice::{CellFit, Fit};
use super::effect::{Effect, Witnessing};
use super::evidence::Evidence;
use super::field::Field;
use super::generator::Abilities;
use super::raw::{Digits, Raw};
use super::requirement::Requirement;
use super::takes::Takes;
use super::workload::Workload;

/// The table of a scenario's file that a key is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `[axes]`: what is varied.
    Axes,
    /// `[lab]`: how a lab is built.
    Lab,
    /// `[trial]`: how a trial is timed, and how often it is made.
    Trial,
}

impl Table {
    /// All of them, in the order of a file.
    pub const ALL: [Self; 3] = [Self::Axes, Self::Lab, Self::Trial];

    /// As it stands in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Axes => "axes",
            Self::Lab => "lab",
            Self::Trial => "trial",
        }
    }
}

/// What keys stand under together in a help text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The lab: its shape, and who is in it.
    Lab,
    /// Links and bridges.
    Links,
    /// Rules.
    Rules,
    /// Traffic: who talks to whom, and how.
    Traffic,
    /// What is asked of flows.
    Load,
    /// What runs the flows.
    Driver,
    /// Trials.
    Trials,
}

impl Group {
    /// What its keys are about, unless an entry says otherwise.
    pub(super) const fn usual_part(self) -> Part {
        match self {
            Self::Lab | Self::Links | Self::Rules => Part::Lab,
            Self::Traffic | Self::Load | Self::Driver => Part::Traffic,
            Self::Trials => Part::Trial,
        }
    }

    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Lab => "Scenario keys for the lab",
            Self::Links => "Scenario keys for links and bridges",
            Self::Rules => "Scenario keys for rules",
            Self::Traffic => "Scenario keys for traffic",
            Self::Load => "Scenario keys for load",
            Self::Driver => "Scenario keys for the driver",
            Self::Trials => "Scenario keys for trials",
        }
    }
}

/// What a key is about, by which a verb knows whether it has any use for its flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The lab: its shape, who is in it, and who of them are to talk.
    Lab,
    /// What flows do in it.
    Traffic,
    /// What each container may use, where it is a process of kilonet's own.
    Limits,
    /// Both: the lab is made for what flows do.
    Both,
    /// How often trials are made, in which order, and how long they are.
    Trial,
}

/// What a key says where nobody writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// Nothing: then nothing can run.
    Required,
    /// Nothing; cells have what follows from other keys.
    Absent,
    /// This text.
    Text(&'static str),
    /// This number.
    Number(&'static str),
    /// Yes or no.
    Truth(bool),
}

impl Usual {
    /// It in a text.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Truth(true) => Some("true"),
            Self::Truth(false) => Some("false"),
        }
    }

    /// It as it stands in a file.
    #[must_use]
    pub fn toml(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(format!("\"{text}\"")),
            other => other.text().map(str::to_owned),
        }
    }

    /// As somebody would write it.
    #[must_use]
    pub fn raw(self) -> Option<Raw<'static>> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Text(text) => Some(Raw::Text(text)),
            Self::Number(text) => Some(Raw::Integer(Digits { text, radix: 10 })),
            Self::Truth(flag) => Some(Raw::Boolean(flag)),
        }
    }
}

/// What it takes for a key to mean anything: it is refused where no cell has that.
#[derive(Clone, Copy)]
pub struct Needs {
    /// Whether a cell has a place for it.
    pub applies: fn(&Cell) -> bool,
    /// What the cells lack, after "no cell has ".
    pub lacking: &'static str,
    /// What it is allowed with.
    pub allowed: &'static str,
}

/// The same of a key that means something with some workloads only.
#[derive(Clone, Copy)]
pub struct NeedsWorkload {
    /// Whether a workload has a place for it.
    pub has: fn(Workload) -> bool,
    /// What the others lack, after "no cell has ".
    pub lacking: &'static str,
}

/// What a key needs.
#[derive(Clone, Copy)]
pub enum Need {
    /// A cell that has a place for it.
    Cell(Needs),
    /// A cell whose workload has.
    Workload(NeedsWorkload),
}

impl Need {
    /// Whether a cell has a place for the key.
    #[must_use]
    pub fn applies(&self, cell: &Cell) -> bool {
        match self {
            Self::Cell(needs) => (needs.applies)(cell),
            Self::Workload(needs) => (needs.has)(cell.workload),
        }
    }

    /// What cells lack that have none, after "no cell has ".
    #[must_use]
    pub fn lacking(&self) -> &'static str {
        match self {
            Self::Cell(needs) => needs.lacking,
            Self::Workload(needs) => needs.lacking,
        }
    }

    /// What the key is allowed with.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Cell(needs) => needs.allowed.to_owned(),
            Self::Workload(needs) => Workload::listed(needs.has),
        }
    }
}

/// What becomes of a factor in a cell that has no place for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unplaced {
    /// The cell has what a blank one does.
    Blank,
    /// What was asked for stays.
    Stays,
}

/// What there is to say of a key whatever its values are.
#[derive(Clone, Copy)]
pub struct Facts {
    /// As it is written in a file; its flag has hyphens in the place of underscores.
    pub name: &'static str,
    /// Where it is written.
    pub table: Table,
    /// Where it is read too, as it was written there before: with the same meaning for every table of axes.
    pub before: Option<Table>,
    /// Whether it may have several levels, of which each is tried.
    pub is_axis: bool,
    /// What it stands under.
    pub group: Group,
    /// What it is about.
    pub part: Part,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Values to follow the sentence, where its levels do not speak for themselves.
    pub examples: &'static str,
    /// What people may call it who know it from elsewhere: words of iperf3, netperf, Docker and of plain English.
    pub also: &'static [&'static str],
    /// Where nobody writes it.
    pub usual: Usual,
    /// What it needs.
    pub needs: Option<Need>,
    /// How its levels must fit those of other keys.
    pub fits: &'static [Fit],
    /// How they must fit the scenario's cells.
    pub fits_cells: Option<CellFit>,
    /// Whether a generator can be told a level of it; absent where that follows from what the key is about.
    pub told: Option<fn(&Abilities) -> bool>,
    /// What a cell requires of the machine for its level; absent where no level requires anything.
    pub requires: Option<fn(&Cell) -> Vec<Requirement>>,
    /// What a cell's level takes of a machine beside the usual, as an estimate; absent where none does.
    pub takes: Option<fn(&Cell) -> Takes>,
    /// Which of the cells that have what it needs have a place for it; absent where all do.
    pub place: Option<fn(&Cell) -> bool>,
    /// What becomes of it in the others.
    pub unplaced: Unplaced,
    /// What follows from it and others, once all that has no place is out of a cell.
    pub settles: Option<fn(&mut Cell)>,
    /// How its levels are seen to act.
    pub witnessing: Witnessing,
    /// Mechanisms that one of its levels can keep from binding, by their ids: a run that has other levels too is an experiment.
    pub keeps_away: &'static [&'static str],
    /// What cells have of it.
    pub fields: &'static [Field],
}

impl Facts {
    /// Whether it is read in such a table.
    #[must_use]
    pub fn is_read_in(&self, table: Table) -> bool {
        self.table == table || self.before == Some(table)
    }

    /// Its flag on the command line, without dashes.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Gives a cell what a blank one has of it, unless it has a place for it or stays without one. Whether it is out.
    pub fn take_out(&self, cell: &mut Cell, blank: &Cell) -> bool {
        let has_needs = self.needs.is_none_or(|needs| needs.applies(cell));
        let has_place = has_needs && self.place.is_none_or(|place| place(cell));
        let is_out = !has_place && self.unplaced == Unplaced::Blank;
        if is_out {
            for field in self.fields {
                field.take(cell, blank);
            }
        }
        is_out
    }

    /// Whether it has to be as usual where somebody else's generator runs the flows, which cannot be told: each pair is then a
    /// server and a client of its own, its requests are answered one at a time, by as much, and its datagrams have a call each, and
    /// a rate that is even.
    #[must_use]
    pub fn is_usual_with(&self, generator: &Abilities) -> bool {
        match (self.told, self.part) {
            (Some(told), _) => !told(generator),
            (None, Part::Traffic | Part::Both) => true,
            // Limits say themselves whose containers they are of.
            (None, Part::Lab | Part::Limits | Part::Trial) => false,
        }
    }

    /// Whether its level took hold in a trial; nothing where that cannot be told of it, or was not counted.
    #[must_use]
    pub fn effect(&self, evidence: &Evidence<'_>) -> Option<Effect> {
        match self.witnessing {
            Witnessing::Shows(shows) => Some(shows(evidence)?.of_factor(self.name)),
            Witnessing::ReadBack(_) | Witnessing::Unsaid => None,
        }
    }

    /// Has a cell keep a level by the key's name.
    pub(super) fn keep(&self, cell: &mut Cell, text: String) {
        cell.kept.keep(self.name, text, self.usual.text());
    }
}
