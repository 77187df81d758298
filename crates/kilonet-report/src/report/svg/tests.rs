use super::*;
use crate::scenario::{Family, Topology};
use crate::store::record::Record;
use crate::store::sample::{self, cell, failed, measured, run};

fn figure(file: &str, run: &crate::store::folder::Run) -> Option<String> {
    files(&Figures::of(&Analysis::of(run)))
        .into_iter()
        .find(|(name, _)| *name == file)
        .map(|(_, text)| text)
}

/// The post's table: four topologies at two containers, two families.
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
                records.push(match (topology, family) {
                    (Topology::Veth, Family::Ipv6) => failed(at, repeat),
                    _ => measured(at, repeat),
                });
            }
        }
    }
    records
}

#[test]
fn curves_are_drawn_as_blessed() {
    let run = sample::sweep(64);
    for (name, text) in files(&Figures::of(&Analysis::of(&run))) {
        insta::assert_snapshot!(name, text);
    }
}

/// Words for what is counted are filled in wherever they stand, by those of the cells' workload.
#[test]
fn connections_are_called_so_and_no_requests() {
    let connections = |repeat| {
        let mut record = measured(cell(Topology::Veth, 2), repeat);
        record.cell.workload = "tcp-cc".parse().unwrap();
        record.aggregate.as_mut().unwrap().transactions_per_s = Some(9e3);
        record.cpu.as_mut().unwrap().ns_per_transaction = Some(4e4);
        record
    };
    let run = run((0..3).map(connections).collect());
    let text = figure("requests.svg", &run).unwrap();
    assert!(
        text.contains("How many connections are made and closed?"),
        "{text}"
    );
    for (name, text) in files(&Figures::of(&Analysis::of(&run))) {
        assert!(!text.contains("equest"), "{name}: {text}");
    }
}

#[test]
fn one_count_is_drawn_as_bars() {
    insta::assert_snapshot!("bars", figure("aggregate.svg", &run(table())).unwrap());
}

#[test]
fn lines_of_rules_are_drawn_as_blessed() {
    let run = run(sample::over_rules(1.0));
    for name in ["rules.svg", "cpu-per-byte.svg"] {
        insta::assert_snapshot!(format!("over rules {name}"), figure(name, &run).unwrap());
    }
}

#[test]
fn a_slope_that_may_be_none_is_dashed() {
    let dashed = |each| {
        let text = figure("rules.svg", &run(sample::over_rules(each))).unwrap();
        text.contains(r#"stroke-dasharray="7 4""#)
    };
    assert_eq!((dashed(0.0), dashed(1.0)), (true, false));
}

#[test]
fn a_metric_nobody_carries_has_no_figure() {
    let mut records = vec![
        measured(cell(Topology::Veth, 2), 0),
        measured(cell(Topology::Veth, 4), 0),
    ];
    for record in &mut records {
        record.lab = None;
    }
    let run = run(records);
    assert_eq!(
        (figure("setup.svg", &run), figure("ratio.svg", &run)),
        (None, None)
    );
    assert!(figure("aggregate.svg", &run).is_some());
}

#[test]
fn a_curve_breaks_where_a_cell_failed() {
    let at = |containers| cell(Topology::Bridge, containers);
    let whole = run([2, 4, 8, 16, 32]
        .map(|count| measured(at(count), 0))
        .to_vec());
    let broken = run(vec![
        measured(at(2), 0),
        measured(at(4), 0),
        failed(at(8), 0),
        measured(at(16), 0),
        measured(at(32), 0),
    ]);
    let count = |run, what: &str| figure("aggregate.svg", run).unwrap().matches(what).count();
    assert_eq!(
        (
            count(&whole, r#"class="curve""#),
            count(&whole, r#"class="cross""#)
        ),
        (1, 0)
    );
    assert_eq!(
        (
            count(&broken, r#"class="curve""#),
            count(&broken, r#"class="cross""#)
        ),
        (2, 1)
    );
}

#[test]
fn nothing_is_drawn_across_a_cell_that_is_missing() {
    let parts = |run: &_| {
        let text = figure("per-pair.svg", run).unwrap();
        [r#"class="curve""#, r#"class="band""#, r#"class="cross""#]
            .map(|what| text.matches(what).count())
    };
    assert_eq!(parts(&crate::report::tests::thinned(&[])), [1, 1, 0]);
    assert_eq!(parts(&crate::report::tests::thinned(&[16])), [2, 2, 0]);
    assert_eq!(
        parts(&crate::report::tests::thinned(&[128])),
        [1, 1, 0],
        "nothing lies beyond"
    );
}

#[test]
fn names_from_outside_stay_text() {
    let mut hostile = run(vec![
        measured(cell(Topology::Veth, 2), 0),
        measured(cell(Topology::Veth, 4), 0),
    ]);
    hostile.manifest.name = "</text><script>alert(1)</script>".to_owned();
    assert!(
        !figure("aggregate.svg", &hostile)
            .unwrap()
            .contains("<script")
    );
}
