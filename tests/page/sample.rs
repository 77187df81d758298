//! An analysis after a known law, for looking at the report page: the aggregate falls as `peak / (1 + pairs / knee)`.
//!
//! Four topologies and two families; one cell has failed, one has invalid trials, some have warnings and wide intervals.

use std::collections::BTreeMap;

use kilonet::analysis::model::Count;
use kilonet::analysis::{
    Analysis, Axis, CellSummary, Column, Control, CpuParts, Detail, Estimate, Fit, LineVerdict,
    Metric, Post, PostCell, PostRow, Ratio, Reality, Series, Slope, Timeline,
};
use kilonet::scenario::{Cell, Family, Topology, Workload};
use kilonet::stats::Line;
use kilonet::store::record::Failure;
use kilonet::store::sample;

/// Goodput of few pairs in bits a second, and the pairs at which half of it is left.
fn law(topology: Topology) -> (f64, f64) {
    match topology {
        Topology::Loopback => (52e9, 6000.0),
        Topology::Shared | Topology::Host => (47e9, 4000.0),
        Topology::Veth => (31e9, 1500.0),
        _ => (24e9, 500.0),
    }
}

const TOPOLOGIES: [Topology; 4] = [
    Topology::Loopback,
    Topology::Shared,
    Topology::Veth,
    Topology::Bridge,
];
const REPEATS: usize = 3;

/// The run over the given counts of containers.
pub(crate) fn analysis(counts: &[u32]) -> Analysis {
    let mut cells = Vec::new();
    let mut series = Vec::new();
    for topology in TOPOLOGIES {
        for family in [Family::Ipv4, Family::Ipv6] {
            let first = cells.len();
            cells.extend(
                counts
                    .iter()
                    .map(|count| summary(cell(topology, family, *count))),
            );
            series.push(Series {
                label: format!("{topology} {family}"),
                factors: BTreeMap::from([
                    ("topology".to_owned(), topology.to_string()),
                    ("family".to_owned(), family.to_string()),
                ]),
                cells: (first..cells.len()).collect(),
                lost: Vec::new(),
            });
        }
    }
    let planned = cells.len() * REPEATS;
    Analysis {
        name: "bridge-scaling".to_owned(),
        manifest: manifest(),
        count: Count::Containers,
        cells,
        of_requests: false,
        series,
        bends: Vec::new(),
        usl: Vec::new(),
        capacities: Vec::new(),
        fail_if: Vec::new(),
        mechanisms: Vec::new(),
        contrasts: Vec::new(),
        falls: Vec::new(),
        limits: Vec::new(),
        signs: Vec::new(),
        slopes: vec![slope()],
        realities: vec![reality()],
        post: Some(post()),
        planned: planned + 2,
        recorded: planned,
        notes: vec!["the run was cut off: 2 planned trials have no record".to_owned()],
    }
}

/// A run over rules in place of containers: the same cells, the first without a rule.
pub(crate) fn over_rules() -> Analysis {
    let mut analysis = analysis(&[2, 4, 8, 16]);
    analysis.count = Count::Rules;
    let rules = [0, 10, 100, 1000].into_iter().cycle();
    for (summary, rules) in analysis.cells.iter_mut().zip(rules) {
        summary.cell.rules.filler = (rules > 0).then_some(rules);
    }
    analysis
}

/// A run over existing and active containers, of the two topologies with most to lose.
pub(crate) fn over_two_counts() -> Analysis {
    let mut analysis = analysis(&[8, 32, 128, 512, 2048]);
    let shown = analysis.series.iter().filter(|series| {
        matches!(series.factors["topology"].as_str(), "veth" | "bridge")
            && series.factors["family"] == "ipv4"
    });
    let mut cells = Vec::new();
    let mut halves = Vec::new();
    for series in shown {
        for active in [Some(8), Some(128), None] {
            let first = cells.len();
            let existing = series.cells.iter().map(|index| &analysis.cells[*index]);
            let existing = existing.filter(|one| active.is_none_or(|n| n <= one.cell.containers));
            cells.extend(existing.map(|one| with_active(one, active)));
            let level = active.map_or("all".to_owned(), |active| active.to_string());
            let topology = series.factors["topology"].clone();
            halves.push(Series {
                label: format!("{topology} {level} active"),
                factors: BTreeMap::from([
                    ("topology".to_owned(), topology),
                    ("active".to_owned(), level),
                ]),
                cells: (first..cells.len()).collect(),
                lost: Vec::new(),
            });
        }
    }
    analysis.cells = cells;
    analysis.series = halves;
    analysis
}

fn with_active(summary: &CellSummary, active: Option<u32>) -> CellSummary {
    let mut cell = summary.cell.clone();
    cell.active = active.unwrap_or(cell.containers);
    cell.pairs = cell.active / 2;
    CellSummary {
        metrics: metrics(&cell),
        cell,
        ..summary.clone()
    }
}

/// The run with no trial that was measured.
pub(crate) fn all_failed() -> Analysis {
    let mut analysis = analysis(&[2, 4]);
    analysis.cells.iter_mut().for_each(fail);
    analysis
}

