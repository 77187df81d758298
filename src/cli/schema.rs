//! `kilonet schema`: the JSON Schema of scenario files.

use std::process::ExitCode;

pub(super) fn run() -> ExitCode {
    anstream::println!("{:#}", crate::scenario::schema());
    ExitCode::SUCCESS
}
