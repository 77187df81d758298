//! `kilonet schema`: what a scenario file may hold.

use std::process::ExitCode;

use clap::Args;

use super::out;
use crate::error::Result;
use crate::scenario::{reference, schema};

/// The JSON Schema has every key with its bounds, its default and its meaning.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kilonet schema > kilonet.schema.json
  kilonet schema --toml > every-key.toml")]
pub(super) struct Schema {
    /// Print a scenario file that holds every key with its default and its meaning, instead of the schema
    #[arg(long)]
    toml: bool,
}

impl Schema {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let text = if self.toml {
            reference()
        } else {
            format!("{:#}\n", schema())
        };
        out::data(text.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
