use std::collections::BTreeMap;
use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;
use crate::plan::Role;
use crate::scenario::{Family, Firewall, Scenario, Search, Testbed, Topology};
use crate::store::record::Record;
use crate::store::sample::{self, Law, cell, failed, invalid, measured, run, starving};

fn labels(analysis: &Analysis) -> Vec<&str> {
    analysis
        .series
        .iter()
        .map(|series| series.label.as_str())
        .collect()
}

fn counts(analysis: &Analysis, series: usize) -> Vec<u32> {
    analysis.series[series]
        .cells
        .iter()
        .map(|index| analysis.count.of(&analysis.cells[*index].cell))
        .collect()
}

fn baseline(repeat: u32) -> Record {
    Record {
        role: Role::Baseline,
        ..measured(cell(Topology::Loopback, 2), repeat)
    }
}

#[test]
fn the_planted_law_comes_back_as_curves() {
    let analysis = Analysis::of(&sample::sweep(4096));
    assert_eq!(labels(&analysis), ["loopback", "shared", "veth", "bridge"]);
    for series in &analysis.series {
        for summary in series.cells.iter().map(|index| &analysis.cells[*index]) {
            let Some(goodput) = summary.estimate(Metric::Goodput) else {
                assert_eq!(summary.cell, cell(Topology::Bridge, 32));
                continue;
            };
            // Repeats run at 1.00, 1.01 and 1.02 of the law; one cell has lost its middle one.
            let expected = Law::of(summary.cell.topology).aggregate(summary.cell.pairs) * 1.01;
            assert!(
                (goodput.median / expected - 1.0).abs() < 1e-9,
                "{:?}",
                summary.cell
            );
            let (low, high) = goodput.interval.unwrap();
            assert!(low < expected && expected < high);
        }
    }
    assert_eq!(
        counts(&analysis, 3),
        (1..=12).map(|power| 1 << power).collect::<Vec<u32>>()
    );
}

#[test]
fn a_failed_cell_is_a_gap_with_reasons() {
    let analysis = Analysis::of(&run(vec![
        measured(cell(Topology::Bridge, 2), 0),
        failed(cell(Topology::Bridge, 4), 0),
        failed(cell(Topology::Bridge, 4), 1),
    ]));
    let gap = &analysis.cells[1];
    assert!(gap.metrics.is_empty());
    assert_eq!((gap.measured, gap.failures.len()), (0, 2));
}

#[test]
fn an_invalid_trial_is_counted_and_not_shown() {
    let at = || cell(Topology::Veth, 8);
    let analysis = Analysis::of(&run(vec![measured(at(), 0), invalid(at(), 1)]));
    let summary = &analysis.cells[0];
    assert_eq!((summary.measured, summary.invalid), (1, 1));
    let goodput = summary.estimate(Metric::Goodput).unwrap();
    assert_eq!((goodput.n, goodput.interval), (1, None));
    assert!(goodput.median < 1e12);
}

#[test]
fn the_ratio_is_to_the_loopback_of_the_same_block_and_traffic() {
    let other_family = |mut record: Record| {
        record.cell.family = Family::Ipv6;
        record
    };
    let mut half = measured(cell(Topology::Veth, 2), 0);
    half.aggregate.as_mut().unwrap().goodput_bps = 20e9;
    let analysis = Analysis::of(&run(vec![
        baseline(0),
        half,
        measured(cell(Topology::Veth, 4), 5),
        other_family(measured(cell(Topology::Veth, 2), 0)),
    ]));
    let ratios: Vec<_> = analysis
        .cells
        .iter()
        .map(|cell| cell.estimate(Metric::BaselineRatio))
        .collect();
    assert_eq!(ratios.iter().flatten().count(), 1, "{ratios:?}");
    let ratio = analysis.cells[0]
        .estimate(Metric::BaselineRatio)
        .unwrap()
        .median;
    assert!((ratio - 0.5).abs() < 1e-12, "{ratio}");
}

#[test]
fn baselines_beside_a_sweep_over_counts_draw_no_curve() {
    let swept = vec![
        baseline(0),
        measured(cell(Topology::Veth, 2), 0),
        measured(cell(Topology::Veth, 4), 0),
    ];
    assert_eq!(labels(&Analysis::of(&run(swept))), ["veth"]);
}

