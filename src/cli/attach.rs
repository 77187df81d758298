//! `kilonet attach`: measures between existing containers or namespaces, and changes nothing in them.

use std::process::ExitCode;

use clap::{Arg, Args};

use super::factors::Factors;
use super::job::{Destination, Job};
use super::parts::{hide_others, only, refused};
use super::run::{Output, execute};
use super::start::Leave;
use crate::error::{Error, Result};
use crate::scenario::registry::lab::CONTAINERS;
use crate::scenario::{Driver, Part, Scenario, Topology};
use crate::units::counted;

/// The first of each two sends to the second. Sockets are opened inside them and closed again; nothing else is touched.
#[derive(Debug, Args)]
#[command(mut_args(|flag| told(hide_others(flag, PARTS))), after_help = "\
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

/// The parts of a scenario that apply where nothing is set up.
const PARTS: &[Part] = &[Part::Traffic, Part::Both, Part::Trial];

/// Help for `--driver` that names only the drivers that make nothing but sockets.
fn told(flag: Arg) -> Arg {
    match flag.get_id().as_str() {
        "driver" => flag.help("What runs the flows: threads, workers"),
        _ => flag,
    }
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

    /// A sweep over the traffic's factors, with the existing containers instead of a lab.
    fn scenario(&self) -> Result<Scenario> {
        if !self.places.len().is_multiple_of(2) {
            let given = counted(self.places.len(), "place");
            return Err(Error::Scenario(format!(
                "error: attach: {given} given, but the first of each two sends to the second\nhint: name an even number of them"
            )));
        }
        let mut overrides = self.factors.overrides();
        let reason = "attach measures what exists, and changes nothing in it";
        let hint = "use kilonet sweep, which sets up labs of any topology";
        only(&overrides, PARTS, (reason, hint))?;
        overrides.give(&CONTAINERS, self.places.len().to_string());
        let mut scenario = Scenario::from_overrides(&overrides)?;
        refuse_drivers(&scenario)?;
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

/// Refuses drivers that would put more than sockets into existing containers.
fn refuse_drivers(scenario: &Scenario) -> Result<()> {
    let hint = "use the driver threads or workers";
    let reason = |driver| match driver {
        Driver::Threads | Driver::Workers => None,
        Driver::Processes => Some("it is for labs, whose containers have no processes yet"),
        Driver::Iperf3 | Driver::Netperf | Driver::Sockperf => Some(
            "its traffic is counted at interfaces, and attach does not read those of existing containers",
        ),
    };
    let mut drivers = scenario.cells.iter().map(|cell| cell.driver);
    match drivers.find_map(|driver| Some((driver, reason(driver)?))) {
        None => Ok(()),
        Some((driver, reason)) => Err(refused(&format!("--driver {driver}"), reason, hint)),
    }
}
