//! The words that sentences of answers are put together from.
//!
//! Must not know rules. The invariant: values are written as everywhere; how much they differ by has as many digits as are read at a
//! glance.

use crate::analysis::metric::row::{Role, Told};
use crate::analysis::quantity::{Quantity, grouped};
use crate::analysis::{Analysis, Count, Metric, tell};
use crate::scenario::called::Called;
use crate::scenario::registry::names::TOPOLOGY;

/// How many times: `0.050`, `0.70`, `1.36`, `46`, `308`.
pub(super) fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 9.995 => format!("{ratio:.0}"),
        ratio if ratio >= 0.0995 => format!("{ratio:.2}"),
        ratio if ratio >= 0.001 => format!("{ratio:.3}"),
        ratio => format!("{ratio:.2e}"),
    }
}

/// A share in hundredths, without its sign: `30`, `4.2`, `0.4`.
pub(super) fn hundredths(share: f64) -> String {
    match share.abs() * 100.0 {
        size if size >= 9.95 => format!("{size:.0}"),
        size => format!("{size:.1}"),
    }
}

/// How a comparison reads.
pub(super) struct Compared {
    /// `30 % more CPU time`, `0.70 as much`.
    pub(super) text: String,
    /// The same where what it is of was said before: `30 % more`, `0.70`.
    pub(super) again: String,
    /// What it is held against follows this.
    pub(super) link: &'static str,
}

/// Whether a ratio reads better as so much more or less, and not as so many times.
pub(super) fn is_by_share(told: Told, (low, high): (f64, f64)) -> bool {
    told.role != Role::Through && low > 0.5 && high < 2.0 && (low > 1.0) == (high > 1.0)
}

/// How ratios between these two ends read.
pub(super) fn compared(told: Told, called: Called, ends: (f64, f64), by_share: bool) -> Compared {
    let (low, high) = ends;
    if by_share {
        let (less, more) = (called.fill(told.less), called.fill(told.more));
        let (size, what, short) = if high < 1.0 {
            (span((1.0 - high, 1.0 - low), hundredths), less, "less")
        } else {
            (span((low - 1.0, high - 1.0), hundredths), more, "more")
        };
        return Compared {
            text: format!("{size} % {what}"),
            again: format!("{size} % {short}"),
            link: "than",
        };
    }
    let size = span((low, high), times);
    let unit = if high < 1.0 { "" } else { " times" };
    Compared {
        text: format!("{size}{unit} {}", called.fill(told.times)),
        again: format!("{size}{unit}"),
        link: "as",
    }
}

/// Both ends, or one where they read the same.
fn span((low, high): (f64, f64), show: fn(f64) -> String) -> String {
    let (low, high) = (show(low), show(high));
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

/// Two values, with their unit once where the one is a part of the other: `63.0 of 90.0 Gb/s`, `460 ms and 1.01 s`.
pub(super) fn both(quantity: Quantity, (one, other): (f64, f64), link: &str) -> String {
    let (one, other) = (quantity.show(one), quantity.show(other));
    match (one.split_once(' '), other.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same && link == "of" => {
            format!("{number} {link} {other}")
        }
        _ => format!("{one} {link} {other}"),
    }
}

/// What requests are called: connections where each makes one of its own.
pub(super) fn called(analysis: &Analysis) -> Called {
    let cells = analysis.cells.iter().map(|cell| &cell.cell);
    let mut of_requests = cells.filter(|cell| cell.has_requests()).peekable();
    let any = of_requests.peek().is_some();
    if any && of_requests.all(|cell| cell.workload.renews_connections()) {
        Called::CONNECTIONS
    } else {
        analysis.requests()
    }
}

/// A value with what it is of: `63.0 Gb/s`, `12.3 k connections/s`.
pub(super) fn value(metric: Metric, called: Called, value: f64) -> String {
    let about = metric.about();
    let shown = about.quantity.show(value);
    let number = shown
        .strip_suffix("/s")
        .filter(|_| about.quantity == Quantity::Count);
    number.map_or_else(
        || shown.clone(),
        |number| format!("{} {}/s", number.trim_end(), called.many),
    )
}

/// Which counts, of those that there are: `512 containers`, `2 and 32 containers`, `2 to 512 containers`.
pub(super) fn counts(over: Count, some: &[u32], all: &[u32]) -> String {
    let noun = over.noun();
    let show = |count: &u32| grouped(*count as usize);
    let inside = |some: &[u32]| {
        let (first, last) = (some[0], some[some.len() - 1]);
        let between = all.iter().filter(|count| (first..=last).contains(*count));
        between.count()
    };
    match some {
        [] => noun.to_owned(),
        [only] => format!("{} {noun}", show(only)),
        [first, .., last] if some.len() > 2 && inside(some) == some.len() => {
            format!("{} to {} {noun}", show(first), show(last))
        }
        few if few.len() <= 3 => format!("{} {noun}", listed(few.iter().map(show).collect())),
        many => format!(
            "{} of {} counts from {} to {} {noun}",
            many.len(),
            inside(many),
            show(&many[0]),
            show(&many[many.len() - 1])
        ),
    }
}

/// ` at 512`, behind a value at the largest of several counts; of one the sentence says so already.
pub(super) fn at_last(counts: &[u32]) -> String {
    match counts {
        [_, .., last] => format!(" at {}", grouped(*last as usize)),
        _ => String::new(),
    }
}

/// What a sentence about levels of a factor is about, for programs.
pub(super) fn about_levels(metric: Metric, factor: &str, levels: &[&str]) -> String {
    format!("{}:{factor}:{}", metric.key(), levels.join(":"))
}

/// `a, b and c`
pub(super) fn listed(mut items: Vec<String>) -> String {
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
    }
}