#[test]
fn baselines_beside_two_containers_are_a_row_as_any() {
    let analysis = Analysis::of(&run(vec![
        baseline(0),
        baseline(1),
        measured(cell(Topology::Veth, 2), 0),
    ]));
    assert_eq!(labels(&analysis), ["loopback", "veth"]);
    assert_eq!(analysis.cells[0].measured, 2);
}

#[test]
fn baselines_do_not_swell_a_cell_the_sweep_measures_itself() {
    let own = measured(cell(Topology::Loopback, 2), 0);
    let analysis = Analysis::of(&run(vec![
        baseline(0),
        own,
        measured(cell(Topology::Veth, 2), 0),
    ]));
    assert_eq!(analysis.cells[0].measured, 1);
}

#[test]
fn a_run_that_verifies_says_first_that_its_figures_are_none() {
    let mut verified = run(vec![measured(cell(Topology::Bridge, 2), 0)]);
    assert!(
        !Analysis::of(&verified)
            .notes
            .iter()
            .any(|note| note.contains("verifies"))
    );
    verified.manifest.purpose = Some(Purpose::Verify);
    let notes = Analysis::of(&verified).notes;
    assert!(notes[0].contains("one window of 100 ms each"), "{notes:?}");
}

#[test]
fn a_baseline_without_a_figure_is_a_note() {
    let lost = Record {
        role: Role::Baseline,
        ..failed(cell(Topology::Loopback, 2), 0)
    };
    let analysis = Analysis::of(&run(vec![
        lost,
        measured(cell(Topology::Veth, 2), 0),
        measured(cell(Topology::Veth, 4), 0),
    ]));
    assert_eq!(
        analysis.notes,
        ["baseline loopback-ipv4-c2-a2-r0 failed, so its block has no ratio to lo"]
    );
    assert_eq!(labels(&analysis), ["veth"]);
}

#[test]
fn curves_run_over_the_active_where_only_these_vary() {
    let trials = [2, 100, 400].map(|active| {
        let mut cell = cell(Topology::Bridge, 4000);
        (cell.active, cell.pairs) = (active, active / 2);
        measured(cell, 0)
    });
    let analysis = Analysis::of(&run(trials.to_vec()));
    assert_eq!(analysis.count, Count::Active);
    assert_eq!(
        (labels(&analysis), counts(&analysis, 0)),
        (vec!["bridge"], vec![2, 100, 400])
    );
}

#[test]
fn idle_neighbours_of_one_pair_are_one_curve_over_the_existing() {
    let trials = [2, 64, 4000].map(|containers| {
        let mut cell = cell(Topology::Bridge, containers);
        (cell.active, cell.pairs) = (2, 1);
        measured(cell, 0)
    });
    let analysis = Analysis::of(&run(trials.to_vec()));
    assert_eq!(analysis.count, Count::Containers);
    assert_eq!(
        (labels(&analysis), counts(&analysis, 0)),
        (vec!["bridge"], vec![2, 64, 4000])
    );
}

#[test]
fn what_follows_from_the_count_splits_no_curve_and_what_is_varied_does() {
    let bridges = |containers, bridges, mtu| {
        let mut cell = cell(Topology::Bridge, containers);
        cell.bridges = NonZeroU32::new(bridges);
        cell.mtu = Some(mtu);
        measured(cell, 0)
    };
    let following = run(vec![
        bridges(512, 1, 1500),
        bridges(2048, 3, 1500),
        measured(cell(Topology::Loopback, 512), 0),
    ]);
    assert_eq!(labels(&Analysis::of(&following)), ["loopback", "bridge"]);
    let varied = run(vec![
        bridges(512, 1, 1500),
        bridges(512, 2, 1500),
        bridges(512, 1, 9000),
    ]);
    assert_eq!(
        labels(&Analysis::of(&varied)),
        [
            "MTU 1500 1 bridge",
            "MTU 9000 1 bridge",
            "MTU 1500 2 bridges"
        ]
    );
}

#[test]
fn labels_and_factors_name_only_what_varies() {
    let trials = [Family::Ipv6, Family::Ipv4].map(|family| {
        let mut at = cell(Topology::Bridge, 2);
        at.family = family;
        measured(at, 0)
    });
    let analysis = Analysis::of(&run(trials.to_vec()));
    assert_eq!(labels(&analysis), ["ipv4", "ipv6"]);
    assert_eq!(
        analysis.series[1].factors,
        BTreeMap::from([("family".to_owned(), "ipv6".to_owned())])
    );
}

