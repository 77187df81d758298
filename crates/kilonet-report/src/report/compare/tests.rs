use super::*;
use crate::analysis::compare::{Folder, Terms};
use crate::report::terminal::{Colours, Glyphs, View};
use crate::scenario::Topology;
use crate::store::Record;
use crate::store::sample::{cell, failed, invalid, measured, run};

fn trials(topology: Topology, count: u32, factor: f64) -> Vec<Record> {
    let wobble = [1.0, 1.004, 0.997, 1.002, 0.998];
    let trial = |(repeat, wobble): (u32, f64)| {
        let mut record = measured(cell(topology, count), 0);
        let trial = format!("{topology}-{count}-{repeat}");
        (record.repeat, record.trial) = (repeat, trial.parse().unwrap());
        record.aggregate.as_mut().unwrap().goodput_bps *= factor * wobble;
        let cost = record.cpu.as_mut().unwrap().ns_per_byte.as_mut();
        *cost.unwrap() /= factor * wobble.powi(2);
        record
    };
    (0..).zip(wobble).map(trial).collect()
}

fn folder(name: &str, factors: [f64; 3]) -> Folder {
    let cells = [
        (Topology::Veth, 2),
        (Topology::Bridge, 2),
        (Topology::Bridge, 8),
    ];
    let cells = cells.into_iter().zip(factors);
    let mut records: Vec<_> = cells
        .flat_map(|((topology, count), factor)| trials(topology, count, factor))
        .collect();
    records.push(measured(cell(Topology::Bridge, 64), 0));
    Folder {
        name: name.to_owned(),
        run: run(records),
    }
}

/// One of everything that a comparison can say.
fn sample() -> Comparison {
    let mut base = folder("results/base", [1.0; 3]);
    let mut new = folder("results/new", [1.0, 0.88, 1.1]);
    base.run.records.push(measured(cell(Topology::Veth, 4), 0));
    base.run.records.push(measured(cell(Topology::Veth, 8), 0));
    new.run.records.push(failed(cell(Topology::Veth, 4), 0));
    new.run.records.push(invalid(cell(Topology::Bridge, 8), 9));
    let mut asked = measured(cell(Topology::Veth, 16), 0);
    base.run.records.push(asked.clone());
    asked.cpu = None;
    new.run.records.push(asked);
    new.run
        .notes
        .push("trials.jsonl line 7 is cut off; its trial counts as not run".to_owned());
    new.run.manifest.fingerprint["cpu"]["model"] = "Another | CPU".into();
    new.run.manifest.fingerprint["kernel"]["release"] = "6.18.0".into();
    compared(&base, &[new])
}

fn compared(base: &Folder, news: &[Folder]) -> Comparison {
    let terms = Terms {
        metrics: Vec::new(),
        threshold: 0.05,
        same_within: 0.02,
    };
    Comparison::of(base, news, terms).unwrap()
}

#[test]
fn a_comparison_on_the_terminal() {
    insta::assert_snapshot!(terminal::render(&sample(), View::PLAIN));
}

#[test]
fn a_comparison_for_a_pull_request() {
    insta::assert_snapshot!(markdown::render(&sample()));
}

#[test]
fn several_runs_have_a_part_each() {
    let base = folder("base", [1.0; 3]);
    let both = compared(&base, &[folder("one", [1.0; 3]), folder("two", [0.5; 3])]);
    let text = terminal::render(&both, View::PLAIN);
    let (one, two) = (text.find("\none\n").unwrap(), text.find("\ntwo\n").unwrap());
    assert!(text[one..two].contains("same within 2 %") && !text[one..two].contains("regression"));
    assert!(text[two..].contains("worse: a regression"));
    assert!(text.starts_with("6 regressions\n"), "{text}");
}

#[test]
fn a_run_held_against_itself_is_said_to_be_that() {
    let base = folder("base", [1.0; 3]);
    let said = |new: Folder| notes(&compared(&base, &[new]));
    let twin = "new has the manifest of base: it is the same run, or a copy of it".to_owned();
    assert!(said(folder("new", [1.0; 3])).contains(&twin));
    let mut later = folder("new", [1.0; 3]);
    later.run.manifest.started_unix_ns += 1;
    assert!(!said(later).contains(&twin));
}

#[test]
fn no_line_of_figures_is_wider_than_the_view() {
    let text = terminal::render(&sample(), View::PLAIN);
    let widest = text
        .lines()
        .max_by_key(|line| line.chars().count())
        .unwrap();
    assert!(widest.chars().count() <= 80, "{widest}");
    assert!(text.is_ascii());
}

#[test]
fn colours_are_those_of_the_verdicts() {
    let view = View {
        width: 100,
        glyphs: Glyphs::Unicode,
        colours: Colours::Ansi,
    };
    let text = terminal::render(&sample(), view);
    let of = |word: &str| text.lines().find(|line| line.contains(word)).unwrap();
    assert!(of("worse: a regression").starts_with("\u{1b}[31m"));
    assert!(of("(+9.6 to").starts_with("\u{1b}[32m"));
}

#[test]
fn what_a_folder_is_called_cannot_break_out_of_the_markdown() {
    let base = folder("a`b|<c>", [1.0; 3]);
    let text = markdown::render(&compared(&base, &[folder("new", [1.0; 3])]));
    assert!(text.contains("`a?b|<c>` → `new`"), "{text}");
}

#[test]
fn shares_are_said_without_idle_digits() {
    assert_eq!(percent(0.05), "5 %");
    assert_eq!(percent(0.07), "7 %");
    assert_eq!(percent(0.125), "12.5 %");
    assert_eq!(percent(0.0), "0 %");
    assert_eq!(percent(0.5), "50 %");
}
