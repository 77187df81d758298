//! `kilonet run` and `kilonet sweep`: measure, then report.

use std::mem;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;

use super::display::display;
use super::factors::Factors;
use super::job::{Destination, Job};
use super::parts::only;
use super::progress::{Asked, Form};
use super::resume::{self, Versions};
use super::start::{self, Leave, Machine};
use super::{lacks, out, report};
use crate::error::{Error, Remedy, Result};
use crate::host::limits::Strength;
use crate::host::privilege::Privilege;
use crate::host::signal::Blocked;
use crate::host::sysctl;
use crate::host::watching::Watching;
use crate::lab::existing::Existing;
use crate::plan::Plan;
use crate::runner::{self, Outcome, Work};
use crate::scenario::{Baseline, Part, Purpose, Scenario, Timing, read_ruleset};
use crate::store::folder::{Manifest, Writer};
use crate::store::record::{Record, SCHEMA};
use crate::testbed::Machine as Testbeds;
use crate::units::{counted, nanos};
use crate::version::{self, NUMBER};

/// Flags replace the file's keys of the same name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kilonet run scenarios/quickstart.toml
  kilonet run scenarios/bridge-scaling.toml --containers 2..256 --repeats 5
  kilonet run scenarios/quickstart.toml --repeats 3..10 --within 5%
  kilonet run scenarios/bridge-scaling.toml --live
  kilonet run scenarios/thousands.toml --verify
  kilonet run --resume results/20261123T120000Z-bridge-scaling")]
pub(super) struct Run {
    /// The scenario file
    #[arg(value_name = "SCENARIO", required_unless_present = "resume")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    factors: Factors,
    /// Continue a run that was cut off: trials that were measured are not run again
    #[arg(long, value_name = "DIR", help_heading = "Run", conflicts_with_all = ["scenario", "out", "verify"])]
    resume: Option<PathBuf>,
    /// Continue even if a different kilonet began the run; the report then says so
    #[arg(
        long,
        requires = "resume",
        conflicts_with = "scenario",
        help_heading = "Run"
    )]
    allow_other_version: bool,
    /// Make one tiny trial of each cell, to see that all of them work
    #[arg(long, help_heading = "Run")]
    verify: bool,
    #[command(flatten)]
    output: Output,
}

/// A scenario from flags alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kilonet sweep --topology bridge,veth --containers 2..512
  kilonet sweep --topology shared --containers 2..2048 --driver threads,workers
  kilonet sweep --containers 1000 --active 2..1000 --family ipv6
  kilonet sweep --topology bridge --containers 2..4096 --print > mine.toml")]
pub(super) struct Sweep {
    #[command(flatten)]
    factors: Factors,
    /// Print the scenario that the flags describe, and run nothing
    #[arg(long, help_heading = "Run", conflicts_with_all = ["out", "quiet", "live"])]
    print: bool,
    #[command(flatten)]
    output: Output,
}

/// Where results and progress go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// Folder in which the run's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(super) out: PathBuf,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
    /// Show the run on the whole screen as it proceeds: its curves, the pairs of the current trial, the machine
    #[arg(long, conflicts_with = "quiet")]
    live: bool,
}

impl Output {
    /// How the run is to be shown.
    pub(super) fn asked(&self) -> Asked {
        match (self.quiet, self.live) {
            (true, _) => Asked::Nothing,
            (false, true) => Asked::View,
            (false, false) => Asked::Lines,
        }
    }
}

impl Run {
    pub(super) fn run(&self, leave: Leave) -> Result<ExitCode> {
        let (scenario, folder) = self.scenario()?;
        let job = Job {
            scenario: &scenario,
            destination: folder,
            places: &[],
            asked: self.output.asked(),
        };
        execute(job, leave)
    }