#[test]
fn an_engines_containers_are_not_said_to_be_without_rules() {
    let on = |testbed, firewall| {
        let mut at = cell(Topology::Bridge, 2);
        (at.testbed, at.firewall) = (testbed, firewall);
        measured(at, 0)
    };
    let mut trials = vec![
        on(Testbed::Kernel, Firewall::None),
        on(Testbed::Docker, Firewall::None),
    ];
    let two = Analysis::of(&run(trials.clone()));
    assert_eq!(labels(&two), ["modelled", "docker"]);
    trials.push(on(Testbed::Kernel, Firewall::Docker2010));
    let three = Analysis::of(&run(trials));
    assert_eq!(
        labels(&three),
        ["modelled no rules", "modelled docker-20.10", "docker"]
    );
}

#[test]
fn a_run_cut_off_says_so_and_warnings_come_once() {
    let at = || cell(Topology::Bridge, 8);
    let mut cut = run(vec![starving(at(), 0, 1), starving(at(), 1, 1)]);
    cut.manifest.planned = 9;
    cut.notes.push("trials.jsonl line 3 is cut off".to_owned());
    let analysis = Analysis::of(&cut);
    assert_eq!((analysis.planned, analysis.recorded), (9, 2));
    assert_eq!(
        analysis.notes,
        [
            "trials.jsonl line 3 is cut off",
            "2 of 9 planned trials are recorded: the run was cut off or is still in progress"
        ]
    );
    assert_eq!(analysis.cells[0].warnings.len(), 1);
}

#[test]
fn a_run_without_records_is_empty_and_not_an_error() {
    let analysis = Analysis::of(&run(Vec::new()));
    assert!(analysis.cells.is_empty() && analysis.series.is_empty());
}

proptest! {
    /// Whatever mix of cells a run has, each is in exactly one curve, and labels are unique.
    #[test]
    fn every_cell_is_on_one_curve(
        picks in prop::collection::vec((0..4usize, 1..6u32, 0..3u32, 1..3u32, prop::bool::ANY), 1..40),
    ) {
        let topologies = [Topology::Loopback, Topology::Shared, Topology::Veth, Topology::Bridge];
        let records: Vec<_> = picks
            .into_iter()
            .map(|(topology, power, repeat, streams, six)| {
                let mut cell = cell(topologies[topology], 1 << power);
                cell.streams = streams;
                if six {
                    cell.family = Family::Ipv6;
                }
                measured(cell, repeat)
            })
            .collect();
        let analysis = Analysis::of(&run(records));
        let mut on_curves: Vec<_> = analysis.series.iter().flat_map(|series| series.cells.clone()).collect();
        on_curves.sort_unstable();
        prop_assert_eq!(on_curves, (0..analysis.cells.len()).collect::<Vec<_>>());
        let mut labels = labels(&analysis);
        labels.sort_unstable();
        labels.dedup();
        prop_assert_eq!(labels.len(), analysis.series.len());
        for series in 0..analysis.series.len() {
            prop_assert!(counts(&analysis, series).is_sorted_by(|left, right| left < right));
        }
    }
}

#[test]
fn the_scalability_law_is_not_laid_through_loads_that_are_offered() {
    let laws = |rate: Option<u32>, search: Search| {
        let mut run = sample::sweep(64);
        for record in &mut run.records {
            (record.cell.load.rate, record.cell.load.search) = (rate, search);
        }
        Analysis::of(&run).usl.len()
    };
    assert_eq!(laws(None, Search::None), 4);
    assert_eq!(laws(Some(1000), Search::None), 0);
    // Whose rate is where the search begins.
    assert_eq!(laws(Some(1000), Search::Lossless), 4);
}

#[test]
fn what_another_curve_lost_breaks_none_of_this_one() {
    const SCENARIO: &str =
        "[axes]\ntopology = \"veth\"\nmtu = [1500, 9000]\ncontainers = \"2..16\"\n";
    let scenario = Scenario::parse(SCENARIO, "sample").unwrap();
    let lost = |cell: &Cell| cell.mtu == Some(9000) && cell.containers > 2;
    for also in [None, Some(2)] {
        let cells = scenario.cells.iter();
        let kept = cells.filter(|cell| !lost(cell) && Some(cell.containers) != also);
        let mut run = run(kept.map(|cell| measured(cell.clone(), 0)).collect());
        SCENARIO.clone_into(&mut run.manifest.scenario_text);
        for series in Analysis::of(&run).series {
            assert!(series.lost.is_empty(), "{series:?}");
        }
    }
}
