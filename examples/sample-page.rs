//! Writes the report page of an invented run: `sample-page OUT.html` as curves, `sample-page OUT.html 2` as bars.

#[path = "../tests/page/sample.rs"]
mod sample;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("give the file to write")?;
    let given: Vec<u32> = arguments
        .map(|count| count.parse())
        .collect::<Result<_, _>>()?;
    let doubling: Vec<u32> = (1..=12).map(|power| 1 << power).collect();
    let counts = if given.is_empty() { doubling } else { given };
    std::fs::write(
        out,
        kilonet::report::page::render(&sample::analysis(&counts))?,
    )?;
    Ok(())
}
