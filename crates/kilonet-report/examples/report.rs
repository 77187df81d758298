//! Shows a run folder without the tool: `cargo run --release -p kilonet-report --example report -- FOLDER [OUT]`.
//!
//! For work on reports, which need not wait for the rest of kilonet to be built. The report is printed; its page and figures are
//! written to OUT where one is given.

use std::error::Error;
use std::path::Path;

use kilonet_report::report::terminal::{View, render};
use kilonet_report::report::{self, Figures, Form};

#[allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "what is printed is printable, and this is not the tool"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("name a run folder")?;
    let analysis = report::read(Path::new(&folder))?;
    let figures = Figures::of(&analysis);
    anstream::print!("{}", &*render(&figures, View::of_stdout()));
    if let Some(out) = words.next() {
        for path in report::write(Path::new(&out), &figures, &Form::OF_A_RUN)? {
            anstream::println!("{}", path.display());
        }
    }
    Ok(())
}
