use super::*;
use crate::analysis::Metric;
use crate::scenario::{Congestion, Topology, Workload};
use crate::store::Record;
use crate::store::record::Status;
use crate::store::sample::{cell, failed, invalid, measured, run};

fn folder(name: &str, records: Vec<Record>) -> Folder {
    Folder {
        name: name.to_owned(),
        run: run(records),
    }
}

fn terms() -> Terms {
    Terms {
        metrics: vec![Metric::Goodput],
        threshold: 0.05,
        same_within: 0.02,
    }
}

/// Trials a hundredth apart, or less, around a multiple of the law.
fn trials(topology: Topology, count: u32, repeats: u32, factor: f64) -> Vec<Record> {
    let wobble = [1.0, 1.004, 0.997, 1.002, 0.998];
    let trial = |repeat: u32| {
        let mut record = measured(cell(topology, count), 0);
        record.repeat = repeat;
        record.trial = format!("{topology}-{count}-{repeat}").parse().unwrap();
        let goodput = &mut record.aggregate.as_mut().unwrap().goodput_bps;
        *goodput *= factor * wobble[repeat as usize % 5];
        record
    };
    (0..repeats).map(trial).collect()
}

fn against(base: Vec<Record>, new: Vec<Record>) -> Comparison {
    Comparison::of(&folder("BASE", base), &[folder("NEW", new)], terms()).unwrap()
}

fn verdicts(comparison: &Comparison) -> Vec<(u32, Verdict, bool)> {
    let cells = comparison.cells();
    cells
        .flat_map(|cell| {
            cell.figures
                .iter()
                .map(|it| (cell.count, it.verdict, it.regression))
        })
        .collect()
}

#[test]
fn each_cell_has_its_own_verdict_and_only_what_passes_the_threshold_is_a_regression() {
    let base = [2, 8, 32, 64]
        .map(|count| trials(Topology::Bridge, count, 5, 1.0))
        .concat();
    let new = [(2, 1.0), (8, 0.9), (32, 0.97), (64, 1.1)]
        .map(|(count, factor)| trials(Topology::Bridge, count, 5, factor))
        .concat();
    let comparison = against(base, new);
    assert_eq!(
        verdicts(&comparison),
        [
            (2, Verdict::Same, false),
            (8, Verdict::Worse, true),
            (32, Verdict::Worse, false),
            (64, Verdict::Better, false),
        ]
    );
    assert_eq!(comparison.regressions(), 1);
    let change = comparison.news[0].cells[1].figures[0].change.unwrap();
    let (low, high) = change.interval.unwrap();
    assert!(
        (change.ratio - 0.9).abs() < 1e-9 && low < 0.9 && 0.9 < high,
        "{change:?}"
    );
}

#[test]
fn one_trial_on_a_side_tells_nothing_but_its_ratio() {
    for (base, new) in [(1, 5), (5, 1)] {
        let comparison = against(
            trials(Topology::Bridge, 2, base, 1.0),
            trials(Topology::Bridge, 2, new, 0.5),
        );
        let figure = comparison.figures().next().unwrap();
        assert_eq!(
            (figure.verdict, figure.doubt),
            (Verdict::CannotTell, Some(Doubt::OneTrial))
        );
        let change = figure.change.unwrap();
        assert!((change.ratio - 0.5).abs() < 0.01 && change.interval.is_none());
        assert_eq!(comparison.regressions(), 0);
    }
}

#[test]
fn what_fails_now_is_a_regression_and_what_is_not_there_is_said() {
    let at = |count| cell(Topology::Bridge, count);
    let good = |count| trials(Topology::Bridge, count, 3, 1.0);
    let bad = |count| vec![failed(at(count), 0)];
    let base = [good(2), good(4), good(8), bad(16), bad(32), good(64)].concat();
    let new = [
        good(2),
        bad(4),
        vec![invalid(at(8), 0)],
        bad(16),
        good(32),
        good(128),
    ]
    .concat();
    let comparison = against(base, new);
    let presences: Vec<_> = comparison
        .cells()
        .map(|cell| (cell.count, cell.presence))
        .collect();
    assert_eq!(
        presences,
        [
            (2, Presence::Both),
            (4, Presence::FailsNow),
            (8, Presence::FailsNow),
            (16, Presence::FailsStill),
            (32, Presence::WorksNow),
            (64, Presence::OnlyInBase),
            (128, Presence::OnlyInNew),
        ]
    );
    assert_eq!(comparison.regressions(), 2);
    assert_eq!(comparison.figures().count(), 1);
    let why = comparison.news[0].cells[1]
        .new
        .as_ref()
        .unwrap()
        .failure
        .as_ref();
    assert_eq!(why.unwrap().errno.as_deref(), Some("EXFULL"));
}

