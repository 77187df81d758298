//! The 2017 post's table beside today's, in rows and sentences.
//!
//! The invariant: a cause is named with where it is known from; without such a source none is named.

use super::finding::Section;
use crate::analysis::{Analysis, Column, Estimate, Post, PostCell, PostRow};
use crate::scenario::Topology;
use crate::units::three_digits;

const HEADINGS: &[&str] = &["", "IPv4", "IPv6", "IPv4, no iptables"];

/// The section; none unless the run has the table's rows.
pub(super) fn section(analysis: &Analysis) -> Option<Section> {
    let post = analysis.post.as_ref()?;
    Some(Section {
        id: "post",
        title: "the table of 2017 beside today's",
        basis: "ratios to lo at two containers: the post's as printed; today's, medians of the ratios within blocks and \
                half the 95 % interval of their mean",
        headings: HEADINGS,
        rows: post.rows.iter().flat_map(shape).collect(),
        sentences: sentences(post),
    })
}

/// Today's ratio is another than the post's beyond this factor, either way: its figures came without intervals.
const ANOTHER: f64 = 1.25;

/// Which way a ratio has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Why ratios of some rows differ.
struct Cause {
    topologies: &'static [Topology],
    direction: Direction,
    text: &'static str,
    source: &'static str,
}

/// What is known of the differences.
const CAUSES: &[Cause] = &[Cause {
    topologies: &[Topology::Veth, Topology::Bridge],
    direction: Direction::Up,
    text: "TCP crosses veth, bridge and rules in units of up to 64 KiB whose checksums are never computed, so the cost of a \
           packet is spread over about forty times as many bytes. Without these offloads a veth pair moves about a tenth; which \
           of them the post's machine had is unknown",
    source: "the kernel's source; OpenCloudBlog 2014, measured with offloads on and off",
}];

const COLUMNS: [Column; 3] = [Column::Ipv4, Column::Ipv6, Column::NoRules];

/// The rows of a shape: the post's, the model's, and the real engine's where the run has it.
fn shape(row: &PostRow) -> Vec<Vec<String>> {
    let line = |name: String, show: &dyn Fn(&PostCell) -> Option<String>| {
        let figures = COLUMNS.iter().map(|column| {
            let cell = row.cells.iter().find(|cell| cell.column == *column);
            cell.and_then(show).unwrap_or_else(|| "-".to_owned())
        });
        [name].into_iter().chain(figures).collect()
    };
    let of_post = |cell: &PostCell| Some(format!("{:.3}", cell.then));
    let mut lines = vec![line(format!("{}, 2017", row.name), &of_post)];
    for (who, today) in TODAY {
        if row.cells.iter().any(|cell| today(cell).is_some()) {
            let estimate = |cell: &PostCell| Some(show(today(cell)?));
            lines.push(line(format!("  {who}"), &estimate));
        }
    }
    lines
}

/// Who is measured today.
type Today = (&'static str, fn(&PostCell) -> Option<Estimate>);
const TODAY: [Today; 2] = [
    ("modelled", |cell| cell.modelled),
    ("real Docker", |cell| cell.real),
];

/// `0.953 ±2.1%`
fn show(estimate: Estimate) -> String {
    let Estimate {
        median, interval, ..
    } = estimate;
    let Some((low, high)) = interval.filter(|_| median > 0.0) else {
        return three_digits(median);
    };
    format!(
        "{} ±{:.1}%",
        three_digits(median),
        (high - low) / 2.0 / median * 100.0
    )
}

/// A sentence for each cell that differs, and each cause once.
fn sentences(post: &Post) -> Vec<String> {
    let cells = post
        .rows
        .iter()
        .flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
    let differing: Vec<_> = cells
        .flat_map(|(row, cell)| differences(row, cell))
        .collect();
    let mut said: Vec<_> = differing.iter().map(Difference::sentence).collect();
    let known = CAUSES
        .iter()
        .filter(|cause| differing.iter().any(|one| one.is_by(cause)));
    said.extend(known.map(|cause| format!("why: {} (from {})", cause.text, cause.source)));
    said.extend(unexplained(&differing));
    said.extend(post.rows.iter().filter_map(share_of_rules));
    said
}

/// A ratio that is another than the post's.
struct Difference<'a> {
    row: &'a PostRow,
    column: Column,
    who: &'static str,
    /// Today's over the post's.
    factor: f64,
    then: f64,
}

fn differences<'a>(row: &'a PostRow, cell: &PostCell) -> Vec<Difference<'a>> {
    let differs = |(who, today): Today| {
        let estimate = today(cell)?;
        let factor = estimate.median / cell.then;
        let held = |(low, high): (f64, f64)| (low..=high).contains(&cell.then);
        let same =
            (1.0 / ANOTHER..=ANOTHER).contains(&factor) || estimate.interval.is_some_and(held);
        (!same).then_some(Difference {
            row,
            column: cell.column,
            who,
            factor,
            then: cell.then,
        })
    };
    TODAY.into_iter().filter_map(differs).collect()
}

impl Difference<'_> {
    fn direction(&self) -> Direction {
        if self.factor > 1.0 {
            Direction::Up
        } else {
            Direction::Down
        }
    }

    fn is_by(&self, cause: &Cause) -> bool {
        cause.direction == self.direction() && cause.topologies.contains(&self.row.topology)
    }

    fn place(&self) -> String {
        let column = COLUMNS
            .iter()
            .position(|column| *column == self.column)
            .unwrap_or(0);
        format!("{}, {}, {}", self.row.name, HEADINGS[column + 1], self.who)
    }

    /// `veth pair, IPv4, modelled: 10.3 times the post's 0.102`
    fn sentence(&self) -> String {
        format!(
            "{}: {} times the post's {:.3}",
            self.place(),
            three_digits(self.factor),
            self.then
        )
    }
}

fn unexplained(differing: &[Difference<'_>]) -> Option<String> {
    let without = differing
        .iter()
        .filter(|one| !CAUSES.iter().any(|cause| one.is_by(cause)));
    let places: Vec<_> = without.map(Difference::place).collect();
    (!places.is_empty()).then(|| format!("no cause is known for: {}", places.join("; ")))
}

/// What a shape moves with rules of what it moves without, then and today.
fn share_of_rules(row: &PostRow) -> Option<String> {
    let find = |column| row.cells.iter().find(|cell| cell.column == column);
    let (with, without) = (find(Column::Ipv4)?, find(Column::NoRules)?);
    let today = with.modelled?.median / without.modelled?.median;
    Some(format!(
        "{}: with iptables it moved {} times as much as without in 2017, and {} times as much today (modelled)",
        row.name,
        three_digits(with.then / without.then),
        three_digits(today)
    ))
}
