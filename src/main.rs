//! Prints what the library says and turns it into an exit code; everything else is in the library.

use std::process::{ExitCode, exit};

use kilonet::cli::{Cli, complain};

fn main() -> ExitCode {
    // Called on the second interrupt, when waiting for anything would be wrong. Whatever was raised is held by descriptors
    // of this process and goes with it.
    let leave = || exit(1);
    let cli = Cli::read().unwrap_or_else(|error| error.exit());
    match cli.run(leave) {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}