#[test]
fn a_better_metric_that_falls_is_not_worse() {
    let cost = |factor: f64| {
        let mut records = trials(Topology::Bridge, 2, 5, 1.0);
        for (nth, record) in (0_u32..).zip(&mut records) {
            record.cpu.as_mut().unwrap().ns_per_byte = Some(factor * (1.0 + f64::from(nth) / 1e3));
        }
        records
    };
    let of = |factor| {
        let terms = Terms {
            metrics: vec![Metric::CpuPerByte],
            ..terms()
        };
        let base = folder("BASE", cost(1.0));
        let found = Comparison::of(&base, &[folder("NEW", cost(factor))], terms).unwrap();
        verdicts(&found)
    };
    assert_eq!(of(0.8), [(2, Verdict::Better, false)]);
    assert_eq!(of(1.2), [(2, Verdict::Worse, true)]);
}

#[test]
fn a_figure_of_zero_has_no_ratio_and_falling_to_it_is_a_regression() {
    let zero = || trials(Topology::Bridge, 2, 3, 0.0);
    let some = || trials(Topology::Bridge, 2, 3, 1.0);
    let of = |base, new| {
        let found = against(base, new);
        let figure = found.figures().next().unwrap().clone();
        assert!(figure.change.is_none(), "{figure:?}");
        (figure.verdict, figure.regression)
    };
    assert_eq!(of(some(), zero()), (Verdict::Worse, true));
    assert_eq!(of(zero(), some()), (Verdict::Better, false));
    assert_eq!(of(zero(), zero()), (Verdict::Same, false));
    let mixed = [trials(Topology::Bridge, 2, 2, 0.0), some().split_off(2)].concat();
    assert_eq!(of(some(), mixed), (Verdict::CannotTell, false));
}

#[test]
fn several_runs_are_one_family_and_each_has_what_differs() {
    let base = folder("BASE", trials(Topology::Bridge, 2, 3, 1.0));
    let mut other = folder("OTHER", trials(Topology::Bridge, 2, 3, 0.5));
    for record in &mut other.run.records {
        record.cell.congestion = Congestion("bbr".to_owned());
    }
    other.run.manifest.version = "9.9.9".to_owned();
    let same = folder("SAME", base.run.records.clone());
    let comparison = Comparison::of(&base, &[same, other], terms()).unwrap();
    let differing: Vec<Vec<_>> = comparison
        .news
        .iter()
        .map(|against| {
            against
                .differences
                .iter()
                .map(|it| it.what.as_str())
                .collect()
        })
        .collect();
    assert_eq!(differing, [vec![], vec!["congestion", "kilonet"]]);
    assert_eq!(comparison.regressions(), 1);
}

#[test]
fn baselines_are_not_compared_but_ratios_to_them_can_be() {
    let with_baseline = |factor: f64| {
        let mut records = trials(Topology::Bridge, 2, 3, 1.0);
        let baselines = trials(Topology::Loopback, 2, 3, factor);
        records.extend(baselines.into_iter().map(|mut record| {
            record.role = crate::plan::Role::Baseline;
            record
        }));
        folder("RUN", records)
    };
    let terms = Terms {
        metrics: vec![Metric::BaselineRatio],
        ..terms()
    };
    let comparison = Comparison::of(&with_baseline(1.0), &[with_baseline(2.0)], terms).unwrap();
    assert_eq!(comparison.cells().count(), 1);
    let change = comparison.figures().next().unwrap().change.unwrap();
    assert!((change.ratio - 0.5).abs() < 1e-9, "{change:?}");
}

#[test]
fn runs_without_a_cell_in_common_are_refused_with_the_reason() {
    let base = folder("BASE", trials(Topology::Bridge, 2, 3, 1.0));
    let other = folder("NEW", trials(Topology::Bridge, 4, 3, 1.0));
    let error = Comparison::of(&base, &[other], terms()).unwrap_err();
    assert_eq!(
        error.sentence(),
        "compare BASE and NEW: they have no cell in common, as `active` is 2 in BASE and 4 in NEW"
    );
    let error = Comparison::of(&base, &[folder("NEW", Vec::new())], terms()).unwrap_err();
    assert_eq!(
        error.sentence(),
        "compare BASE and NEW: no trial is recorded in NEW"
    );
}

