//! Writes the report page of an invented run: `sample-page OUT.html` as curves, `sample-page OUT.html 2` as bars,
//! `sample-page OUT.html rules` as curves over rules, `two-counts` over existing and active containers, `requests` of
//! requests, `lost` with cells that are missing, `all-failed` without a figure, `large` with 2,000 cells.

#[path = "../tests/page/sample.rs"]
mod sample;

use std::error::Error;

use kilonet::report::{Figures, page};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("give the file to write")?;
    let analysis = match arguments.next().as_deref() {
        Some("rules") => sample::over_rules(),
        Some("two-counts") => sample::over_two_counts(),
        Some("requests") => sample::of_requests(),
        Some("lost") => sample::with_lost_cells(),
        Some("all-failed") => sample::all_failed(),
        Some("large") => sample::large(21),
        Some(count) => sample::analysis(&[count.parse()?]),
        None => sample::analysis(&(1..=12).map(|power| 1 << power).collect::<Vec<_>>()),
    };
    std::fs::write(out, page::render(&Figures::of(&analysis))?)?;
    Ok(())
}
