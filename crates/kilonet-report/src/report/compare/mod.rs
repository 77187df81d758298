//! A comparison in words: the lines that every form of it shows.
//!
//! Must not know what they are shown on. The invariant: every figure of the comparison is a line, and every cell that is
//! not on both sides a sentence.

pub mod markdown;
pub mod terminal;

use std::collections::BTreeMap;

use crate::analysis::compare::{
    Against, CellPair, Change, Comparison, Doubt, Figure, Kind, Presence, Standing, Verdict,
};
use crate::analysis::metric::{About, Direction};
use crate::analysis::{Count, Metric};
use crate::scenario::called::Called;
use crate::units::{counted, three_digits};

/// How a line is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Bad,
    Good,
    Plain,
}

/// One metric in one cell.
struct Line<'a> {
    about: &'static About,
    cell: &'a CellPair,
    base: String,
    new: String,
    change: String,
    verdict: String,
    tone: Tone,
}

/// Every figure of a run beside the base, metric by metric.
fn lines<'a>(against: &'a Against, comparison: &Comparison) -> Vec<Line<'a>> {
    let figures = against.cells.iter();
    let figures = figures.flat_map(|cell| cell.figures.iter().map(move |figure| (cell, figure)));
    let mut lines: Vec<_> = figures
        .map(|(cell, figure)| line(cell, figure, comparison))
        .collect();
    // The order of cells within a metric stays.
    lines.sort_by_key(|line| line.about.metric);
    lines
}

fn line<'a>(cell: &'a CellPair, figure: &Figure, comparison: &Comparison) -> Line<'a> {
    let show = |value| figure.metric.about().quantity.show(value);
    Line {
        about: figure.metric.about(),
        cell,
        base: show(figure.base.median),
        new: show(figure.new.median),
        change: figure.change.map_or_else(|| "-".to_owned(), change),
        verdict: verdict(figure, comparison.terms.same_within),
        tone: match figure.verdict {
            Verdict::Worse => Tone::Bad,
            Verdict::Better => Tone::Good,
            Verdict::Same | Verdict::CannotTell => Tone::Plain,
        },
    }
}

/// `-9.7% (-13.2 to -6.1)`
fn change(change: Change) -> String {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let ratio = format!("{:+.1}%", percent(change.ratio));
    match change.interval {
        Some((low, high)) => format!("{ratio} ({:+.1} to {:+.1})", percent(low), percent(high)),
        None => ratio,
    }
}

fn verdict(figure: &Figure, same_within: f64) -> String {
    match (figure.verdict, figure.doubt) {
        (Verdict::Worse, _) if figure.regression => "worse: a regression".to_owned(),
        (Verdict::Worse, _) => "worse".to_owned(),
        (Verdict::Better, _) => "better".to_owned(),
        (Verdict::Same, _) => same(same_within),
        (Verdict::CannotTell, Some(Doubt::OneTrial)) => "cannot tell: one trial".to_owned(),
        (Verdict::CannotTell, Some(Doubt::Chance)) => "cannot tell: chance".to_owned(),
        (Verdict::CannotTell, Some(Doubt::Zero)) => "cannot tell: zeros".to_owned(),
        (Verdict::CannotTell, _) => "cannot tell".to_owned(),
    }
}

fn same(within: f64) -> String {
    format!("same within {}", percent(within))
}

/// `5 %`, without the digits that say nothing.
fn percent(share: f64) -> String {
    let text = three_digits(share * 100.0);
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} %")
}

/// What a metric's block is called: `aggregate goodput, more is better`.
fn title(block: &[Line]) -> String {
    let cells = block.iter().map(|line| line.cell.requests);
    let (about, requests) = (block[0].about, Called::shared(cells));
    let better = match about.better {
        Direction::Up => "more",
        Direction::Down => "less",
    };
    format!("{}, {better} is better", requests.fill(about.name))
}

/// The first thing to know: `2 regressions`.
fn headline(comparison: &Comparison) -> String {
    match comparison.regressions() {
        0 => "no regression found".to_owned(),
        1 => "1 regression".to_owned(),
        several => format!("{several} regressions"),
    }
}

/// How many figures came out how: `of 24 figures 1 better, 3 worse (2 by 5 % or more), 12 same within 2 %, 8 cannot tell`.
fn tally(comparison: &Comparison) -> String {
    let terms = &comparison.terms;
    let count = |verdict| {
        comparison
            .figures()
            .filter(|it| it.verdict == verdict)
            .count()
    };
    let beyond = comparison.figures().filter(|it| it.regression).count();
    let worse = match (count(Verdict::Worse), beyond) {
        (0, _) => "0 worse".to_owned(),
        (worse, beyond) => format!(
            "{worse} worse ({beyond} by {} or more)",
            percent(terms.threshold)
        ),
    };
    let parts = [
        format!("{} better", count(Verdict::Better)),
        worse,
        format!("{} {}", count(Verdict::Same), same(terms.same_within)),
        format!("{} cannot tell", count(Verdict::CannotTell)),
    ];
    format!(
        "{}: {}",
        counted(comparison.figures().count(), "figure"),
        parts.join(", ")
    )
}

/// What the columns are, and what may be relied on; the shares are the largest in `results/20261123-false-alarms`.
const BASIS: &str = "medians of each side's trials; change of the geometric mean, with its 95 % interval; verdicts account for \
                     the number of figures: of equal runs of a model at most 4 % had any figure called better or worse, and at \
                     most 3.5 % a regression";

/// What is said where the folders are of two machines.
const TWO_MACHINES: &str = "the runs are from different machines, which may explain what differs";

fn is_of_two_machines(against: &Against) -> bool {
    against
        .differences
        .iter()
        .any(|it| it.kind == Kind::Machine)
}