#[test]
fn runs_of_two_workloads_have_nothing_in_common() {
    let base = folder("BASE", trials(Topology::Bridge, 2, 3, 1.0));
    let mut new = folder("NEW", base.run.records.clone());
    for record in &mut new.run.records {
        record.cell.workload = Workload::TcpRr;
    }
    let error = Comparison::of(&base, &[new], terms()).unwrap_err();
    assert!(
        error
            .sentence()
            .ends_with("no cell in common, as `workload` is tcp-stream in BASE and tcp-rr in NEW"),
        "{error:?}"
    );
}

#[test]
fn runs_at_two_rates_have_nothing_in_common_and_it_is_said_why() {
    let at = |rate| {
        let mut records = trials(Topology::Bridge, 2, 3, 1.0);
        for record in &mut records {
            record.cell.workload = Workload::TcpRr;
            record.cell.load.rate = rate;
        }
        records
    };
    let of = |rate| {
        let base = folder("BASE", at(rate));
        Comparison::of(&base, &[folder("NEW", at(Some(2000)))], terms()).unwrap_err()
    };
    assert!(
        of(Some(200))
            .sentence()
            .contains("as `rate` is 200 in BASE and 2000 in NEW"),
        "{:?}",
        of(Some(200))
    );
    assert!(
        of(None)
            .sentence()
            .contains("as `rate` is absent in BASE and 2000 in NEW"),
        "{:?}",
        of(None)
    );
}

#[test]
fn runs_without_a_figure_to_compare_are_refused_and_never_found_alike() {
    let base = folder("BASE", trials(Topology::Bridge, 2, 3, 1.0));
    let asked = Terms {
        metrics: vec![Metric::LatencyP99],
        ..terms()
    };
    let error = Comparison::of(&base, std::slice::from_ref(&base), asked).unwrap_err();
    assert_eq!(
        error.sentence(),
        "compare BASE and BASE: no cell has a figure of the metrics asked for in both runs"
    );
    let all_failed = |name| folder(name, vec![failed(cell(Topology::Bridge, 2), 0)]);
    let error = Comparison::of(&all_failed("BASE"), &[all_failed("NEW")], terms()).unwrap_err();
    assert_eq!(
        error.sentence(),
        "compare BASE and NEW: in the cells that both runs have, every trial failed or is invalid"
    );
    let comparison = Comparison::of(&base, &[all_failed("NEW")], terms()).unwrap();
    assert_eq!(
        (comparison.figures().count(), comparison.regressions()),
        (0, 1)
    );
}

#[test]
fn a_metric_that_one_side_lacks_is_said_of_that_cell() {
    let full = folder("FULL", trials(Topology::Bridge, 2, 3, 1.0));
    let mut lean = folder("LEAN", full.run.records.clone());
    for record in &mut lean.run.records {
        record.cpu = None;
    }
    let of = |base: &Folder, new: &Folder| {
        let asked = Terms {
            metrics: vec![Metric::Goodput, Metric::CpuPerByte],
            ..terms()
        };
        let found = Comparison::of(base, std::slice::from_ref(new), asked).unwrap();
        found.cells().next().unwrap().clone()
    };
    let cell = of(&full, &lean);
    assert_eq!(cell.figures.len(), 1);
    assert_eq!(cell.only_in_base, [Metric::CpuPerByte]);
    assert_eq!(of(&lean, &full).only_in_new, [Metric::CpuPerByte]);
}

#[test]
fn a_trial_that_may_not_be_shown_is_in_no_figure() {
    let mut new = trials(Topology::Bridge, 2, 3, 1.0);
    new.push(invalid(cell(Topology::Bridge, 2), 7));
    let mut lost = failed(cell(Topology::Bridge, 2), 8);
    lost.status = Status::Failed;
    new.push(lost);
    let comparison = against(trials(Topology::Bridge, 2, 3, 1.0), new);
    assert_eq!(comparison.figures().next().unwrap().new.n, 3);
    let standing = comparison.news[0].cells[0].new.as_ref().unwrap();
    assert_eq!(
        (standing.measured, standing.invalid, standing.failed),
        (3, 1, 1)
    );
}
