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

/// Prints a run's table and plots, writes the figures and the page into its folder, and prints its path as the last line.
/// Where the folder cannot be written to, the table has been printed all the same.
pub(super) fn show(dir: &Path) -> Result<()> {
    let analysis = report::read(dir)?;
    anstream::print!(
        "{}",
        terminal::render(&analysis, terminal::View::of_stdout())
    );
    report::write(dir, &analysis)?;
    anstream::println!(
        "\nThe curves, to look at: {}",
        dir.join(report::PAGE).display()
    );
    anstream::println!("{}", dir.display());
    Ok(())
}