    /// The scenario of the file, or that of the folder to be resumed; and where the records go.
    fn scenario(&self) -> Result<(Scenario, Destination<'_>)> {
        let overrides = self.factors.overrides();
        if let Some(dir) = &self.resume {
            let reason = "a run continues with the scenario that it began with";
            only(
                &overrides,
                &[],
                (reason, "leave it out, or start another run"),
            )?;
            let manifest = Manifest::read(dir)?;
            refuse_attached(&manifest)?;
            let scenario = Scenario::parse(&manifest.scenario_text, &manifest.name)?;
            check_ruleset(&scenario, &manifest)?;
            let scenario = match manifest.purpose() {
                Purpose::Measure => scenario,
                Purpose::Verify => scenario.to_verify(),
            };
            resume::check_settings(&manifest.settings, &asked(&scenario))?;
            let versions = if self.allow_other_version {
                Versions::Any
            } else {
                Versions::Same
            };
            return Ok((scenario, Destination::Old(dir, versions)));
        }
        if self.verify {
            let reason = "--verify makes one trial of 100 ms of each cell";
            let parts = [Part::Lab, Part::Traffic, Part::Both];
            only(&overrides, &parts, (reason, "leave out one of the two"))?;
        }
        let file = self.scenario.as_deref().unwrap_or(Path::new(""));
        let scenario = Scenario::load(file, &overrides)?;
        let scenario = if self.verify {
            scenario.to_verify()
        } else {
            scenario
        };
        Ok((scenario, Destination::New(&self.output.out)))
    }
}

