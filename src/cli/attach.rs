//! `kilonet attach`: measures between containers or namespaces that exist, and changes nothing in them.

use std::process::ExitCode;

use clap::Args;

use super::Leave;
use super::factors::Factors;
use super::run::{Destination, Job, Output, execute};
use crate::error::{Error, Result};
use crate::scenario::{Cell, Direction, Driver, Pattern, Scenario, Topology};

/// The first of each two sends to the second. Sockets are made inside them and closed again; nothing else is touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kilonet attach web db                              containers of the engine, by name or id
  kilonet attach 4711 4712                           processes
  kilonet attach /run/netns/red /run/netns/blue      namespaces
  kilonet attach web db --measure 10s --streams 1,4")]
pub(super) struct Attach {
    /// A running container, a process, or a namespace; an even number of them
    #[arg(value_name = "NAME|PID|PATH", required = true)]
    places: Vec<String>,
    #[command(flatten)]
    factors: Factors,
    #[command(flatten)]
    output: Output,
}

impl Attach {
    pub(super) fn run(&self, leave: Leave) -> Result<ExitCode> {
        let scenario = self.scenario()?;
        let job = Job {
            scenario: &scenario,
            destination: Destination::New(&self.output.out),
            places: &self.places,
            asked: self.output.asked(),
        };
        execute(job, leave)
    }

    /// A sweep's scenario over the traffic's factors, with what exists in the place of a lab.
    fn scenario(&self) -> Result<Scenario> {
        if !self.places.len().is_multiple_of(2) {
            let reason = format!("{} is odd, and containers talk in pairs", self.places.len());
            return Err(Error::Scenario(format!("error: attach: {reason}")));
        }
        let mut overrides = self.factors.overrides();
        overrides.containers = Some(self.places.len().to_string());
        let mut scenario = Scenario::from_overrides(&overrides)?;
        refuse_other_patterns(&scenario)?;
        refuse_processes(&scenario)?;
        for cell in &mut scenario.cells {
            cell.topology = Topology::Attached;
            cell.mtu = None;
            cell.bridges = None;
            cell.ports_per_bridge = None;
        }
        let containers = self.places.len();
        Ok(Scenario {
            name: "attach".to_owned(),
            // Not one that could be run again: what it was attached to is the machine's, and the command says what that was.
            text: format!("[axes]\ntopology = \"attached\"\ncontainers = {containers}\n"),
            ..scenario
        })
    }
}

/// Only the two of a pair are looked at for the way between them.
fn refuse_other_patterns(scenario: &Scenario) -> Result<()> {
    let mut cells = scenario.cells.iter();
    let usual =
        |cell: &Cell| (cell.pattern, cell.talk.direction) == (Pattern::Pairs, Direction::OneWay);
    match cells.find(|cell| !usual(cell)) {
        None => Ok(()),
        Some(cell) => {
            let reason = format!(
                "the pattern {}, {}, is for labs",
                cell.pattern, cell.talk.direction
            );
            Err(Error::Scenario(format!(
                "error: attach: {reason}\nhint: the first of each two sends to the second; name them the other way round for the way back"
            )))
        }
    }
}

/// Nothing is put into what exists but sockets.
fn refuse_processes(scenario: &Scenario) -> Result<()> {
    let mut cells = scenario.cells.iter();
    if cells.all(|cell| cell.driver != Driver::Processes) {
        return Ok(());
    }
    let reason = "the driver processes is for labs, whose containers have no processes yet";
    let remedy = "use the driver threads or workers";
    Err(Error::Scenario(format!(
        "error: attach: {reason}\nhint: {remedy}"
    )))
}
