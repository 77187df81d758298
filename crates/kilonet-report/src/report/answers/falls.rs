//! What is left of a curve's best at its largest count, in sentences: with what its unit comes to cost, and one for several curves.
//!
//! Must not know how a best count is chosen. The invariant: only falls that are certain are said.

use super::answer::{Answer, Candidate, Class, LONGEST, Of, Subject};
use super::{networks, words};
use crate::analysis::metric::row::{Role, Told};
use crate::analysis::quantity::grouped;
use crate::analysis::{Analysis, Fall, Metric, Taken};
use crate::report::findings::Shown;
use crate::units::counted;

pub(super) const RULE: &str = "fall";

/// A curve that falls: what is said of it first, and what its unit comes to cost.
struct Falling<'a> {
    told: Told,
    fall: &'a Fall,
    cost: Option<(Told, &'a Fall)>,
}

/// A sentence for each curve, and one for all but the worst.
pub(super) fn candidates(analysis: &Analysis) -> Vec<Candidate> {
    let mut curves = falling(analysis);
    curves.sort_by(|a, b| b.weight(analysis).total_cmp(&a.weight(analysis)));
    let others = curves.get(1..).unwrap_or_default();
    let together = of_several(analysis, others);
    let each = curves.iter().map(|curve| of_one(analysis, curve));
    // Where both weigh the same, that which says more.
    together.into_iter().chain(each).collect()
}

/// The curves that fall, each in one metric.
fn falling(analysis: &Analysis) -> Vec<Falling<'_>> {
    let series = 0..analysis.series.len();
    let of = |nth: usize| {
        let certain = analysis
            .falls
            .iter()
            .filter(move |it| it.series == nth && it.is_certain);
        let mut said: Vec<_> = certain
            .filter_map(|it| Some((told(analysis, it)?, it)))
            .collect();
        said.sort_by_key(|(told, fall)| (told.role, fall.metric));
        let (told, fall) = *said.first()?;
        let cost = said.iter().find(|(other, _)| other.role == Role::Cost);
        let cost = cost.filter(|_| told.role == Role::Through).copied();
        Some(Falling { told, fall, cost })
    };
    series.filter_map(of).collect()
}

/// How it is told, where it is: of requests never by the byte, and of how long they take only where that is no matter of turns.
fn told(analysis: &Analysis, fall: &Fall) -> Option<Told> {
    let told = fall.metric.about().traits.told?;
    let cell = &analysis.cells[*analysis.series[fall.series].cells.first()?].cell;
    let is_plain = match fall.taken {
        Taken::Itself => true,
        Taken::EqualShares | Taken::Turns => false,
    };
    let is_said = match told.role {
        Role::Through | Role::Cost => Metric::of_traffic(cell).contains(&fall.metric),
        Role::Wait => cell.load.is_offered(),
        Role::Lab => false,
    };
    (is_plain && is_said).then_some(told)
}

impl Falling<'_> {
    /// The least that it falls by, as a logarithm, and how much that is worth telling.
    fn weight(&self, analysis: &Analysis) -> f64 {
        let fall = self.fall;
        let (low, high) = fall.interval.unwrap_or((fall.left, fall.left));
        let near = if fall.left > 1.0 { low } else { high };
        let least = near.max(f64::MIN_POSITIVE).ln().abs();
        least * networks::weight(analysis, &[fall.series])
    }

    fn cells(&self, analysis: &Analysis) -> Vec<usize> {
        let counts = [self.fall.best, self.fall.last].into_iter();
        counts
            .filter_map(|count| words::cell_at(analysis, self.fall.series, count))
            .collect()
    }

    fn subject(&self, analysis: &Analysis) -> Subject {
        Subject::Curve {
            label: analysis.series[self.fall.series].label.clone(),
            of: Of::Traffic,
        }
    }
}

fn of_one(analysis: &Analysis, curve: &Falling) -> Candidate {
    let fall = curve.fall;
    let text = match curve.told.role {
        Role::Through => best(analysis, curve),
        Role::Cost | Role::Wait | Role::Lab => dearer(analysis, curve),
    };
    Candidate {
        answer: Answer {
            rule: RULE,
            about: format!(
                "{}:{}",
                fall.metric.key(),
                analysis.series[fall.series].label
            ),
            cells: curve.cells(analysis),
            estimate: Some(fall.left),
            interval: fall.interval,
            evidence: evidence(fall),
            words: words::sentence(&text),
            shown: Shown::In(fall.metric),
        },
        class: Class::Effect,
        size: curve.weight(analysis),
        says: vec![curve.subject(analysis)],
    }
}

