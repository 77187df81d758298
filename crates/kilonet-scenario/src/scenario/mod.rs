//! What the user wrote, checked into what the program believes.
//!
//! `source` holds the text, in which `edit` puts flags in place of keys; `wire` the file as written, read by `table` from the
//! kinds of `value`; `check` says how values must fit together, and `expand` makes cells of them, the factors a trial is
//! fixed by, who talks to whom (`pattern`) among them; `fail_if` says what a run of them fails for; every refusal is a `problem` with file, line, key and what is allowed.
//! Nothing here knows the machine.

mod check;
mod edit;
mod expand;
mod fail_if;
mod name;
mod overrides;
mod problem;
mod reference;
mod schema;
mod source;
mod sysctl;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod wire;

use std::collections::BTreeMap;
use std::path;
use std::time::Duration;

pub use fail_if::{Comparison, Condition, Subject};
pub use kilonet_record::factors::*;
pub use kilonet_record::store::{Purpose, VERIFIES_IN};
pub use overrides::Overrides;
pub use reference::reference;
pub use schema::schema;

use crate::error::Result;
use kilonet_record::factors::namespace_sysctls::{PORT_RANGE, ports_of};
use kilonet_record::factors::registry::trials;
use name::Name;
use problem::Problems;
use source::Source;
pub use value::nearest;
use values::Values;
use wire::Wire;

/// A scenario that was checked: every cell can be laid out, every duration makes sense beside the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name, fit to be part of a folder's: 1 to 64 letters, digits, hyphens, underscores and dots.
    pub name: String,
    /// The question it answers.
    pub about: Option<String>,
    /// The TOML text that was checked: the file verbatim, with what flags put in place of its keys. Parsing it again
    /// under the same name gives the same scenario.
    pub text: String,
    /// The points of the sweep, each once, in the order of the axes and of their tables; at least one.
    pub cells: Vec<Cell>,
    /// What it is run for.
    pub purpose: Purpose,
    /// How each trial is timed.
    pub timing: Timing,
    /// How often each cell is measured.
    pub repeats: Repeats,
    /// How many trials may be run again, as others disturbed them.
    pub again: Allowance,
    /// Seed of the order of trials.
    pub seed: u64,
    /// Whether blocks have a baseline.
    pub baseline: Baseline,
    /// Settings of the whole machine to change for the run and restore after it: name (dotted) to value (as written to
    /// `/proc/sys`).
    pub sysctls: BTreeMap<String, String>,
    /// What the run fails for, though all its trials are done.
    pub fail_if: Vec<Condition>,
}

/// How a trial is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Time the traffic runs before it counts; up to an hour, may be none.
    pub warmup: Duration,
    /// Length of the window, 100 ms to an hour.
    pub measure: Duration,
    /// Interval of samples, 100 ms to [`Timing::measure`].
    pub sample: Duration,
    /// Time all flows have to connect, 100 ms to ten minutes.
    pub connect: Duration,
}

/// Whether each block of trials has a pair over loopback to compare the others with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// One for each combination of traffic factors, at a random place in the block.
    Interleaved,
    /// None but what the axes themselves ask for.
    Off,
}

/// What a sweep from flags starts as; the flags are put in below the headers.
const SWEEP: &str = "# Made from the flags of `kilonet sweep`.\nname = \"sweep\"\n\n[axes]\n";

