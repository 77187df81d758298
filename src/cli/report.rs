//! `kilonet report`: what a run folder says, computed again from its records; and the end of every run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::error::Result;
use crate::report::{self, terminal};

/// Needs no rights, nor the machine the run was made on.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// The run folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Report {
    pub(super) fn run(&self) -> Result<ExitCode> {
        show(&self.dir)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the figures and the page into a run folder, prints its table and plots, and its path as the last line.
pub(super) fn show(dir: &Path) -> Result<()> {
    let report = report::write(dir)?;
    anstream::print!(
        "{}",
        terminal::render(&report.analysis, terminal::View::of_stdout())
    );
    anstream::println!(
        "\nThe curves, to look at: {}",
        dir.join(report::PAGE).display()
    );
    anstream::println!("{}", dir.display());
    Ok(())
}