/// `over a bridge pairs together move at best 102 Gb/s at 8 containers and 63.0 Gb/s at 512; a byte then costs 61 % more CPU time`
fn best(analysis: &Analysis, curve: &Falling) -> String {
    let fall = curve.fall;
    let show = |value| fall.metric.about().quantity.show(value);
    let called = words::called(analysis);
    let text = format!(
        "{} {} at best {} at {} and {} at {}",
        words::place(analysis, fall.series),
        called.fill(curve.told.who),
        words::value(fall.metric, called, fall.top),
        words::counts(analysis.count, &[fall.best], &[]),
        show(fall.end),
        grouped(fall.last as usize),
    );
    let cost = curve.cost.map(|(told, cost)| {
        let ends = (cost.left, cost.left);
        let compared = words::compared(told, called, ends, words::is_by_share(told, ends));
        let since = if cost.best == fall.best {
            String::new()
        } else {
            format!(" {} at {}", compared.link, grouped(cost.best as usize))
        };
        let who = called.fill(told.who);
        let (who, costs) = who.rsplit_once(' ').unwrap_or(("", &who));
        format!("; {who} then {costs} {}{since}", compared.text)
    });
    let longer = format!("{text}{}", cost.unwrap_or_default());
    if words::words_of(&longer) <= LONGEST {
        longer
    } else {
        text
    }
}

/// `over a bridge a byte costs 61 % more CPU time at 512 containers than at 8 (medians 0.401 ns/B and 0.204 ns/B)`
fn dearer(analysis: &Analysis, curve: &Falling) -> String {
    let (told, fall) = (curve.told, curve.fall);
    let ends = (fall.left, fall.left);
    let called = words::called(analysis);
    let compared = words::compared(told, called, ends, words::is_by_share(told, ends));
    format!(
        "{} {} {} at {} {} at {} (medians {})",
        words::place(analysis, fall.series),
        called.fill(told.who),
        compared.text,
        words::counts(analysis.count, &[fall.last], &[]),
        compared.link,
        grouped(fall.best as usize),
        words::both(fall.metric.about().quantity, (fall.end, fall.top), "and"),
    )
}

/// A sentence for the curves that fall up to the same count.
fn of_several(analysis: &Analysis, curves: &[Falling]) -> Option<Candidate> {
    let through = |curve: &&Falling| curve.told.role == Role::Through;
    let all: Vec<_> = curves.iter().filter(through).collect();
    let first = *all.first()?;
    let end = |curve: &Falling| (curve.fall.metric, curve.fall.last);
    let alike = all.into_iter().filter(|curve| end(curve) == end(first));
    let alike: Vec<_> = alike.collect();
    let text = text_of_several(analysis, &alike)?;
    let cells = alike.iter().flat_map(|curve| curve.cells(analysis));
    (alike.len() > 1).then(|| Candidate {
        answer: Answer {
            rule: RULE,
            about: format!("{}:several", first.fall.metric.key()),
            cells: cells.collect(),
            estimate: Some(first.fall.left),
            interval: first.fall.interval,
            evidence: evidence(first.fall),
            words: words::sentence(&text),
            shown: Shown::In(first.fall.metric),
        },
        class: Class::Effect,
        size: first.weight(analysis),
        says: alike.iter().map(|curve| curve.subject(analysis)).collect(),
    })
}

/// `at 512 containers pairs together move 0.76 of their best over loopback and 0.62 over veth pairs (medians 74.4 of 98.0 Gb/s over
/// loopback)`, or how much at least and at most where there is no room for each.
fn text_of_several(analysis: &Analysis, alike: &[&Falling]) -> Option<String> {
    let first = alike.first()?;
    let of_each = alike.iter().enumerate().map(|(nth, curve)| {
        let of = if nth == 0 { " of their best" } else { "" };
        let place = words::place(analysis, curve.fall.series);
        format!("{}{of} {place}", words::times(curve.fall.left))
    });
    let start = format!(
        "at {} {}",
        words::counts(analysis.count, &[first.fall.last], &[]),
        words::called(analysis).fill(first.told.who),
    );
    let quantity = first.fall.metric.about().quantity;
    let values = format!(
        "(medians {} {})",
        words::both(quantity, (first.fall.end, first.fall.top), "of"),
        words::place(analysis, first.fall.series),
    );
    let left = alike.iter().map(|curve| curve.fall.left);
    let [least, most] = [
        left.clone().fold(f64::INFINITY, f64::min),
        left.fold(0.0, f64::max),
    ];
    let each = format!("{start} {} {values}", words::listed(of_each.collect()));
    let all = format!(
        "{start} {} to {} of their best on {} more curves {values}",
        words::times(least),
        words::times(most),
        alike.len(),
    );
    let mut room = [each, all].into_iter();
    room.find(|text| words::words_of(text) <= LONGEST)
}

/// `geometric mean of 3 ratios within blocks, largest count to best: 0.51; 0.45 to 0.58 (95 %)`
fn evidence(fall: &Fall) -> String {
    let interval = fall.interval.map_or_else(String::new, |(low, high)| {
        format!("; {} to {} (95 %)", words::times(low), words::times(high))
    });
    format!(
        "geometric mean of {} within blocks, largest count to best: {}{interval}",
        counted(fall.blocks, "ratio"),
        words::times(fall.left)
    )
}