impl Scenario {
    /// Reads and checks a file, with flags in place of its keys.
    ///
    /// # Errors
    /// [`Error::Scenario`](crate::Error::Scenario) with everything that is wrong with the file or the flags.
    pub fn load(path: &path::Path, overrides: &Overrides) -> Result<Self> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        believe(&Source::read(path)?.with(&overrides.settings())?, &stem)
    }

    /// Makes a scenario from flags alone, by way of the TOML text they stand for.
    ///
    /// # Errors
    /// [`Error::Scenario`](crate::Error::Scenario) with everything that is wrong with the flags.
    pub fn from_overrides(overrides: &Overrides) -> Result<Self> {
        believe(
            &Source::new("command line", SWEEP).with(&overrides.settings())?,
            "sweep",
        )
    }

    /// The same, to verify: one trial of each cell, with a warm-up and a window of [`VERIFIES_IN`]. Its name says so too, for
    /// those who read the names of folders.
    #[must_use]
    pub fn to_verify(self) -> Self {
        let timing = Timing {
            warmup: VERIFIES_IN,
            measure: VERIFIES_IN,
            sample: VERIFIES_IN,
            ..self.timing
        };
        Self {
            name: format!("{}-verify", self.name),
            purpose: Purpose::Verify,
            timing,
            repeats: Repeats::Fixed(1),
            again: Allowance::NONE,
            ..self
        }
    }

    /// The sysctls by which the machine's limits are judged: what the scenario sets of the whole machine, and, of what it sets in every
    /// container's namespace, the fewest ports.
    #[must_use]
    pub fn limiting_sysctls(&self) -> BTreeMap<String, String> {
        let ranges = self.cells.iter().map(|cell| {
            let sysctls = registry::namespaces::NAMESPACE_SYSCTLS.of(cell);
            sysctls.value(PORT_RANGE).map(str::to_owned)
        });
        // A cell that sets none has the kernel's, as where nobody does.
        let ranges = ranges.collect::<Option<Vec<_>>>().unwrap_or_default();
        let fewest = ranges.into_iter().min_by_key(|range| ports_of(range));
        let mut sysctls = self.sysctls.clone();
        sysctls.extend(fewest.map(|range| (PORT_RANGE.to_owned(), range)));
        sysctls
    }

    /// Checks a text that was kept, such as that of a run to be resumed. `name` is for a text that does not give one.
    ///
    /// # Errors
    /// [`Error::Scenario`](crate::Error::Scenario) with everything that is wrong with it.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        believe(&Source::new(format!("{name}.toml"), text), name)
    }
}

/// One pair in a lab of this shape, all else at its default; absent where that testbed does not have the shape.
#[must_use]
pub fn usual(topology: Topology, testbed: Testbed) -> Option<Cell> {
    let (topology, testbed) = (topology.word(), testbed.word());
    let text =
        format!("[axes]\ntopology = \"{topology}\"\ntestbed = \"{testbed}\"\ncontainers = 2\n");
    let scenario = Scenario::parse(&text, "usual").ok()?;
    scenario.cells.into_iter().next()
}

fn believe(source: &Source, name: &str) -> Result<Scenario> {
    let document = source.parse()?;
    let mut problems = Problems::default();
    let wire = Wire::read(document.get_ref(), &mut problems);
    check::check(&wire, &mut problems);
    if !problems.is_empty() {
        return Err(problems.into_error(source));
    }
    let cells = expand::cells(&wire);
    check::check_cells(&wire, &cells, &mut problems);
    let fail_if = fail_if::conditions(&wire.fail_if, &cells, &mut problems);
    if !problems.is_empty() {
        return Err(problems.into_error(source));
    }
    Ok(Scenario {
        cells,
        name: wire
            .name
            .map_or_else(|| Name::from_text(name), |at| at.value)
            .0,
        about: wire.about.map(|at| at.value),
        text: source.text.clone(),
        purpose: Purpose::Measure,
        timing: timing(&wire.trial),
        repeats: repeats(&wire.trial),
        again: again(&wire.trial),
        seed: wire.trial.one(&trials::SEED).0,
        baseline: if wire.trial.one(&trials::BASELINE) {
            Baseline::Interleaved
        } else {
            Baseline::Off
        },
        sysctls: wire.sysctls.0,
        fail_if,
    })
}

fn timing(trial: &Values) -> Timing {
    Timing {
        warmup: trial.one(&trials::WARMUP).0,
        measure: trial.one(&trials::MEASURE).0,
        sample: trial.one(&trials::SAMPLE).0,
        connect: trial.one(&trials::CONNECT).0,
    }
}

/// Where nothing is asked for, a cell that is measured once is measured once: whoever wants no more wants to have a look.
fn again(trial: &Values) -> Allowance {
    let usual = if trial.one(&trials::REPEATS).most() > 1 {
        Allowance::USUAL
    } else {
        Allowance::NONE
    };
    trial.given(&trials::AGAIN).map_or(usual, |at| at.value)
}

fn repeats(trial: &Values) -> Repeats {
    let (min, max) = match trial.one(&trials::REPEATS) {
        Times::Of(times) => return Repeats::Fixed(times),
        Times::Between(min, max) => (min, max),
    };
    let within = trial.given(&trials::WITHIN);
    Repeats::Until(Goal {
        min,
        max,
        within: within.map_or(Width::USUAL, |at| at.value),
        metrics: trial.levels(&trials::METRICS).map(|at| at.value).collect(),
    })
}
