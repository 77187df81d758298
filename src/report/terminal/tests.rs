use super::*;
use crate::scenario::{Family, Topology};
use crate::store::folder::Run;
use crate::store::record::Record;
use crate::store::sample::{self, cell, failed, measured, run};

const UNICODE: View = View {
    width: 80,
    glyphs: Glyphs::Unicode,
    colours: Colours::Plain,
};

fn text(run: &Run, view: View) -> String {
    render(&Analysis::of(run), view)
}

fn table() -> Vec<Record> {
    let mut records = Vec::new();
    for repeat in 0..3 {
        for topology in [
            Topology::Loopback,
            Topology::Shared,
            Topology::Veth,
            Topology::Bridge,
        ] {
            for family in [Family::Ipv4, Family::Ipv6] {
                let mut at = cell(topology, 2);
                at.family = family;
                records.push(measured(at, repeat));
            }
        }
    }
    records
}

#[test]
fn a_sweep_fits_eighty_columns() {
    insta::assert_snapshot!("sweep", text(&sample::sweep(4096), UNICODE));
}

#[test]
fn a_sweep_is_plain_where_there_is_but_ascii() {
    let text = text(&sample::sweep(64), View::PLAIN);
    assert!(text.is_ascii());
    insta::assert_snapshot!("ascii", text);
}

#[test]
fn one_count_is_a_table_and_bars() {
    insta::assert_snapshot!("bars", text(&run(table()), UNICODE));
}

#[test]
fn what_rules_cost_is_said_below_curves_over_them() {
    insta::assert_snapshot!("rules", text(&run(sample::over_rules(1.0)), UNICODE));
}

#[test]
fn rules_that_cost_nothing_are_said_to() {
    let said = text(&run(sample::over_rules(0.0)), UNICODE);
    assert!(
        said.contains("no slope of CPU time: its 95 % interval, -"),
        "{said}"
    );
}

#[test]
fn one_curve_covers_no_other() {
    let alone = [2, 4, 8].map(|count| measured(cell(Topology::Veth, count), 0));
    assert!(!text(&run(alone.to_vec()), UNICODE).contains("* several"));
}

#[test]
fn colours_change_nothing_but_escapes() {
    let run = sample::sweep(64);
    let coloured = text(
        &run,
        View {
            colours: Colours::Ansi,
            ..UNICODE
        },
    );
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(console::strip_ansi_codes(&coloured), text(&run, UNICODE));
}

#[test]
fn what_comes_from_records_cannot_drive_the_terminal() {
    let mut record = failed(cell(Topology::Bridge, 2), 0);
    record.warnings.push("\u{1b}[2Jcleared".to_owned());
    record.error.as_mut().unwrap().object = "\u{7}bell".to_owned();
    let mut hostile = run(vec![record]);
    hostile.manifest.name = "\u{1b}]0;owned\u{7}".to_owned();
    assert!(
        text(&hostile, UNICODE)
            .chars()
            .all(|c| c == '\n' || !c.is_control())
    );
}

#[test]
fn a_run_without_records_says_so() {
    assert!(text(&run(Vec::new()), UNICODE).contains("no trial is recorded yet"));
}

#[test]
fn no_line_is_wider_than_the_view() {
    for power in 1..13 {
        let analysis = Analysis::of(&sample::sweep(1 << power));
        for width in (60..200).step_by(3) {
            let text = render(&analysis, View { width, ..UNICODE });
            for line in text.lines() {
                assert!(line.chars().count() <= usize::from(width), "{line}");
            }
        }
    }
}
