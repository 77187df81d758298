use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::*;
use crate::analysis::Growing;
use crate::plan::Place;
use crate::report::terminal::{Colours, Glyphs};
use crate::scenario::Workload;
use crate::store::record::Record;
use crate::store::sample;

const UNICODE: View = View {
    width: 80,
    glyphs: Glyphs::Unicode,
    colours: Colours::Ansi,
};

/// A sweep whose first so many trials have ended.
fn curves(records: &[Record], ended: usize) -> Growing {
    let cells: Vec<_> = records.iter().map(|record| &record.cell).collect();
    let mut curves = Growing::through(&cells);
    for record in &records[..ended] {
        curves.add(record);
    }
    curves
}

/// Pairs of which the first moves nothing, and each other a little more than the one before it.
fn uneven(pairs: u32) -> Vec<f64> {
    let most = f64::from(pairs);
    (0..pairs)
        .map(|pair| f64::from(pair) / most * 2e9)
        .collect()
}

/// CPU time that wanders between two kinds.
fn cpu(ticks: u32) -> Vec<Shares> {
    let shares = (0..ticks).map(|tick| {
        let wave = f64::from(tick % 9) / 8.0;
        Shares {
            user: 0.05,
            system: 0.6 * wave,
            softirq: 0.3,
            steal: 0.02,
            idle: 0.63 - 0.6 * wave,
        }
    });
    shares.collect()
}

fn picture() -> Picture {
    let records = sample::sweep(512).records;
    let note = |severity, text: &str| Note {
        severity,
        text: text.to_owned(),
    };
    Picture {
        name: "bridge-scaling".to_owned(),
        progress: Progress {
            place: Some(Place {
                number: 64,
                least: 108,
                most: 108,
            }),
            ended: 63,
            to_do: 108,
            elapsed: Duration::from_secs(200),
            left: Duration::from_secs(3_605),
        },
        trial: Some(Trial {
            id: "bridge-ipv4-none-c512-r1".to_owned(),
            phase: "measuring",
            goodput_bps: Some(46.2e9),
        }),
        curves: curves(&records, 63),
        focus: Focus::All,
        pairs_bps: Some(uneven(256)),
        cpu: cpu(200),
        drops: Drops {
            backlog: Some(12.0),
            squeezed: Some(340.0),
            neighbours: Some(0.0),
            tcp_memory: Some(0.42),
            retransmits: Some(17),
        },
        notes: vec![
            note(
                Severity::Failure,
                "bridge c32: add port v01024 to bridge br0: EXFULL",
            ),
            note(
                Severity::Warning,
                "the machine was busy with other work for 7 % of the window",
            ),
        ],
        interrupted: false,
    }
}

fn drawn(picture: &Picture, view: View, (columns, lines): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| draw(frame, picture, view)).unwrap();
    terminal.backend().buffer().clone()
}

/// The characters of a frame, line by line.
fn text(frame: &Buffer) -> String {
    let width = usize::from(frame.area.width);
    let lines = frame.content.chunks(width).map(|line| {
        let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned() + "\n"
    });
    lines.collect()
}

#[test]
fn a_run_half_way_fits_the_smallest_screen_and_fills_a_larger_one() {
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40))] {
        insta::assert_snapshot!(name, text(&drawn(&picture(), UNICODE, size)));
    }
}

#[test]
fn in_ascii_nothing_else_is_drawn() {
    let frame = text(&drawn(&picture(), View::PLAIN, (80, 24)));
    assert!(frame.is_ascii(), "{frame}");
    insta::assert_snapshot!("ascii", frame);
}

#[test]
fn a_run_that_begins_has_a_frame_without_figures() {
    let picture = Picture {
        progress: Progress {
            place: None,
            ended: 0,
            ..picture().progress
        },
        trial: None,
        curves: curves(&sample::sweep(512).records, 0),
        pairs_bps: None,
        cpu: Vec::new(),
        notes: Vec::new(),
        ..picture()
    };
    insta::assert_snapshot!("beginning", text(&drawn(&picture, UNICODE, (80, 24))));
}

#[test]
fn runs_of_one_count_have_bars_and_of_requests_figures_of_requests() {
    let records: Vec<_> = sample::sweep(2).records;
    let one_count = Picture {
        curves: curves(&records, records.len()),
        pairs_bps: Some(vec![1e9]),
        focus: Focus::Each,
        ..picture()
    };
    insta::assert_snapshot!("one count", text(&drawn(&one_count, UNICODE, (80, 24))));
    let mut records = sample::sweep(8).records;
    for record in &mut records {
        record.cell.workload = Workload::TcpRr;
    }
    let requests = Picture {
        curves: curves(&records, 0),
        ..picture()
    };
    let frame = text(&drawn(&requests, UNICODE, (80, 24)));
    assert!(
        frame.contains("Requests answered over containers"),
        "{frame}"
    );
}

#[test]
fn an_interrupted_run_says_what_it_still_does() {
    let picture = Picture {
        interrupted: true,
        ..picture()
    };
    let frame = text(&drawn(&picture, UNICODE, (80, 24)));
    assert!(frame.contains("interrupted: removing the lab"), "{frame}");
}

#[test]
fn where_the_number_of_trials_is_not_known_yet_it_is_a_range() {
    let mut picture = picture();
    picture.progress.place = Some(Place {
        number: 4,
        least: 12,
        most: 21,
    });
    let frame = text(&drawn(&picture, UNICODE, (80, 24)));
    assert!(frame.contains("trial 4 of 12-21"), "{frame}");
}

#[test]
fn where_there_is_no_room_the_trial_is_named() {
    for size in [(79, 24), (80, 23), (20, 3), (1, 1)] {
        let frame = text(&drawn(&picture(), UNICODE, size));
        assert!(frame.starts_with(&"trial 64 of 108"[..usize::from(size.0.min(15))]));
    }
}

#[test]
fn colours_are_used_where_there_are_any_and_only_there() {
    let coloured = |view| {
        let frame = drawn(&picture(), view, (80, 24));
        let cells = frame.content.iter();
        cells.filter(|cell| cell.fg != Color::Reset).count()
    };
    assert!(coloured(UNICODE) > 100);
    let plain = View {
        colours: Colours::Plain,
        ..UNICODE
    };
    assert_eq!(coloured(plain), 0);
}

#[test]
fn more_pairs_than_places_share_cells_and_all_are_counted() {
    let thousands = Picture {
        pairs_bps: Some(uneven(5_000)),
        ..picture()
    };
    let frame = text(&drawn(&thousands, UNICODE, (80, 24)));
    assert!(frame.contains("5,000 pairs"), "{frame}");
    assert!(frame.contains("in a cell"), "{frame}");
}
