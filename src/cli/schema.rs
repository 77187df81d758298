//! `kilonet schema`: the JSON Schema of scenario files.

use std::process::ExitCode;

use super::out;
use crate::error::Result;

pub(super) fn run() -> Result<ExitCode> {
    out::data(format!("{:#}\n", crate::scenario::schema()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