impl Sweep {
    pub(super) fn run(&self, leave: Leave) -> Result<ExitCode> {
        let scenario = Scenario::from_overrides(&self.factors.overrides())?;
        if self.print {
            out::data(scenario.text.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        let job = Job {
            scenario: &scenario,
            destination: Destination::New(&self.output.out),
            places: &[],
            asked: self.output.asked(),
        };
        execute(job, leave)
    }
}

/// Measures, then reports.
pub(super) fn execute(job: Job<'_>, leave: Leave) -> Result<ExitCode> {
    let scenario = job.scenario;
    let plan = Plan::new(scenario);
    let form = Form::of(job.asked);
    let mut machine = start::machine(Blocked::new()?, &scenario.limiting_sysctls(), leave)?;
    let watching = mem::take(&mut machine.watching);
    refuse_to_attach_without_root(job.places, machine.privilege)?;
    refuse_beyond_limits(&plan, &machine)?;
    let lacks = lacks::probe(scenario, &plan)?;
    let places = job.places.iter().map(|place| Existing::find(place));
    let places = places.collect::<Result<Vec<_>>>()?;
    let testbeds = Testbeds::new(machine.tcp_memory)
        .attached_to(places)
        .lacking(lacks);
    tell_unwatched(&watching, job.asked);
    let mut testbeds = testbeds.watched_by(watching);
    let (outcome, dir) = with_sysctls(scenario, || {
        let (mut folder, done) = open(job.destination, scenario, &plan, &machine)?;
        let name = machine.fingerprint.machine();
        let work = Work {
            plan: &plan,
            done: &done,
            machine: Some(&name),
        };
        let display = display(work, &machine, (job, form))?;
        let outcome = runner::run(&mut testbeds, work, &mut folder, &*display);
        display.close();
        let outcome = outcome?;
        Ok((outcome, folder.dir().to_owned()))
    })?;
    let shown = report::show(&dir);
    let code = exit_code(outcome, job, &dir);
    let failures = shown?;
    // What was cut off has failed as it is, and its report says what is not known.
    let fails = !outcome.interrupted && complain(&failures);
    Ok(if fails { ExitCode::FAILURE } else { code })
}

/// So many of the cells for which a run fails are named on standard error; the report has all.
const NAMED: usize = 20;

/// Says what the run fails for, though its trials are done; whether there is anything.
fn complain(failures: &[String]) -> bool {
    for sentence in failures.iter().take(NAMED) {
        out::say(format!("fail_if: {sentence}"));
    }
    if failures.len() > NAMED {
        let more = failures.len() - NAMED;
        out::say(format!("fail_if: and {more} more, which the report names"));
    }
    !failures.is_empty()
}

/// Says what is not watched in this run, and what helps, once and before it begins.
fn tell_unwatched(watching: &Watching, asked: Asked) {
    for lack in watching.lacks().iter().filter(|_| asked != Asked::Nothing) {
        let (what, why) = (lack.what, lack.why.sentence());
        out::say(format!("note: this run does not record {what}: {why}"));
        if let Some(hint) = lack.why.hint() {
            out::say(format!("hint: {hint}"));
        }
    }
}

/// What exists belongs to somebody else's user namespace, whose network namespaces are closed to one of our own.
fn refuse_to_attach_without_root(places: &[String], privilege: Privilege) -> Result<()> {
    if places.is_empty() || privilege == Privilege::Root {
        return Ok(());
    }
    let reason = "only root may enter existing network namespaces";
    Err(Error::refused("attach to", places.join(", "), reason).with_remedy(Remedy::AttachAsRoot))
}

/// Refuses what the machine cannot hold, before anything is touched.
fn refuse_beyond_limits(plan: &Plan, machine: &Machine) -> Result<()> {
    let need = plan.need();
    let exceeded = machine.limits.binding(&need);
    let Some(worst) = exceeded
        .iter()
        .find(|one| one.limit.strength == Strength::Hard)
    else {
        return Ok(());
    };
    let show = |figure| worst.limit.resource.show(figure);
    let reason = format!(
        "it needs {} of {}, which has {} left",
        show(worst.need),
        worst.limit.name,
        show(worst.limit.room())
    );
    Err(Error::refused("run", "the scenario", reason)
        .with_remedy(Remedy::RaiseLimit(worst.remedy.clone())))
}

fn open(
    destination: Destination,
    scenario: &Scenario,
    plan: &Plan,
    machine: &Machine,
) -> Result<(Writer, Vec<Record>)> {
    match destination {
        Destination::Old(dir, versions) => resume::resume(dir, machine, versions),
        Destination::New(out) => {
            let manifest = manifest(scenario, plan, machine)?;
            Writer::create(out, &manifest).map(|writer| (writer, Vec::new()))
        }
    }
}

fn manifest(scenario: &Scenario, plan: &Plan, machine: &Machine) -> Result<Manifest> {
    let fingerprint = serde_json::to_value(&machine.fingerprint)
        .map_err(|error| Error::refused("write", "the fingerprint", error.to_string()))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(Manifest {
        schema: SCHEMA,
        name: scenario.name.clone(),
        purpose: Some(scenario.purpose),
        scenario_text: scenario.text.clone(),
        ruleset_text: ruleset(scenario).and_then(|path| read_ruleset(path).ok()),
        settings: settings(scenario, machine),
        version: NUMBER.to_owned(),
        build: Some(version::build()),
        seed: plan.seed,
        planned: u32::try_from(plan.least()).unwrap_or(u32::MAX),
        started_unix_ns: nanos(now),
        fingerprint,
        command: Some(command()),
    })
}

/// The file of a scenario's own rules.
fn ruleset(scenario: &Scenario) -> Option<&str> {
    let mut cells = scenario.cells.iter();
    cells.find_map(|cell| cell.rules.ruleset.as_deref())
}

/// Refuses to resume a run of `attach`: a scenario cannot set up its containers again.
fn refuse_attached(manifest: &Manifest) -> Result<()> {
    if manifest.settings["attached"] != json!(true) {
        return Ok(());
    }
    let reason = "it measured containers that existed then, which no scenario can set up again";
    Err(Error::refused("resume", "the run", reason).with_remedy(Remedy::AttachAgain))
}

/// Trials of one run are all under the same rules, also where it is gone on with.
fn check_ruleset(scenario: &Scenario, manifest: &Manifest) -> Result<()> {
    let Some((path, then)) = ruleset(scenario).zip(manifest.ruleset_text.as_ref()) else {
        return Ok(());
    };
    if read_ruleset(path).is_ok_and(|now| now == *then) {
        return Ok(());
    }
    let reason = format!("the rule set {path} has changed since the run began");
    Err(Error::refused("resume", "the run", reason).with_remedy(Remedy::PutRulesetBack))
}

/// The command line, with the program by its name alone: where it lies says nothing of the run.
fn command() -> Vec<String> {
    let mut words: Vec<String> = std::env::args().collect();
    if let Some(program) = words.first_mut() {
        let name = Path::new(program.as_str())
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        *program = name.unwrap_or_default();
    }
    words
}

/// The effective settings, defaults and flags included.
fn settings(scenario: &Scenario, machine: &Machine) -> serde_json::Value {
    let mut settings = asked(scenario);
    settings["privilege"] = machine.privilege.word().into();
    settings
}

/// The settings that follow from the scenario alone, on any machine.
fn asked(scenario: &Scenario) -> serde_json::Value {
    let Timing {
        warmup,
        measure,
        sample,
        connect,
    } = scenario.timing;
    json!({
        "about": scenario.about,
        "cells": scenario.cells.len(),
        "warmup_ns": nanos(warmup),
        "measure_ns": nanos(measure),
        "sample_ns": nanos(sample),
        "connect_ns": nanos(connect),
        "repeats": scenario.repeats,
        "again": scenario.again,
        "baseline": scenario.baseline == Baseline::Interleaved,
        "sysctls": scenario.sysctls,
        "attached": scenario.cells.iter().any(|cell| cell.topology.is_found()),
    })
}

/// Restores the sysctls of killed runs, sets those that the scenario asks for, and restores them when the work is done.
pub(super) fn with_sysctls<T>(scenario: &Scenario, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let tell = |sentences: Vec<String>| {
        for sentence in sentences {
            out::say(format!("note: {sentence}"));
        }
    };
    let left = sysctl::restore_leftovers();
    tell(left.notes);
    tell(left.errors.iter().map(Error::sentence).collect());
    if scenario.sysctls.is_empty() {
        return work();
    }
    let raised = sysctl::Guard::raise(&scenario.sysctls)?;
    let result = work();
    tell(raised.restore());
    result
}

fn exit_code(outcome: Outcome, job: Job<'_>, dir: &Path) -> ExitCode {
    if outcome.interrupted && job.places.is_empty() {
        let command = format!("kilonet run --resume {}", dir.display());
        out::say(format!("interrupted; `{command}` continues from here"));
    } else if outcome.interrupted {
        out::say(
            "interrupted; the folder above keeps what was measured; attach cannot continue from there, because what it measures \
             may have changed",
        );
    }
    if outcome.failed > 0 {
        let failed = counted(outcome.failed, "trial");
        out::say(format!("{failed} failed; the report says why"));
    }
    ExitCode::from(u8::from(outcome.interrupted || outcome.failed > 0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::scenario::Repeats;
    use crate::store::sample;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        run: Run,
    }

    /// The scenario of a folder that is gone on with.
    fn resumed(manifest: &Manifest) -> Result<Scenario> {
        let out = tempfile::tempdir().unwrap();
        let writer = Writer::create(out.path(), manifest).unwrap();
        let dir = writer.dir().as_os_str();
        let line = Line::parse_from(["run".as_ref(), "--resume".as_ref(), dir]);
        line.run.scenario().map(|(scenario, _)| scenario)
    }

    #[test]
    fn another_version_is_allowed_only_where_a_run_is_gone_on_with() {
        for words in [&["x.toml"][..], &["x.toml", "--verify"], &[]] {
            let line = [&["run", "--allow-other-version"], words].concat();
            Line::try_parse_from(line).unwrap_err();
        }
        Line::try_parse_from(["run", "--resume", "x", "--allow-other-version"]).unwrap();
    }

    #[test]
    fn a_run_is_gone_on_with_as_it_began_whatever_it_is_called() {
        let text = "name = \"mine-verify\"\n[axes]\ncontainers = 2\n[trial]\nmeasure = \"3s\"\nrepeats = 7\n";
        let manifest = Manifest {
            name: "mine-verify".to_owned(),
            scenario_text: text.to_owned(),
            purpose: Some(Purpose::Measure),
            ..sample::manifest(1)
        };
        // What earlier versions had made of such a name.
        let earlier = Manifest {
            purpose: None,
            settings: json!({"verify": true, "measure_ns": 3_000_000_000_u64, "repeats": 7}),
            ..manifest.clone()
        };
        let verifies = Manifest {
            purpose: Some(Purpose::Verify),
            ..manifest.clone()
        };
        for manifest in [manifest, earlier] {
            let scenario = resumed(&manifest).unwrap();
            assert_eq!(scenario.timing.measure, Duration::from_secs(3));
            assert_eq!(scenario.repeats, Repeats::Fixed(7));
        }
        let scenario = resumed(&verifies).unwrap();
        assert_eq!(scenario.timing.measure, Duration::from_millis(100));
        assert_eq!(scenario.repeats, Repeats::Fixed(1));
    }

    #[test]
    fn a_run_whose_scenario_was_edited_is_not_gone_on_with() {
        let text = "[axes]\ncontainers = 2\n[trial]\nmeasure = \"300ms\"\n";
        for purpose in [Purpose::Measure, Purpose::Verify] {
            let scenario = Scenario::parse(text, "mine").unwrap();
            let scenario = match purpose {
                Purpose::Measure => scenario,
                Purpose::Verify => scenario.to_verify(),
            };
            let manifest = Manifest {
                scenario_text: text.to_owned(),
                settings: asked(&scenario),
                purpose: Some(purpose),
                ..sample::manifest(1)
            };
            assert_eq!(resumed(&manifest).unwrap().timing, scenario.timing);
            let edited = Manifest {
                scenario_text: text.replace("containers = 2", "containers = [2, 4]"),
                ..manifest.clone()
            };
            let error = resumed(&edited).unwrap_err();
            assert!(
                error.sentence().ends_with("cells was 1 and is 2"),
                "{error:?}"
            );
        }
    }
}
