use super::*;
use crate::analysis::Analysis;
use crate::printable::is_unprintable;
use crate::scenario::{self, Family, Testbed, Topology};
use crate::store::folder::Run;
use crate::store::record::Record;
use crate::store::sample::{self, cell, failed, measured, run};

const UNICODE: View = View {
    width: 80,
    glyphs: Glyphs::Unicode,
    colours: Colours::Plain,
};

fn text(run: &Run, view: View) -> String {
    render(&Figures::of(&Analysis::of(run)), view).to_string()
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
                let mut at = scenario::usual(topology, Testbed::Kernel).unwrap();
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
        said.contains("no slope can be established: its 95 %"),
        "{said}"
    );
}

#[test]
fn what_was_found_is_marked_in_the_plots_and_named_below() {
    let counts = [2, 4, 8, 16, 32, 64, 128];
    let trial = |count, repeat| match count {
        128 => failed(cell(Topology::Bridge, count), repeat),
        _ => measured(cell(Topology::Bridge, count), repeat),
    };
    let records = (0..3).flat_map(|repeat| counts.map(|count| trial(count, repeat)));
    let text = text(&run(records.collect()), UNICODE);
    assert!(text.contains("(●)"), "the knee has a ring: {text}");
    assert!(
        text.matches('┃').count() > 12,
        "a wall in both plots: {text}"
    );
    let legend = "( ) knee   ┃ refused beyond";
    assert!(text.contains(legend), "{text}");
}

#[test]
fn a_peak_has_a_roof_and_no_ring() {
    let trial = |count: u32, repeat| {
        let mut record = measured(cell(Topology::Bridge, count), repeat);
        let off = (f64::from(count) / 16.0).log2().abs();
        record.aggregate.as_mut().unwrap().goodput_bps =
            (80e9 + 1e8 * f64::from(repeat)) / (1.0 + off);
        record
    };
    let counts = [2, 4, 8, 16, 32, 64, 128];
    let records = (0..3).flat_map(|repeat| counts.map(|count| trial(count, repeat)));
    let text = text(&run(records.collect()), UNICODE);
    assert!(text.contains("/●\\"), "{text}");
    assert!(text.contains("/ \\ peak"), "{text}");
    assert!(text.contains("aggregate goodput peaks at 16"), "{text}");
}

#[test]
fn a_plot_in_which_nothing_was_found_has_no_legend_of_marks() {
    let flat = [2, 4].map(|count| measured(cell(Topology::Veth, count), 0));
    let text = text(&run(flat.to_vec()), UNICODE);
    assert!(
        !text.contains("knee   ") && !text.contains("refused beyond"),
        "{text}"
    );
}

#[test]
fn nothing_joins_two_points_across_a_cell_that_is_missing() {
    let joints = |lost: &[u32]| {
        let text = text(&crate::report::tests::thinned(lost), UNICODE);
        let (_, plot) = text.split_once("\nAggregate goodput\n").unwrap();
        let (plot, _) = plot.split_once("\n\n").unwrap();
        let longest = plot
            .split(|c| c != '·')
            .map(|run| run.chars().count())
            .max();
        (plot.matches('·').count(), longest.unwrap())
    };
    let (whole, broken) = (joints(&[]), joints(&[16]));
    assert!(
        broken.0 < whole.0,
        "two stretches less: {whole:?}, {broken:?}"
    );
    assert_eq!(broken.1, whole.1, "and none is longer");
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
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        text(&run, UNICODE)
    );
}

#[test]
fn what_comes_from_records_cannot_drive_the_terminal() {
    let mut record = failed(cell(Topology::Bridge, 2), 0);
    let warning = "\u{1b}[2Jcleared, \u{1b}[31mred, \u{9b}31mred again, \u{202e}turned";
    record.warnings.push(warning.to_owned());
    record.error.as_mut().unwrap().object = "\u{7}bell".to_owned();
    let mut hostile = run(vec![record]);
    hostile.manifest.name = "\u{1b}]0;owned\u{7}".to_owned();
    let plain = text(&hostile, UNICODE);
    assert!(plain.chars().all(|c| c == '\n' || !is_unprintable(c)));
    let coloured = View {
        colours: Colours::Ansi,
        ..UNICODE
    };
    let ours = anstream::adapter::strip_str(&text(&hostile, coloured)).to_string();
    assert_eq!(ours, plain, "what was not ours has gone with our colours");
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
            let text = render(&Figures::of(&analysis), View { width, ..UNICODE });
            for line in text.lines() {
                assert!(line.chars().count() <= usize::from(width), "{line}");
            }
        }
    }
}
