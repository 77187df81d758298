//! The flags for what a container may use, the same for all verbs that have containers of their own.

use clap::Args;

use super::factors::{given, heading};

/// Each replaces the scenario's key of the same name.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Limits", multiple = true)]
pub(super) struct Limits {
    /// CPU time of each container in CPUs, with processes: none, 0.5
    #[arg(long, value_name = "LIST", help_heading = heading::DRIVER)]
    cpu_max: Option<String>,
    /// Memory of each container, with processes: `none`, `64MiB`
    #[arg(long, value_name = "SIZES", help_heading = heading::DRIVER)]
    memory_max: Option<String>,
    /// CPUs that each container may run on, with processes: `none`, `0-1`
    #[arg(long, value_name = "LIST", help_heading = heading::DRIVER)]
    cpuset: Option<String>,
}

impl Limits {
    /// The flags that were given: as they are written, the key each stands for, and its text.
    pub(super) fn given(&self) -> Vec<(&'static str, &'static str, String)> {
        let rows = [
            ("--cpu-max", "cpu_max", &self.cpu_max),
            ("--memory-max", "memory_max", &self.memory_max),
            ("--cpuset", "cpuset", &self.cpuset),
        ];
        given(rows)
    }
}
