//! `kilonet plan`: the trials of a scenario and what they need, touching nothing.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::factors::Factors;
use super::out;
use crate::error::Result;
use crate::host::limits::{Headroom, Limits, Strength};
use crate::plan::{Need, Plan as Trials, Trial};
use crate::scenario::Scenario;
use crate::units::{Bytes, counted, show_duration};

/// Flags replace the file's keys of the same name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kilonet plan scenarios/bridge-scaling.toml
  kilonet plan scenarios/thousands.toml --containers 20000
  kilonet plan scenarios/quickstart.toml --json | jq -r '.trials[].id'")]
pub(super) struct Plan {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    #[command(flatten)]
    factors: Factors,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
}

impl Plan {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let overrides = self.factors.overrides();
        let scenario = Scenario::load(&self.scenario, &overrides)?;
        let plan = Trials::new(&scenario);
        if self.json {
            out::data(format!("{:#}\n", as_json(&plan)).as_bytes())?;
        } else {
            let need = |containers: u32| {
                let overrides = overrides.grown_to(containers);
                let grown = Scenario::load(&self.scenario, &overrides).ok()?;
                Some(Trials::new(&grown).need())
            };
            let summary = summary(&plan, &Limits::probe(&scenario.limiting_sysctls())?, need);
            out::page(format!("{}\n\n{summary}", trials(&plan)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn as_json(plan: &Trials) -> serde_json::Value {
    let (least, most) = plan.estimate_duration();
    json!({
        "seed": plan.seed,
        "certain_trials": plan.least(),
        "certain_s": least.as_secs_f64(),
        "estimated_s": most.as_secs_f64(),
        "again_trials": plan.allowance(),
        "need": plan.need(),
        "trials": plan.trials,
    })
}

/// The trials in their order, and what each needs.
fn trials(plan: &Trials) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["#", "trial", "", "time", "memory", "descriptors", "threads"]);
    for (number, trial) in (1..).zip(&plan.trials) {
        let need = Need::of(&trial.cell);
        table.add_row([
            format!("{number}"),
            trial.id.to_string(),
            role(plan, trial),
            format!("{:.1} s", plan.estimate_trial(&trial.cell).as_secs_f64()),
            Bytes(need.memory_bytes).to_string(),
            need.descriptors.to_string(),
            need.threads.to_string(),
        ]);
    }
    for column in [0, 3, 4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The role of a trial that is not one of the sweep.
fn role(plan: &Trials, trial: &Trial) -> String {
    let baseline = trial.is_baseline().then_some("baseline");
    let wanted = (!plan.is_certain(trial)).then_some("if wanted");
    let words: Vec<_> = baseline.into_iter().chain(wanted).collect();
    words.join(", ")
}

/// The plan in a few lines: its time, its needs, and the limits that would bind it, or bind it with more containers.
fn summary(plan: &Trials, limits: &Limits, grown: impl Fn(u32) -> Option<Need>) -> String {
    let need = plan.need();
    let mut lines = vec![
        format!(
            "{}{}, seed {}",
            extent((plan.least(), plan.trials.len()), plan.estimate_duration()),
            again(plan),
            plan.seed
        ),
        format!(
            "at most {}, {}, {}, {} of memory",
            counted(need.namespaces, "namespace"),
            counted(need.descriptors, "descriptor"),
            counted(need.threads, "thread"),
            Bytes(need.memory_bytes)
        ),
    ];
    let binding = limits.binding(&need);
    // What binds already is said below, with what raises it far enough.
    lines.push(match limits.headroom(1, grown).first() {
        None => {
            "no limit of this machine would bind at the most containers that such a scenario may have"
                .to_owned()
        }
        Some(first) if binding.is_empty() => format!("{}; {}", binds_first(first), first.remedy),
        Some(first) => binds_first(first),
    });
    for short in binding {
        let verdict = if short.limit.strength == Strength::Hard {
            "will refuse"
        } else {
            "will slow"
        };
        let show = |figure| short.limit.resource.show(figure);
        let (name, room) = (short.limit.name, short.limit.room());
        lines.push(format!(
            "{name} {verdict} the largest trial: {} needed, {} left; {}",
            show(short.need),
            show(room),
            short.remedy
        ));
    }
    lines.join("\n") + "\n"
}

fn binds_first(first: &Headroom<'_>) -> String {
    let (name, containers) = (first.limit.name, first.containers);
    format!("the first limit to bind would be {name} at {containers} containers")
}

/// How many more trials there may be, if any: `, up to 4 more for disturbed ones`
pub(super) fn again(plan: &Trials) -> String {
    match plan.allowance() {
        0 => String::new(),
        more => format!(", up to {more} more for disturbed ones"),
    }
}

/// How many trials there are and how long they take, at least and at most: `21 trials, about 58 s`,
/// `21 to 70 trials, about 58 s to 3 min`.
pub(super) fn extent((least, most): (usize, usize), (short, long): (Duration, Duration)) -> String {
    let (short, long) = (minutes(short), minutes(long));
    let time = if short == long {
        long
    } else {
        format!("{short} to {long}")
    };
    match (least, most) {
        _ if least == most => format!("{}, about {time}", counted(most, "trial")),
        _ => format!("{least} to {}, about {time}", counted(most, "trial")),
    }
}

/// A duration as people plan with it: `400 ms`, `58 s`, `3 min`, `1 h 20 min`.
pub(super) fn minutes(duration: Duration) -> String {
    match duration.as_secs() {
        0 => show_duration(duration),
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
