//! Prints what the library says and turns it into an exit code; everything else is in the library.

use std::process::{ExitCode, exit};

use kilonet::cli::{Cli, complain};

#[warn(clippy::print_stdout, clippy::print_stderr)]
fn main() -> ExitCode {
    // Called on the second interrupt, when waiting for anything would be wrong. Whatever was raised is held by descriptors
    // of this process and goes with it.
    let leave = || exit(1);
    match Cli::read() {
        Ok(cli) => cli.run(leave).unwrap_or_else(|error| complain(&error)),
        Err(code) => code,
    }
}