/// Sentences on cells that are not compared, the gravest first; each with how it is to be taken. What holds for several
/// cells of a curve is said once.
fn absences(against: &Against) -> Vec<(Tone, String)> {
    let mut cells: Vec<_> = against.cells.iter().collect();
    // The order of cells of one kind stays.
    cells.sort_by_key(|cell| cell.presence);
    let said: Vec<_> = cells
        .into_iter()
        .filter_map(|cell| Some((cell, absence(cell)?)))
        .collect();
    let alike =
        said.chunk_by(|(left, what), (right, other)| left.label == right.label && what == other);
    alike
        .map(|alike| {
            let (first, (tone, what)) = &alike[0];
            let counts: Vec<_> = alike
                .iter()
                .map(|(cell, _)| cell.count.to_string())
                .collect();
            (
                *tone,
                format!(
                    "{}: {what}",
                    place(&first.label, &counts.join(", "), against.count)
                ),
            )
        })
        .collect()
}

/// `bridge ipv4 at 256, 512 containers`
fn place(label: &str, counts: &str, over: Count) -> String {
    format!("{label} at {counts} {}", over.about().place)
}

fn absence(cell: &CellPair) -> Option<(Tone, String)> {
    let why = |standing: &Option<Standing>| standing.as_ref().map_or_else(String::new, why);
    Some(match cell.presence {
        Presence::Both => return lost(cell),
        Presence::FailsNow => (
            Tone::Bad,
            format!("fails now, a regression: {}", why(&cell.new)),
        ),
        Presence::WorksNow => (
            Tone::Good,
            format!("works now; in the base: {}", why(&cell.base)),
        ),
        Presence::FailsStill => (Tone::Plain, format!("fails in both: {}", why(&cell.new))),
        Presence::OnlyInBase => (Tone::Plain, "in the base only".to_owned()),
        Presence::OnlyInNew => (Tone::Plain, "in the new run only".to_owned()),
    })
}

/// Trials that gave no figure beside some that did.
fn lost(cell: &CellPair) -> Option<(Tone, String)> {
    let side = |name: &str, standing: &Option<Standing>| {
        let standing = standing.as_ref()?;
        let lost = standing.failed + standing.invalid;
        let all = counted(lost + standing.measured, "trial");
        (lost > 0).then(|| format!("{lost} of {all} {name}: {}", why(standing)))
    };
    let sides = [
        side("in the base", &cell.base),
        side("in the new run", &cell.new),
    ];
    let sides: Vec<_> = sides.into_iter().flatten().collect();
    (!sides.is_empty()).then(|| (Tone::Plain, format!("lost {}", sides.join("; "))))
}

fn why(standing: &Standing) -> String {
    match &standing.failure {
        Some(failure) => failure.sentence(),
        None => "invalid, as the witnesses disagree".to_owned(),
    }
}

/// Sentences on the folders themselves.
fn notes(comparison: &Comparison) -> Vec<String> {
    let news = comparison.news.iter().map(|against| &against.new);
    let sources = [&comparison.base].into_iter().chain(news);
    sources
        .flat_map(|source| {
            source
                .notes
                .iter()
                .map(|note| format!("{}: {note}", source.folder))
        })
        .chain(comparison.news.iter().filter_map(|it| twin(it, comparison)))
        .chain(comparison.news.iter().flat_map(one_sided))
        .chain(advice(comparison))
        .collect()
}

/// What is said of a run held against itself, which a manifest with its start tells from one made again.
fn twin(against: &Against, comparison: &Comparison) -> Option<String> {
    let (base, new) = (&comparison.base, &against.new);
    (base.manifest == new.manifest).then(|| {
        format!(
            "{} has the manifest of {}: it is the same run, or a copy of it",
            new.folder, base.folder
        )
    })
}

/// Metrics of which one side has figures and the other has none, though it has trials to show.
fn one_sided(against: &Against) -> Vec<String> {
    let mut cells: BTreeMap<(Metric, &str), usize> = BTreeMap::new();
    for cell in &against.cells {
        let sides = [
            (&cell.only_in_base, "in the base"),
            (&cell.only_in_new, "in the new run"),
        ];
        for (metrics, side) in sides {
            for metric in metrics {
                *cells.entry((*metric, side)).or_default() += 1;
            }
        }
    }
    let requests = Called::shared(against.cells.iter().map(|cell| cell.requests));
    let said = cells.into_iter().map(|((metric, side), cells)| {
        let name = requests.fill(metric.about().name);
        let folder = &against.new.folder;
        format!(
            "{folder}: {name} is recorded {side} only, for {}",
            counted(cells, "cell")
        )
    });
    said.collect()
}

/// What helps where nothing can be said for want of trials.
fn advice(comparison: &Comparison) -> Option<String> {
    let for_want = |figure: &&Figure| {
        matches!(
            figure.doubt,
            Some(Doubt::OneTrial | Doubt::Wide | Doubt::Chance)
        )
    };
    let unsure = comparison.figures().filter(for_want).count();
    (unsure > 0).then(|| {
        format!(
            "{} cannot be distinguished from the noise of so few trials; more --repeats narrow the intervals, as one over the \
             root of their number",
            counted(unsure, "figure")
        )
    })
}

/// Lines of one metric, and of one curve within it, one after the other.
fn blocks<'a, 'b>(lines: &'b [Line<'a>]) -> impl Iterator<Item = (Metric, &'b [Line<'a>])> {
    let blocks = lines.chunk_by(|left, right| left.about.metric == right.about.metric);
    blocks.map(|block| (block[0].about.metric, block))
}

#[cfg(test)]
mod tests;
