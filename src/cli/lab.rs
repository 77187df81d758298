//! `kilonet lab`: sets up the lab of one cell, gives a shell, and tears the lab down when the shell ends.
//!
//! This process holds the lab, as one that measures does. The shell is a child of `kilonet keep`, which is this one's.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Args;

use super::exec::LAB;
use super::factors::Factors;
use super::out;
use super::parts::{hide_others, only};
use super::run::with_sysctls;
use crate::error::{Act, Error, Remedy, Result};
use crate::host::relay::{RELAYED, Relay};
use crate::host::signal::Blocked;
use crate::host::{kin, limits, privilege};
use crate::lab::Lab as Raised;
use crate::lab::roster::Posted;
use crate::plan::{Plan, cell_id};
use crate::scenario::{Cell, Overrides, Part, Scenario, Testbed};

/// The most containers that are listed by name.
const LISTED: usize = 4;

/// In the shell, `kilonet exec K -- CMD` runs a command in container K. When the shell ends, for whatever reason, all
/// processes started from it end too, and the lab is removed.
#[derive(Debug, Args)]
#[command(mut_args(|flag| hide_others(flag, PARTS)), after_help = "\
Examples:
  kilonet lab --topology bridge --containers 8
  kilonet lab scenarios/docker-rules.toml --cell bridge-ipv4-docker-29-c128-a2-outside
  kilonet lab scenarios/quickstart.toml --topology veth --containers 2
  kilonet lab --containers 2 -- kilonet exec 0 -- ip -j addr")]
pub(super) struct Lab {
    /// The scenario file; without one, flags describe the lab
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,
    /// The cell to set up, by its id as kilonet plan lists them [default: the first]
    #[arg(long, value_name = "ID", help_heading = "Lab")]
    cell: Option<String>,
    /// The command to run instead of a shell
    #[arg(value_name = "CMD", last = true)]
    command: Vec<OsString>,
    #[command(flatten)]
    factors: Factors,
}

/// The parts of a scenario that apply where nothing is measured.
const PARTS: &[Part] = &[Part::Lab, Part::Both];

impl Lab {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let overrides = self.factors.overrides();
        let reason = "a lab has no trials, and no traffic except what its shell starts";
        let hint = "use kilonet sweep to measure; --cell takes the id of a cell with other traffic";
        only(&overrides, PARTS, (reason, hint))?;
        let scenario = self.scenario(&overrides)?;
        let cell = self.choose(&scenario)?;
        let signals = Blocked::of(RELAYED)?;
        let found = limits::raise()?;
        privilege::acquire()?;
        kin::adopt()?;
        let relay = Relay::open(signals)?;
        with_sysctls(&scenario, || {
            let lab = Raised::setup(cell, &|| relay.interrupt().is_raised())?;
            announce(&lab, cell);
            let ended = self.stay(&lab, &relay, found);
            // The keeper has seen to it already, unless it was killed itself.
            kin::end_all()?;
            lab.teardown()?;
            ended
        })
    }

    fn scenario(&self, overrides: &Overrides) -> Result<Scenario> {
        match &self.scenario {
            Some(file) => Scenario::load(file, overrides),
            None => Scenario::from_overrides(overrides),
        }
    }

    /// The cell that was named, or the first.
    fn choose<'a>(&self, scenario: &'a Scenario) -> Result<&'a Cell> {
        let cells = &scenario.cells;
        let cell = match &self.cell {
            None => &cells[0],
            Some(id) => named(id, scenario).ok_or_else(|| no_such(id, cells))?,
        };
        if cell.testbed == Testbed::Docker {
            let reason = "an engine's containers have shells of their own";
            let refused = Error::refused("raise", cell_id(cell), reason);
            return Err(refused.with_remedy(Remedy::DockerExec));
        }
        if self.cell.is_none() && cells.len() > 1 {
            out::say(format!(
                "the first of {} cells; --cell takes the id of another, and kilonet plan lists them",
                cells.len()
            ));
        }
        Ok(cell)
    }

    /// Runs the shell to its end.
    fn stay(&self, lab: &Raised, relay: &Relay, found: limits::Found) -> Result<ExitCode> {
        let posted = Posted::of(lab)?;
        let mut keeper = self
            .keeper(&posted, found)?
            .spawn()
            .map_err(|source| Error::kernel(Act::Start, "the keeper of the shell", source))?;
        relay.hand_to(keeper.id());
        let ended = keeper.wait();
        relay.take_back();
        let ended = ended.map_err(|source| Error::kernel("wait for", "the shell", source))?;
        // A keeper without a code was killed.
        let code = ended.code().and_then(|code| u8::try_from(code).ok());
        Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
    }

    /// What runs the shell: this program, by a hidden verb.
    fn keeper(&self, posted: &Posted, found: limits::Found) -> Result<Command> {
        let own = env::current_exe()
            .map_err(|source| Error::kernel("find", "the program itself", source))?;
        let mut keeper = Command::new(&own);
        // The shell is the user's, and has the limits that the user had.
        keeper.args(["keep", "--limits", &found.to_string()]);
        keeper.args([&std::process::id().to_string(), "--"]);
        if self.command.is_empty() {
            keeper.arg(env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into()));
        } else {
            keeper.args(&self.command);
        }
        // So that `kilonet` is found in the shell by whoever has not installed it. What is installed comes first.
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain(own.parent().map(PathBuf::from));
        if let Ok(path) = env::join_paths(folders) {
            keeper.env("PATH", path);
        }
        keeper.env(LAB, posted.place());
        Ok(keeper)
    }
}

/// The cell with this id, which may be that of one of its trials.
fn named<'a>(id: &str, scenario: &'a Scenario) -> Option<&'a Cell> {
    let plan = Plan::new(scenario);
    let trial = plan.trials.iter().find(|trial| trial.is_called(id))?;
    scenario.cells.iter().find(|cell| **cell == trial.cell)
}

fn no_such(id: &str, cells: &[Cell]) -> Error {
    let some: Vec<_> = cells.iter().take(LISTED).map(cell_id).collect();
    let more = if cells.len() > LISTED { ", ..." } else { "" };
    let some = some.join(", ");
    Error::Scenario(format!(
        "error: --cell: the scenario has no cell {id}\nhint: kilonet plan lists its cells: {some}{more}"
    ))
}

/// Lists the lab's containers, and says how to run commands in them.
fn announce(lab: &Raised, cell: &Cell) {
    out::say(format!(
        "{}: containers {}, pairs {}, set up in {:.1?}",
        cell_id(cell),
        cell.containers,
        cell.pairs,
        lab.setup_time()
    ));
    let seats = lab.layout().seats.iter().enumerate();
    for (container, seat) in seats.take(LISTED) {
        out::say(format!("  {:<6} {}", container, seat.address));
    }
    if cell.containers as usize > LISTED {
        out::say(format!("  ...    to container {}", cell.containers - 1));
    }
    for (number, (host, _)) in lab.hosts().enumerate().take(LISTED) {
        out::say(format!("  {:<6} {}", format!("host{number}"), host.name));
    }
    out::say("kilonet exec 0 -- CMD runs a command in container 0; the lab ends with this shell");
}
