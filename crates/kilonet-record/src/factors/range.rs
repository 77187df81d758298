//! Ranges of counts: `2..4096`, `2..4096 x2`, `2..1024 +64`.
//!
//! Both ends belong to a range. A step that jumps over the end stops there: `2..100 x4` is 2, 8, 32, 100, because whoever
//! writes an end wants to see it. Without a step the range doubles, as a sweep over orders of magnitude should.

use std::ops::RangeInclusive;

/// More points than this in one range are a slip of the pen.
pub const MOST_POINTS: usize = 10_000;

/// What a range looks like, for the schema.
pub const PATTERN: &str = "^ *\\d+ *\\.\\. *\\d+ *([x+] *\\d+ *)?$";

/// How a range goes on.
#[derive(Clone, Copy)]
enum Step {
    Times(u32),
    Plus(u32),
}

impl Step {
    fn after(self, number: u32) -> Option<u32> {
        match self {
            // Nothing times anything is nothing: from there the first step is to one.
            Self::Times(_) if number == 0 => Some(1),
            Self::Times(factor) => number.checked_mul(factor),
            Self::Plus(difference) => number.checked_add(difference),
        }
    }
}

/// The numbers of a range within `bounds`; none when the text is no range at all.
#[must_use]
pub fn expand(text: &str, bounds: RangeInclusive<u32>) -> Option<Result<Vec<u32>, String>> {
    let (start, rest) = text.split_once("..")?;
    Some(read(start, rest, &bounds).and_then(|(ends, step)| walk(text, ends, step)))
}

fn read(
    start: &str,
    rest: &str,
    bounds: &RangeInclusive<u32>,
) -> Result<(RangeInclusive<u32>, Step), String> {
    let (end, step) = match rest.find(['x', '+']) {
        Some(at) => (&rest[..at], read_step(&rest[at..])?),
        None => (rest, Step::Times(2)),
    };
    Ok((read_end(start, bounds)?..=read_end(end, bounds)?, step))
}

fn read_end(text: &str, bounds: &RangeInclusive<u32>) -> Result<u32, String> {
    let number = read_number(text)?;
    if bounds.contains(&number) {
        Ok(number)
    } else {
        Err(format!("{number} is out of bounds"))
    }
}

fn read_number(text: &str) -> Result<u32, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("`{}` is not a number that a range can have; write a range such as \"2..4096 x2\" or \"2..1024 \
                              +64\"", text.trim()))
}

fn read_step(text: &str) -> Result<Step, String> {
    let (kind, number) = text.split_at(1);
    match (kind, read_number(number)?) {
        ("x", factor) if factor >= 2 => Ok(Step::Times(factor)),
        ("+", difference) if difference >= 1 => Ok(Step::Plus(difference)),
        (_, number) => Err(format!(
            "a step of {kind}{number} never reaches the end; the smallest are x2 and +1"
        )),
    }
}

fn walk(text: &str, ends: RangeInclusive<u32>, step: Step) -> Result<Vec<u32>, String> {
    let (start, end) = ends.into_inner();
    if start > end {
        return Err(format!("\"{text}\" runs backwards"));
    }
    let inside = std::iter::successors(Some(start), |number| step.after(*number))
        .take_while(|number| *number < end);
    let mut points: Vec<_> = inside.take(MOST_POINTS).collect();
    points.push(end);
    if points.len() > MOST_POINTS {
        return Err(format!("\"{text}\" has more than {MOST_POINTS} points"));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_both_its_ends() {
        let table: [(&str, &[u32]); 7] = [
            ("2..16 x2", &[2, 4, 8, 16]),
            ("2..16", &[2, 4, 8, 16]),
            ("2..10 +4", &[2, 6, 10]),
            ("2..100 x4", &[2, 8, 32, 100]),
            ("2..9 +4", &[2, 6, 9]),
            ("8..8", &[8]),
            (" 2 .. 8 x 4 ", &[2, 8]),
        ];
        for (text, expected) in table {
            assert_eq!(
                expand(text, 2..=1000),
                Some(Ok(expected.to_vec())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_range_that_goes_nowhere_is_refused_with_the_reason() {
        let table = [
            ("16..2", "runs backwards"),
            ("2..16 x1", "never reaches the end"),
            ("2..16 x0", "never reaches the end"),
            ("2..16 +0", "never reaches the end"),
            ("2..", "not a number"),
            ("..8", "not a number"),
            ("2..8 x", "not a number"),
            ("-2..8", "not a number"),
            ("2..8 *2", "not a number"),
            ("1..8", "1 is out of bounds"),
            ("2..1001", "1001 is out of bounds"),
            ("2..99999999999", "not a number"),
        ];
        for (text, reason) in table {
            let error = expand(text, 2..=1000).unwrap().unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        let error = expand("2..1000000 +1", 2..=1_000_000).unwrap().unwrap_err();
        assert!(error.contains("more than 10000 points"), "{error}");
    }

    #[test]
    fn a_text_without_dots_is_no_range() {
        assert_eq!(expand("16", 2..=1000), None);
    }
}
