//! What a report begins with: at most five sentences that say what people came for.
//!
//! Each rule by which sentences come about is a file, and a row of [`RULES`]; `choose` takes the few that say most. Must not know how a
//! contrast, a fall or a mechanism is found. The invariant: a sentence has a number with its unit and the count, is short, names no
//! method, and says of a difference only what its interval allows.

mod answer;
mod breaks;
mod choose;
mod contrasts;
mod falls;
mod limits;
mod medians;
mod networks;
mod pairs;
mod same;
mod slopes;
mod thresholds;
mod unknown;
mod words;

use crate::analysis::Analysis;

pub(super) use answer::Answer;
use answer::Candidate;

/// What makes candidates.
const RULES: &[fn(&Analysis) -> Vec<Candidate>] = &[
    thresholds::candidates,
    breaks::candidates,
    limits::candidates,
    contrasts::candidates,
    falls::candidates,
    slopes::candidates,
    same::candidates,
    unknown::candidates,
    medians::candidates,
];

/// What the run answers, what says most first.
pub(super) fn answers(analysis: &Analysis) -> Vec<Answer> {
    let candidates = RULES.iter().flat_map(|rule| rule(analysis));
    choose::chosen(candidates.collect())
}

#[cfg(test)]
mod tests;
