use super::*;
use crate::report::figures::Figures;
use crate::scenario::Topology;
use crate::store::record::Record;
use crate::store::sample::{cell, failed, measured, run, sweep};

/// The figure of a metric over records.
fn figure(metric: Metric, records: Vec<Record>, seen: impl Fn(&Figure)) {
    let analysis = Analysis::of(&run(records));
    let figures = Figures::of(&analysis);
    seen(figures.by_metric(metric).expect("a figure"));
}

/// Trials of pairs of veths, each with a goodput.
fn trials(goodputs: &[(u32, &[f64])]) -> Vec<Record> {
    let trial = |count, repeat, bps| {
        let mut record = measured(cell(Topology::Veth, count), repeat);
        record.aggregate.as_mut().unwrap().goodput_bps = bps;
        record
    };
    goodputs
        .iter()
        .flat_map(|(count, all)| {
            (0..)
                .zip(*all)
                .map(move |(nth, bps)| trial(*count, nth, *bps))
        })
        .collect()
}

#[test]
fn values_far_apart_have_a_logarithmic_axis_and_near_ones_begin_at_zero() {
    let near = [(2, &[10e9][..]), (4, &[4e9])];
    figure(Metric::Goodput, trials(&near), |figure| {
        assert_eq!((figure.first, figure.axis().range.low), (Kind::Linear, 0.0));
    });
    let far = [(2, &[10e9][..]), (4, &[0.1e9])];
    figure(Metric::Goodput, trials(&far), |figure| {
        assert_eq!(figure.first, Kind::Log);
    });
}

#[test]
fn shares_begin_at_zero_however_far_apart_they_are() {
    let mut records = vec![
        measured(cell(Topology::Veth, 2), 0),
        measured(cell(Topology::Veth, 4), 0),
    ];
    for (record, loss) in records.iter_mut().zip([0.0001, 0.3]) {
        record.aggregate.as_mut().unwrap().loss_ratio = Some(loss);
    }
    figure(Metric::Loss, records, |figure| {
        let ticks: Vec<_> = figure
            .axis()
            .ticks
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        assert_eq!(ticks.first().zip(ticks.last()), Some((&"0", &"30 %")));
    });
}

#[test]
fn a_wide_interval_does_not_squeeze_the_curves() {
    // Student's t of two trials as far apart as these reaches thirteen times their mean.
    let wild = [(2, &[1e9, 19e9][..]), (4, &[10e9, 10e9])];
    figure(Metric::Goodput, trials(&wild), |figure| {
        let point = &figure.series[0].points[0];
        let (_, high) = point.estimate.unwrap().interval.unwrap();
        let Range { low, high: end, .. } = figure.axis().range;
        assert!(
            high > 50e9 && low <= 0.0 && (10e9..20e9).contains(&end),
            "{high} {end}"
        );
    });
}

#[test]
fn what_series_reach_has_an_axis_of_its_own_and_the_last_holds_all() {
    for figure in Figures::of(&Analysis::of(&sweep(64))).all() {
        for line in &figure.series {
            let medians = line
                .points
                .iter()
                .filter_map(|point| Some(point.estimate?.median));
            let most = medians.fold(0.0, f64::max);
            assert!(most <= line.top && line.top <= figure.linear_axis().range.high * 1.000_001);
            let lowest = figure
                .linear
                .iter()
                .find(|axis| axis.range.high >= line.top * 0.999_999);
            let ticks = &lowest.expect("an axis").ticks;
            let top = figure.one.map_or(line.top, |_| line.top.max(1.0));
            let is_fixed = figure.metric.about().traits.extent == Extent::Share || top == 0.0;
            assert!(
                is_fixed || ticks[ticks.len() - 2].0 < top,
                "a lower one would do"
            );
        }
    }
}

#[test]
fn texts_are_of_the_values_beside_them() {
    let same = [(2, &[9.13e9, 9.13e9][..]), (4, &[8e9])];
    figure(Metric::Goodput, trials(&same), |figure| {
        let points = &figure.series[0].points;
        let texts: Vec<_> = points
            .iter()
            .filter_map(|point| point.text.as_ref())
            .collect();
        assert_eq!(texts[0].median, "9.13 Gb/s");
        assert_eq!(texts[0].interval.as_deref(), Some("9.13 to 9.13 Gb/s"));
        assert_eq!(texts[1].interval, None, "one trial has none");
    });
}

#[test]
fn a_cell_that_failed_has_neither_value_nor_text_but_a_reason() {
    let mut records = trials(&[(2, &[9e9][..]), (4, &[8e9])]);
    records.push(failed(cell(Topology::Veth, 8), 0));
    figure(Metric::Goodput, records, |figure| {
        let point = &figure.series[0].points[2];
        assert!(point.text.is_none() && point.estimate.is_none() && point.failure().is_some());
    });
}

#[test]
fn what_nobody_carries_or_never_happened_has_no_figure() {
    let analysis = Analysis::of(&run(trials(&[(2, &[9e9][..]), (4, &[8e9])])));
    let figures = Figures::of(&analysis);
    assert!(figures.by_metric(Metric::Loss).is_none());
    assert!(
        figures.by_metric(Metric::Starved).is_none(),
        "no pair starved"
    );
    assert!(
        figures.by_metric(Metric::PairMin).is_none(),
        "a part of others"
    );
}

#[test]
fn equal_shares_fall_as_the_pairs_rise() {
    let mut records = trials(&[(2, &[8e9][..]), (8, &[8e9])]);
    for record in &mut records {
        record.per_pair.as_mut().unwrap().p50_bps = 8e9;
    }
    figure(Metric::PairP50, records, |figure| {
        assert_eq!(figure.series[0].guide, [(2, 8e9), (8, 2e9)]);
    });
}

#[test]
fn what_draws_neither_intervals_nor_bands_has_an_axis_for_medians() {
    let wild = [(2, &[1e9, 19e9][..]), (4, &[10e9, 10e9])];
    figure(Metric::Goodput, trials(&wild), |figure| {
        let last = |axis: &Axis| axis.ticks.last().map(|(_, text)| text.clone());
        let axes = [last(figure.axis()), last(&figure.medians_axis())];
        assert_eq!(
            axes,
            ["15 Gb/s", "10 Gb/s"].map(|text| Some(text.to_owned()))
        );
    });
}