/// Where the traffic of a curve goes, and with what: `over a bridge with docker-29's rules`.
pub(super) fn place(analysis: &Analysis, series: usize) -> String {
    let series = &analysis.series[series];
    let first = series.cells.first().map(|nth| &analysis.cells[*nth].cell);
    let shape = first.map(|cell| cell.topology.facts().told.to_owned());
    let others = series
        .factors
        .iter()
        .filter(|(key, _)| *key != TOPOLOGY.word());
    let others = others.map(|(key, level)| tell(key, level));
    let words: Vec<_> = shape.into_iter().chain(others).collect();
    words.join(" ")
}

/// The cell of a curve at a count, by its place in the analysis.
pub(super) fn cell_at(analysis: &Analysis, series: usize, count: u32) -> Option<usize> {
    let mut cells = analysis.series[series].cells.iter().copied();
    cells.find(|nth| analysis.count.of(&analysis.cells[*nth].cell) == count)
}

/// A sentence, from its words in small letters.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// How many words a text has.
pub(super) fn words_of(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(metric: Metric) -> Told {
        metric.about().traits.told.unwrap()
    }

    fn said(metric: Metric, ends: (f64, f64)) -> String {
        let told = told(metric);
        let compared = compared(told, Called::CONNECTIONS, ends, is_by_share(told, ends));
        format!("{} {}", compared.text, compared.link)
    }

    #[test]
    fn what_gets_through_is_a_part_and_what_it_costs_is_more_or_less() {
        for (metric, ends, text) in [
            (Metric::Goodput, (0.698, 0.702), "0.70 as much as"),
            (Metric::Goodput, (0.7, 0.85), "0.70 to 0.85 as much as"),
            (Metric::Goodput, (1.36, 1.36), "1.36 times as much as"),
            (
                Metric::Transactions,
                (0.77, 0.77),
                "0.77 as many connections as",
            ),
            (
                Metric::CpuPerTransaction,
                (1.28, 1.31),
                "28 to 31 % more CPU time than",
            ),
            (Metric::CpuPerByte, (0.9, 0.9), "10 % less CPU time than"),
            (
                Metric::CpuPerByte,
                (2.1, 3.0),
                "2.10 to 3.00 times as much CPU time as",
            ),
            (Metric::LatencyP99, (308.4, 308.4), "308 times as long as"),
            (Metric::Setup, (1.041, 1.042), "4.1 to 4.2 % longer than"),
        ] {
            assert_eq!(said(metric, ends), text);
        }
    }

    #[test]
    fn counts_are_told_by_their_ends_where_none_between_is_missing() {
        let all = [2, 8, 32, 128, 512, 2048];
        for (some, text) in [
            (&[512][..], "512 containers"),
            (&[2, 32], "2 and 32 containers"),
            (&[2, 8, 32, 128], "2 to 128 containers"),
            (&[2, 8, 2048], "2, 8 and 2,048 containers"),
            (
                &[2, 8, 32, 2048],
                "4 of 6 counts from 2 to 2,048 containers",
            ),
        ] {
            assert_eq!(counts(Count::Containers, some, &all), text);
        }
    }

    #[test]
    fn a_unit_stands_once_where_one_value_is_a_part_of_the_other() {
        assert_eq!(
            both(Quantity::Rate, (63e9, 90e9), "of"),
            "63.0 of 90.0 Gb/s"
        );
        for (values, text) in [
            ((1.37e6, 98e3), "1.37 ms and 98.0 us"),
            ((460e6, 1.01e6), "460 ms and 1.01 ms"),
        ] {
            assert_eq!(both(Quantity::Time, values, "and"), text);
        }
    }

    #[test]
    fn a_small_part_is_no_power_of_ten() {
        assert_eq!([0.05, 0.0123, 0.699].map(times), ["0.050", "0.012", "0.70"]);
    }
}
