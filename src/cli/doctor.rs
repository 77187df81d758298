//! `kilonet doctor`: what this machine can do, which limit binds first, and the exact remedy.

use std::process::ExitCode;

use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::Leave;
use super::parts::{hide_others, only};
use crate::error::Result;
use crate::host::features::{self, Feature, Requirement, State};
use crate::host::limits::{Limit, Limits, Resource, Strength};
use crate::host::signal::Blocked;
use crate::plan::Need;
use crate::scenario::{Overrides, Part, Scenario};
use crate::units::Bytes;

/// Changes nothing: features are tried in a namespace that is thrown away.
#[derive(Debug, Args)]
#[command(mut_args(|flag| hide_others(flag, PARTS)), after_help = "\
Examples:
  kilonet doctor
  kilonet doctor --topology bridge --driver workers")]
pub(super) struct Doctor {
    #[command(flatten)]
    factors: super::factors::Factors,
}

/// Containers whose need is held against the limits, unless `--containers` says otherwise; the limits' verdicts are
/// proportional, so the figure does not matter much.
const EXAMPLE: &str = "1000";

/// What there is of a scenario where nothing is run.
const PARTS: &[Part] = &[Part::Lab, Part::Traffic, Part::Both];

impl Doctor {
    pub(super) fn run(&self, leave: Leave) -> Result<ExitCode> {
        let mut overrides = self.factors.overrides();
        let reason = "doctor makes no trials";
        only(&overrides, PARTS, (reason, "leave it out"))?;
        overrides
            .containers
            .get_or_insert_with(|| EXAMPLE.to_owned());
        let need = need(&overrides)?;
        let machine = super::start::machine(Blocked::new()?, leave)?;
        anstream::println!("rights: {}\n", machine.privilege.word());
        let features = features::probe(&Requirement::of_doctor())?;
        anstream::println!("{}\n", feature_table(&features));
        anstream::println!("{}\n", limit_table(&machine.limits));
        anstream::print!("{}", verdict(&machine.limits, &need));
        Ok(ExitCode::SUCCESS)
    }
}

/// The largest cell's containers and what they need.
fn need(overrides: &Overrides) -> Result<(u32, Need)> {
    let scenario = Scenario::from_overrides(overrides)?;
    let containers = scenario
        .cells
        .iter()
        .map(|cell| cell.containers)
        .max()
        .unwrap_or(0);
    let need = scenario
        .cells
        .iter()
        .map(Need::of)
        .fold(Need::default(), Need::max);
    Ok((containers, need))
}

fn feature_table(features: &[Feature]) -> Table {
    let mut table = plain_table();
    table.set_header(["feature", "", "what it means"]);
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

fn limit_table(limits: &Limits) -> Table {
    let mut table = plain_table();
    table.set_header(["limit", "have", "in use", "beyond it", "read from"]);
    let row = |limit: &Limit| {
        let show = |figure| match limit.resource {
            Resource::Memory | Resource::TcpMemory => Bytes(figure).to_string(),
            _ => figure.to_string(),
        };
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

fn plain_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// Which limits bind as containers grow, first to last.
fn verdict(limits: &Limits, (containers, need): &(u32, Need)) -> String {
    let mut lines = vec!["As containers grow, these bind, first to last:".to_owned()];
    for headroom in limits.headroom(need, *containers).iter().take(5) {
        lines.push(format!(
            "  {} at {} containers; {}",
            headroom.limit.name, headroom.containers, headroom.remedy
        ));
    }
    lines.join("\n") + "\n"
}
