//! `kilonet doctor`: what this machine can do, which limit binds first, and the exact remedy.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::out;
use super::parts::{hide_others, only, refused};
use super::start::Leave;
use crate::error::Result;
use crate::host::features::{self, Feature, State};
use crate::host::limits::{Limit, Limits, Strength};
use crate::host::signal::Blocked;
use crate::plan::Need;
use crate::report::terminal::View;
use crate::scenario::registry::lab::CONTAINERS;
use crate::scenario::{Overrides, Part, Requirement, Scenario};

/// Changes nothing: features are tried in a namespace that is thrown away.
#[derive(Debug, Args)]
#[command(mut_args(|flag| hide_others(flag, PARTS)), mut_arg("containers", |flag| flag.hide(true)), after_help = "\
Examples:
  kilonet doctor
  kilonet doctor --topology bridge --driver workers")]
pub(super) struct Doctor {
    #[command(flatten)]
    factors: super::factors::Factors,
}

/// How many of the limits that bind first are listed.
const BINDING: usize = 5;

/// Containers by which flags are judged, which say of everything else how it is to be.
const SOME: u32 = 1000;

/// The parts of a scenario that apply where no trial runs.
const PARTS: &[Part] = &[Part::Lab, Part::Traffic, Part::Limits, Part::Both];

impl Doctor {
    pub(super) fn run(&self, leave: Leave) -> Result<ExitCode> {
        let overrides = self.factors.overrides();
        let reason = "doctor makes no trials";
        only(&overrides, PARTS, (reason, "leave it out"))?;
        if overrides.text(&CONTAINERS).is_some() {
            let reason = "doctor finds out how many containers fit";
            let hint = "leave it out; kilonet plan compares a scenario with the limits";
            return Err(refused("--containers", reason, hint));
        }
        let need = |containers| need(&overrides, containers);
        // What the flags say is refused before anything is tried.
        Scenario::from_overrides(&overrides.grown_to(SOME))?;
        let machine = super::start::machine(Blocked::new()?, &BTreeMap::new(), leave)?;
        let view = View::of_stdout();
        let features = features::probe(&Requirement::of_doctor())?;
        out::page(format!("rights: {}\n\n", machine.privilege.word()))?;
        out::page(format!("{}\n\n", feature_table(&features, view)))?;
        out::page(format!("{}\n\n", limit_table(&machine.limits, view)))?;
        out::page("As the number of containers grows, these limits bind, first to last:\n\n")?;
        out::page(format!("{}\n", verdict(&machine.limits, need, view)))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What this many containers need; absent if the flags do not allow as many.
fn need(overrides: &Overrides, containers: u32) -> Option<Need> {
    let scenario = Scenario::from_overrides(&overrides.grown_to(containers)).ok()?;
    Some(Need::of_any(&scenario.cells))
}

fn feature_table(features: &[Feature], view: View) -> Table {
    let mut table = plain_table(view);
    table.set_header(["feature", "", "meaning"]);
    table.add_rows(features.iter().map(feature_row));
    table
}

fn feature_row(feature: &Feature) -> [String; 3] {
    let state = match feature.state {
        State::Available => "yes",
        State::Missing => "no",
    };
    let needed_by = feature.requirement.needed_by();
    let needed_by = needed_by.filter(|_| feature.state == State::Missing);
    let needed_by = needed_by.map(|keys| format!("; needed by {keys}"));
    let remedy = feature.remedy.as_ref().map(|remedy| format!("; {remedy}"));
    let meaning = [Some(feature.meaning.clone()), needed_by, remedy];
    let meaning: String = meaning.into_iter().flatten().collect();
    [feature.requirement.to_string(), state.to_owned(), meaning]
}

fn limit_table(limits: &Limits, view: View) -> Table {
    let mut table = plain_table(view);
    table.set_header(["limit", "have", "in use", "beyond it", "read from"]);
    let row = |limit: &Limit| {
        let show = |figure| limit.resource.show(figure);
        let strength = match limit.strength {
            Strength::Hard => "refuses",
            Strength::Soft => "slows",
        };
        let name = limit.name.to_owned();
        [
            name,
            show(limit.have),
            show(limit.used),
            strength.to_owned(),
            limit.source.clone(),
        ]
    };
    table.add_rows(limits.iter().map(row));
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn plain_table(view: View) -> Table {
    let mut table = Table::new();
    // Off a terminal as well: without a width of its own a line would be as long as its longest sentence.
    table
        .load_style(presets::NOTHING)
        .set_width(view.width)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The limits that bind as the number of containers grows, first to last.
fn verdict(limits: &Limits, need: impl Fn(u32) -> Option<Need>, view: View) -> Table {
    let mut table = plain_table(view);
    table.set_header(["limit", "binds at containers", "remedy"]);
    let headroom = limits.headroom(BINDING, need);
    table.add_rows(headroom.into_iter().map(|headroom| {
        let (name, count) = (headroom.limit.name, headroom.containers);
        [name.to_owned(), count.to_string(), headroom.remedy]
    }));
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_table_is_wider_than_the_view() {
        let long = "a sentence of some forty-odd letters; ".repeat(6);
        let row = Feature {
            requirement: Requirement::Nft,
            state: State::Missing,
            meaning: long,
            remedy: None,
        };
        let limits = Limits::probe(&BTreeMap::new()).unwrap();
        let need = |containers| need(&Overrides::default(), containers);
        let tables = [
            feature_table(&[row], View::PLAIN),
            limit_table(&limits, View::PLAIN),
            verdict(&limits, need, View::PLAIN),
        ];
        for table in tables {
            let text = table.to_string();
            let widest = text.lines().map(|line| line.trim_end().chars().count());
            assert!(
                widest.max() <= Some(usize::from(View::PLAIN.width)),
                "{text}"
            );
        }
    }
}
