//! `kilonet schema`: the JSON Schema of scenario files.

use std::process::ExitCode;

use crate::error::Result;

pub(super) fn run() -> Result<ExitCode> {
    anstream::println!("{:#}", crate::scenario::schema());
    Ok(ExitCode::SUCCESS)
}
