//! How much the canary's time varies by itself: `cargo bench --bench canary [READINGS] [MILLISECONDS]`.
//!
//! Reads it so often, so long apart, and says how far readings are above their median. Run it on an idle machine, and again
//! beside what you want to know the effect of.

use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

use kilonet::host::canary;
use kilonet::stats::Sorted;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let mut number = |usual| arguments.next().map_or(Ok(usual), |it| it.parse::<u64>());
    let (readings, pause) = (number(200)?, Duration::from_millis(number(200)?));
    let mut times = Vec::new();
    for _ in 0..readings {
        sleep(pause);
        times.push(canary::time()?.as_secs_f64() * 1e3);
    }
    let times = Sorted::of(times);
    let median = times.median().ok_or("no reading")?;
    println!("{readings} readings, median {median:.3} ms");
    for q in [0.0, 0.05, 0.25, 0.75, 0.9, 0.95, 0.99, 1.0] {
        let off = times.quantile(q).ok_or("no reading")? / median - 1.0;
        println!("{:>5.0} % of them below {:+6.1} %", q * 100.0, off * 100.0);
    }
    Ok(())
}