/// The run as one of requests, a hundred thousand a second of a pair alone.
pub(crate) fn of_requests() -> Analysis {
    let mut analysis = analysis(&[2, 16, 128, 1024]);
    analysis.of_requests = true;
    for summary in &mut analysis.cells {
        summary.cell.workload = Workload::TcpRr;
        let nanos = 1e4 * f64::from(summary.cell.pairs);
        summary.detail.latency = [(0.0, 0.4), (0.5, 1.0), (0.9, 2.0), (0.99, 7.0), (1.0, 40.0)]
            .map(|(share, times)| (share, nanos * times))
            .to_vec();
        summary.metrics.extend([
            (Metric::Transactions, about(1e5, 0.03)),
            (Metric::LatencyP50, about(nanos, 0.05)),
            (Metric::LatencyP99, about(7.0 * nanos, 0.05)),
            (Metric::LatencyP999, about(30.0 * nanos, 0.05)),
        ]);
    }
    analysis
}

/// The run without a trial of 16 containers, nor of 64 on bridges; and where 64 on veths were never asked for.
pub(crate) fn with_lost_cells() -> Analysis {
    let mut analysis = analysis(&[2, 4, 8, 16, 32, 64, 128]);
    let containers: Vec<_> = analysis.cells.iter().map(|it| it.cell.containers).collect();
    for series in &mut analysis.series {
        let (lost, never) = match series.factors["topology"].as_str() {
            "bridge" => (vec![16, 64], None),
            "veth" => (vec![16], Some(64)),
            _ => (vec![16], None),
        };
        let is_there = |count: &u32| !lost.contains(count) && never != Some(*count);
        series.cells.retain(|index| is_there(&containers[*index]));
        series.lost = lost;
    }
    analysis
}

/// The run of 96 cells with one stream a pair, with two and so on.
pub(crate) fn large(most_streams: u32) -> Analysis {
    let counts: Vec<_> = (1..=12).map(|power| 1 << power).collect();
    let mut large = analysis(&counts);
    let (one, series) = (large.cells.clone(), large.series.clone());
    for streams in 2..=most_streams {
        let first = large.cells.len();
        large.cells.extend(one.iter().cloned().map(|mut summary| {
            summary.cell.streams = streams;
            summary
        }));
        large.series.extend(series.iter().map(|series| Series {
            label: format!("{} {streams} streams", series.label),
            cells: series.cells.iter().map(|index| first + index).collect(),
            lost: Vec::new(),
            ..series.clone()
        }));
    }
    for series in &mut large.series {
        let streams = large.cells[series.cells[0]].cell.streams.to_string();
        series.factors.insert("streams".to_owned(), streams);
    }
    large
}

/// What each container's rules add to the cost of a byte, with a little noise by turns.
fn slope() -> Slope {
    let points: Vec<_> = (0..6)
        .map(|step| (200 * step, 1e-5 * f64::from(200 * step + 20 * (step % 2))))
        .collect();
    let places: Vec<_> = points.iter().map(|(x, y)| (f64::from(*x), *y)).collect();
    Slope {
        label: "docker-29 ipv4".to_owned(),
        over: Axis::named("containers").expect("containers are counted"),
        range: (0.0, 1000.0),
        step: 1000.0,
        of_rules: true,
        fits: vec![Fit {
            metric: Metric::CpuPerByte,
            part: None,
            control: Control::Subtracted,
            points,
            line: Line::through(&places).expect("six points"),
            change: 1.0,
            straight: Some(0.5),
            verdict: LineVerdict::Straight,
        }],
    }
}

fn reality() -> Reality {
    Reality {
        label: "bridge".to_owned(),
        count: 2,
        ratios: vec![Ratio {
            metric: Metric::Goodput,
            blocks: REPEATS,
            ratio: 0.9,
            interval: Some((0.85, 0.95)),
        }],
        differences: vec![
            "congestion control was reno in real containers and cubic in modelled ones".to_owned(),
        ],
    }
}

fn post() -> Post {
    Post {
        rows: vec![PostRow {
            topology: Topology::Veth,
            name: "veth pair",
            cells: vec![PostCell {
                column: Column::Ipv4,
                then: 0.102,
                modelled: Some(about(1.02, 0.02)),
                real: None,
            }],
        }],
    }
}

fn manifest() -> serde_json::Value {
    serde_json::json!({
        "settings": {"about": "How the 2017 post's four networks degrade as containers are added, every pair sending at once."},
        "version": "0.1.0",
        "seed": 7,
        "started_unix_ns": 1_795_407_300_000_000_000_u64,
        "command": ["kilonet", "run", "scenarios/bridge-scaling.toml"],
        "scenario_text": "name = \"bridge-scaling\"\ncontainers = \"2..4096 x2\"\nfamily = [\"ipv4\", \"ipv6\"]\n",
        "fingerprint": {
            "kernel": {"release": "6.12.40", "clocksource": "kvm-clock"},
            "cpu": {"model": "AMD EPYC 7B13", "online": 2, "virtual_machine": true},
            "memory": {"total_bytes": 8_589_934_592_u64},
            "limits": {"nofile": 1_048_576, "pid_max": 4_194_304}, "mitigations": ["retpoline", "ibpb"],
        },
    })
}

