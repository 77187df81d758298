//! What a run is and where it ran.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::role::{Purpose, VERIFIES_IN};
use crate::store::version::{Build, Version};
use crate::units;

/// What a run is and where it ran: enough to run it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the folder's layout, [`SCHEMA`](crate::store::record::SCHEMA) when written.
    pub schema: u32,
    /// The scenario's name, which the folder's name ends in.
    pub name: String,
    /// What it was run for; absent in folders of earlier versions, for which [`Manifest::purpose`] finds out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Purpose>,
    /// The scenario file, verbatim.
    pub scenario_text: String,
    /// The file of the firewall `custom` as it was when the run began, verbatim; absent where there is none, or where it
    /// could not be read, which its trials then say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ruleset_text: Option<String>,
    /// The settings in effect, flags and defaults included.
    pub settings: Value,
    /// The version of kilonet that ran.
    pub version: String,
    /// What that was made of; absent in folders of earlier versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub build: Option<Build>,
    /// The seed that the order of trials came from.
    pub seed: u64,
    /// Trials planned; where trials go on until cells are known well enough, those that there are in any case.
    pub planned: u32,
    /// When the run began, in nanoseconds since 1970 UTC.
    pub started_unix_ns: u64,
    /// The machine: kernel, CPU, limits, the sysctls that matter.
    pub fingerprint: Value,
    /// The command line, first word included; absent when not started from one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<Vec<String>>,
}

impl Manifest {
    /// The kilonet that began the run.
    #[must_use]
    pub fn made_by(&self) -> Version {
        Version {
            number: self.version.clone(),
            build: self.build.clone(),
        }
    }

    /// What the run is for.
    ///
    /// Folders of earlier versions say `settings.verify`, which was true of every scenario whose name ended in `-verify`: of
    /// these, only those verify which had the windows for it and one trial a cell.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        let setting = |key| self.settings.get(key);
        let number = |key| setting(key).and_then(Value::as_u64);
        let windows = ["warmup_ns", "measure_ns", "sample_ns"];
        let window = Some(units::nanos(VERIFIES_IN));
        let verifies = setting("verify") == Some(&Value::Bool(true))
            && number("repeats") == Some(1)
            && windows.iter().all(|key| number(key) == window);
        self.purpose.unwrap_or(if verifies {
            Purpose::Verify
        } else {
            Purpose::Measure
        })
    }
}
