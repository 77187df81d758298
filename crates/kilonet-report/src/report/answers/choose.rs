//! Which of the candidates a report begins with.
//!
//! The invariant: at most [`MOST`], nothing twice; where two say as much, the one that comes first among the rules.

use super::answer::{Answer, Candidate, Class};
use super::{contrasts, same};

/// Sentences at most.
pub(super) const MOST: usize = 5;

/// How much less each further sentence of a rule weighs, so that one rule does not say all.
const FURTHER: f64 = 0.6;

/// The few that say most, in the order in which they are said.
pub(super) fn chosen(candidates: Vec<Candidate>) -> Vec<Answer> {
    let mut left = candidates;
    let mut taken: Vec<Candidate> = Vec::new();
    while taken.len() < MOST {
        left.retain(|one| is_news(one, &taken));
        let weight = |one: &Candidate| weight(one, &taken);
        // Of those that weigh the same `max_by` gives the last.
        let best = left.iter().enumerate().rev().max_by(|(_, a), (_, b)| {
            let order = b.class.cmp(&a.class);
            order.then(weight(a).total_cmp(&weight(b)))
        });
        let Some((nth, _)) = best else { break };
        taken.push(left.remove(nth));
    }
    taken.into_iter().map(|one| one.answer).collect()
}

/// Whether it says what was not said, and has something to say beside what was.
fn is_news(one: &Candidate, taken: &[Candidate]) -> bool {
    let is_said = |subject| taken.iter().any(|said| said.says.contains(subject));
    let has_room = match one.class {
        Class::Failed
        | Class::Broke
        | Class::Refused
        | Class::Effect
        | Class::Same
        | Class::Bound => true,
        Class::Unknown => !taken.iter().any(compares),
        Class::Lab => taken.iter().all(|said| said.class != Class::Lab),
        Class::Measured => !taken.iter().any(says_of_traffic),
    };
    has_room && !one.says.iter().any(is_said)
}

/// Whether it says how levels compare in what crosses them.
fn compares(said: &Candidate) -> bool {
    [contrasts::RULE, same::RULE].contains(&said.answer.rule) && says_of_traffic(said)
}

fn says_of_traffic(said: &Candidate) -> bool {
    (Class::Effect..=Class::Unknown).contains(&said.class)
}

fn weight(one: &Candidate, taken: &[Candidate]) -> f64 {
    let alike = taken
        .iter()
        .filter(|said| said.answer.rule == one.answer.rule);
    one.size * FURTHER.powi(i32::try_from(alike.count()).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::answer::Subject;
    use super::*;
    use crate::analysis::Metric;
    use crate::report::findings::Shown;

    fn candidate(rule: &'static str, class: Class, size: f64, about: usize) -> Candidate {
        Candidate {
            answer: Answer {
                rule,
                about: about.to_string(),
                cells: Vec::new(),
                estimate: None,
                interval: None,
                evidence: String::new(),
                words: String::new(),
                shown: Shown::In(Metric::Goodput),
            },
            class,
            size,
            says: vec![Subject::Threshold(about)],
        }
    }

    fn said(candidates: Vec<Candidate>) -> Vec<String> {
        chosen(candidates).iter().map(Answer::id).collect()
    }

    #[test]
    fn what_broke_comes_before_what_differs_however_much_that_does() {
        let all = vec![
            candidate("fall", Class::Effect, 3.0, 1),
            candidate("same", Class::Same, 9.0, 2),
            candidate("broke", Class::Broke, 0.1, 3),
            candidate("threshold", Class::Failed, 0.0, 4),
        ];
        assert_eq!(said(all), ["threshold:4", "broke:3", "fall:1", "same:2"]);
    }

    #[test]
    fn the_largest_come_first_and_one_rule_does_not_say_all() {
        let contrasts = (1..=6).map(|nth| candidate(contrasts::RULE, Class::Effect, 1.0, nth));
        let fall = candidate("fall", Class::Effect, 0.5, 7);
        let all: Vec<_> = contrasts.chain([fall]).collect();
        let said = said(all);
        assert_eq!(said.len(), MOST);
        assert_eq!(said[0], "contrast:1");
        assert_eq!(said[2], "fall:7", "{said:?}");
    }

    #[test]
    fn nothing_is_said_twice() {
        let mut again = candidate("fall", Class::Effect, 1.0, 2);
        again.says = vec![Subject::Threshold(1)];
        let all = vec![candidate("slope", Class::Effect, 2.0, 1), again];
        assert_eq!(said(all), ["slope:1"]);
    }

    #[test]
    fn what_is_merely_measured_is_said_where_nothing_else_is() {
        let measured = || candidate("medians", Class::Measured, 0.0, 1);
        let unknown = || candidate("unknown", Class::Unknown, 0.0, 2);
        assert_eq!(said(vec![measured()]), ["medians:1"]);
        assert_eq!(said(vec![measured(), unknown()]), ["unknown:2"]);
        let contrast = candidate(contrasts::RULE, Class::Effect, 0.1, 3);
        assert_eq!(said(vec![measured(), unknown(), contrast]), ["contrast:3"]);
    }
}