fn cell(topology: Topology, family: Family, containers: u32) -> Cell {
    Cell {
        family,
        ..sample::cell(topology, containers)
    }
}

fn summary(cell: Cell) -> CellSummary {
    let mut summary = CellSummary {
        precision: None,
        detail: detail(&cell),
        scatter: None,
        metrics: metrics(&cell),
        measured: REPEATS,
        invalid: 0,
        disturbed: 0,
        failures: Vec::new(),
        warnings: Vec::new(),
        cell,
    };
    match (
        summary.cell.topology,
        summary.cell.family,
        summary.cell.containers,
    ) {
        (Topology::Veth, Family::Ipv6, 512) => fail(&mut summary),
        (Topology::Bridge, Family::Ipv6, 64) => doubt(&mut summary),
        (Topology::Bridge, _, 2048..) => {
            let warning = "the hypervisor took 4.1 % of the CPU in the window";
            summary.warnings.push(warning.to_owned());
        }
        _ => {}
    }
    summary
}

fn fail(summary: &mut CellSummary) {
    let failure = Failure {
        act: "create namespace".to_owned(),
        object: "c00417".to_owned(),
        errno: Some("ENOSPC".to_owned()),
        reason: None,
        hint: Some("raise sysctl user.max_net_namespaces".to_owned()),
    };
    summary.metrics.clear();
    summary.detail = Detail::default();
    summary.measured = 0;
    summary.failures = vec![failure; REPEATS];
}

fn doubt(summary: &mut CellSummary) {
    summary.measured = 1;
    summary.invalid = REPEATS - 1;
    for estimate in summary.metrics.values_mut() {
        estimate.n = 1;
        estimate.interval = None;
    }
}

fn metrics(cell: &Cell) -> BTreeMap<Metric, Estimate> {
    let pairs = f64::from(cell.pairs);
    let goodput = goodput(cell);
    let baseline = goodput_of(Topology::Loopback, cell);
    let pair = goodput / pairs;
    let evenness = (1.0 + pairs.log2() / 3.0).recip();
    let has_links = !matches!(cell.topology, Topology::Loopback | Topology::Shared);
    let build = f64::from(cell.containers) * if has_links { 6e5 } else { 5e4 };
    let starved = if cell.topology == Topology::Bridge {
        (pairs / 150.0).floor()
    } else {
        0.0
    };
    // Few repeats of a small figure: an interval that reaches below zero.
    let pair_width = if cell.containers > 1000 { 1.4 } else { 0.06 };
    BTreeMap::from([
        (Metric::Goodput, about(goodput, 0.03)),
        (Metric::BaselineRatio, about(goodput / baseline, 0.02)),
        (
            Metric::PairMin,
            about(
                if starved > 0.0 {
                    0.0
                } else {
                    pair * evenness * 0.5
                },
                0.3,
            ),
        ),
        (Metric::PairP5, about(pair * evenness, 0.1)),
        (Metric::PairP50, about(pair, pair_width)),
        (Metric::PairP95, about(pair * (2.0 - evenness), 0.1)),
        (Metric::PairMax, about(pair * (2.3 - evenness), 0.2)),
        (Metric::Jain, about(evenness.sqrt(), 0.01)),
        (Metric::Starved, about(starved, 0.2)),
        (Metric::CpuPerByte, about(2.0 * 8e9 / goodput, 0.05)),
        (Metric::Setup, about(3e6 + build, 0.08)),
        (Metric::Teardown, about(1.2e7 + build * 0.7, 0.15)),
    ])
}

/// A busy machine, and a window of two seconds that wavers.
fn detail(cell: &Cell) -> Detail {
    let goodput = goodput(cell);
    let kinds = [0.05, 0.45, 0.3, 0.01];
    let digits = |figure: f64| format!("{figure:.3e}").parse().unwrap_or(figure);
    Detail {
        cpu: Some(CpuParts {
            of_window: kinds,
            per_byte_ns: Some(kinds.map(|share| digits(share * 2.0 * 8e9 / goodput))),
            per_transaction_ns: None,
        }),
        latency: Vec::new(),
        timeline: Some(Timeline {
            repeat: 1,
            interval_ns: 100_000_000,
            goodput_bps: (0..20)
                .map(|moment| digits(goodput * (1.0 + 0.1 * f64::from(moment).sin())))
                .collect(),
        }),
    }
}

fn goodput(cell: &Cell) -> f64 {
    goodput_of(cell.topology, cell)
}

fn goodput_of(topology: Topology, cell: &Cell) -> f64 {
    let (peak, knee) = law(topology);
    let header_share = if cell.family == Family::Ipv6 {
        0.93
    } else {
        1.0
    };
    peak * header_share / (1.0 + f64::from(cell.pairs) / knee)
}

fn about(median: f64, share: f64) -> Estimate {
    Estimate {
        n: REPEATS,
        median,
        interval: Some((median * (1.0 - share), median * (1.0 + share))),
    }
}
