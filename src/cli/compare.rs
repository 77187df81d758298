//! `kilonet compare`: runs compared with a base, cell by cell, with an exit code for CI.
//!
//! The invariant: exit code 1 means a regression and nothing else; whatever keeps runs from being compared, or the verdict from
//! being printed, is 2.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::out;
use super::parts::refused;
use crate::analysis::Metric;
use crate::analysis::compare::{Comparison, Folder, Terms};
use crate::error::{Error, Result};
use crate::report::compare::{markdown, terminal};
use crate::report::terminal::View;
use crate::store::folder::Run;

/// Needs no privileges, nor the machines the runs were made on.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Compare {
    /// The run folder that the others are compared with
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// Run folders that are compared with it
    #[arg(value_name = "NEW", required = true)]
    news: Vec<PathBuf>,
    /// What to compare, such as goodput,cpu-per-byte [default: goodput or requests, their CPU time, and latency p99]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    metric: Vec<Metric>,
    /// A figure that is worse by this share or more is a regression
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = share, allow_hyphen_values = true)]
    threshold: f64,
    /// A figure whose whole interval lies within this share of the base is the same
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = share, allow_hyphen_values = true)]
    same_within: f64,
    /// The format of the output
    #[arg(long, value_enum, default_value_t = Format::Term)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  kilonet compare results/20261116T120000Z-quickstart results/20261123T120000Z-quickstart
  kilonet compare base new --threshold 10% --metric goodput,setup
  kilonet compare base new --format md > comparison.md
  kilonet compare stock patched-1 patched-2 --format json

A verdict accounts for the number of figures, because some of many differ by chance. Of
equal runs of a model at most 4 % had any figure called better or worse, and at most 3.5 % came to
exit code 1 (METHODOLOGY.md says how). Three repeats show differences that are larger than the
noise; for smaller ones, run with --repeats 10 or more. Two runs minutes apart may differ by more
than their repeats do: if it matters, alternate runs of base and new and compare several.

Exit codes: 0 no regression, 1 a regression (a figure that is worse by the threshold or more, or
a cell that fails now), 2 the runs cannot be compared, or the verdict cannot be printed.";

/// The formats of a comparison.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Tables for the terminal
    Term,
    /// Markdown, short enough for a pull request
    Md,
    /// Everything, for programs
    Json,
}

impl Compare {
    pub(super) fn run(&self) -> ExitCode {
        match self
            .compared()
            .and_then(|comparison| self.print(&comparison))
        {
            Ok(regressions) => ExitCode::from(u8::from(regressions > 0)),
            Err(error) => {
                out::tell(&error);
                ExitCode::from(2)
            }
        }
    }

    fn compared(&self) -> Result<Comparison> {
        if self.same_within > self.threshold {
            let reason =
                "it is less than --same-within, and a change within that share counts as the same";
            let hint = "give a --same-within of at most --threshold";
            return Err(refused("--threshold", reason, hint));
        }
        let news: Vec<_> = self
            .news
            .iter()
            .map(|dir| open(dir))
            .collect::<Result<_>>()?;
        let terms = Terms {
            metrics: self.metric.clone(),
            threshold: self.threshold,
            same_within: self.same_within,
        };
        Comparison::of(&open(&self.base)?, &news, terms)
    }

    /// Prints it, and gives the number of regressions.
    fn print(&self, comparison: &Comparison) -> Result<usize> {
        match self.format {
            Format::Term => out::page(terminal::render(comparison, View::of_stdout())),
            Format::Md => out::data(markdown::render(comparison).as_bytes()),
            Format::Json => out::data((json(comparison)? + "\n").as_bytes()),
        }?;
        Ok(comparison.regressions())
    }
}

fn open(dir: &Path) -> Result<Folder> {
    Ok(Folder {
        name: dir.display().to_string(),
        run: Run::read(dir)?,
    })
}

fn json(comparison: &Comparison) -> Result<String> {
    serde_json::to_string_pretty(comparison)
        .map_err(|error| Error::refused("write", "the comparison", error.to_string()))
}

/// A share of the whole, written in percent.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').map(str::trim_end);
    let percent: Option<f64> = number.and_then(|number| number.parse().ok());
    percent
        .filter(|percent| (0.0..100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "write a share in percent, such as 5%".to_owned())
}
