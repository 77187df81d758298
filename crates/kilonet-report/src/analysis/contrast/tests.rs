use std::path::Path;

use super::*;
use crate::analysis::Analysis;
use crate::scenario::{self, Cell, Driver, Firewall, Topology, Workload, registry};
use crate::stats::random::SplitMix;
use crate::store::folder::Run;
use crate::store::record::{Effect, Record};
use crate::store::sample::newcomer::{WEATHER, Weather};
use crate::store::sample::{Law, cell, failed, invalid, measured, run};

/// How far single trials are from the law, either way at most.
const SCATTER: f64 = 0.02;

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time, and about as much of it"
)]
fn times(ns: u64, share: f64) -> u64 {
    (ns as f64 * share) as u64
}

/// A trial that moves so much of what the law says, but for its own scatter, which is drawn for each trial anew.
fn trial(cell: Cell, repeat: u32, share: f64) -> Record {
    let drawn = format!("{cell:?}")
        .bytes()
        .fold(u64::from(repeat), |seed, byte| {
            SplitMix::nth(seed ^ u64::from(byte), 1)
        });
    let mut random = SplitMix::new(drawn);
    let mut own = || 1.0 + SCATTER * (2.0 * random.share() - 1.0);
    let mut record = measured(cell, repeat);
    let moved = share * own();
    record.aggregate.as_mut().unwrap().goodput_bps *= moved;
    *record.cpu.as_mut().unwrap().ns_per_byte.as_mut().unwrap() *= own() / moved;
    let lab = record.lab.as_mut().unwrap();
    lab.setup_ns = times(lab.setup_ns, own());
    lab.teardown_ns = lab.teardown_ns.map(|ns| times(ns, own()));
    record
}

/// Blocks of trials of these cells, each of which moves its share of the law.
fn trials(cells: &[(Cell, f64)], repeats: u32) -> Vec<Record> {
    let blocks = (0..repeats).flat_map(|repeat| cells.iter().map(move |it| (it, repeat)));
    blocks
        .map(|((cell, share), repeat)| trial(cell.clone(), repeat, *share))
        .collect()
}

fn contrasts(records: Vec<Record>) -> Vec<Contrast> {
    Analysis::of(&run(records)).contrasts
}

/// Its contrasts in one metric.
fn in_metric(metric: Metric, records: Vec<Record>) -> Vec<Contrast> {
    let mut contrasts = contrasts(records);
    contrasts.retain(|contrast| contrast.metric == metric);
    contrasts
}

/// Which levels are held against which.
fn levels(records: Vec<Record>) -> Vec<[String; 3]> {
    let of = |it: Contrast| [it.factor.to_owned(), it.from, it.to];
    in_metric(Metric::Goodput, records)
        .into_iter()
        .map(of)
        .collect()
}

fn at_once(cells: impl IntoIterator<Item = Cell>) -> Vec<Record> {
    trials(
        &cells
            .into_iter()
            .map(|cell| (cell, 1.0))
            .collect::<Vec<_>>(),
        3,
    )
}

#[test]
fn a_planted_ratio_comes_back_at_each_count_and_over_all() {
    let cells = [2, 8, 32, 128].map(|count| {
        let behind = Law::of(Topology::Bridge).aggregate(count / 2);
        let ahead = Law::of(Topology::Veth).aggregate(count / 2);
        // Whatever the law says of veth pairs, here they move 1.3 times what a bridge does.
        [
            (cell(Topology::Bridge, count), 1.0),
            (cell(Topology::Veth, count), 1.3 * behind / ahead),
        ]
    });
    let records = trials(&cells.concat(), 5);
    let [contrast] = &in_metric(Metric::Goodput, records)[..] else {
        panic!("bridge and veth")
    };
    assert_eq!(
        (contrast.from.as_str(), contrast.to.as_str()),
        ("bridge", "veth")
    );
    assert!(contrast.is_alike, "{contrast:?}");
    let counts: Vec<_> = contrast.at.iter().map(|it| it.count).collect();
    assert_eq!(counts, [2, 8, 32, 128]);
    for held in contrast.at.iter().map(|it| &it.held).chain([&contrast.all]) {
        let (low, high) = held.interval.unwrap();
        let ratio = held.ratio.unwrap();
        assert!(
            low < 1.3 && 1.3 < high && low < ratio && ratio < high,
            "{held:?}"
        );
        assert_eq!(held.verdict, Verdict::Different);
        assert!((held.difference - held.base * (ratio - 1.0)).abs() < 1e-6 * held.base);
    }
    let width = |held: &Held| held.interval.map(|(low, high)| high / low).unwrap();
    assert!(
        contrast
            .at
            .iter()
            .all(|it| width(&it.held) > width(&contrast.all))
    );
    assert_eq!((contrast.all.blocks, contrast.at[0].held.blocks), (20, 5));
}

#[test]
fn what_is_the_same_is_said_to_be_within_its_interval() {
    let cells = [2, 8, 32].map(|count| {
        let behind = Law::of(Topology::Bridge).aggregate(count / 2);
        let ahead = Law::of(Topology::Veth).aggregate(count / 2);
        [
            (cell(Topology::Bridge, count), 1.0),
            (cell(Topology::Veth, count), behind / ahead),
        ]
    });
    let contrast = in_metric(Metric::Goodput, trials(&cells.concat(), 20)).remove(0);
    let (low, high) = contrast.all.interval.unwrap();
    let Verdict::Same(within) = contrast.all.verdict else {
        panic!("{contrast:?}")
    };
    assert!(within <= SAME_WITHIN);
    assert!((within - (1.0 - low).max(high - 1.0)).abs() < 1e-12);
}

#[test]
fn one_block_has_a_ratio_and_nothing_to_say_of_it() {
    let cells = [
        (cell(Topology::Bridge, 2), 1.0),
        (cell(Topology::Veth, 2), 9.0),
    ];
    let contrast = in_metric(Metric::Goodput, trials(&cells, 1)).remove(0);
    assert!(contrast.all.ratio.unwrap() > 5.0);
    assert_eq!(
        (contrast.all.interval, contrast.all.verdict),
        (None, Verdict::Unknown)
    );
    assert!(contrast.is_alike);
}

#[test]
fn a_few_noisy_repeats_make_no_claim() {
    let noisy = |mut record: Record| {
        let share = 1.0
            + 0.4
                * f64::from(record.repeat % 3)
                * f64::from(u8::from(record.cell.topology == Topology::Veth));
        record.aggregate.as_mut().unwrap().goodput_bps *= share;
        record
    };
    let cells = [Topology::Bridge, Topology::Veth].map(|topology| cell(topology, 2));
    let records = at_once(cells).into_iter().map(noisy);
    let contrast = in_metric(Metric::Goodput, records.collect()).remove(0);
    assert_eq!(contrast.all.verdict, Verdict::Unknown, "{contrast:?}");
    assert!(contrast.all.interval.is_some());
}

#[test]
fn the_usual_level_is_the_base_and_loopback_never_is_beside_another() {
    use Topology::{Bridge, Loopback, Netkit, Shared, Veth};

    let of = |topologies: &[Topology]| {
        let records = at_once(topologies.iter().map(|topology| cell(*topology, 2)));
        let levels = levels(records).into_iter();
        levels
            .map(|[_, from, to]| format!("{from} {to}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(&[Loopback, Shared, Veth, Bridge]),
        ["bridge loopback", "bridge shared", "bridge veth"]
    );
    assert_eq!(
        of(&[Loopback, Veth, Netkit]),
        ["veth loopback", "veth netkit"]
    );
    assert_eq!(of(&[Loopback, Shared]), ["shared loopback"]);
    assert_eq!(of(&[Bridge]), [""; 0]);
}

#[test]
fn numbers_are_held_against_the_usual_one_where_they_are_few() {
    let of = |sizes: &[u32]| {
        let cells = sizes.iter().map(|size| Cell {
            message_bytes: *size,
            ..cell(Topology::Bridge, 2)
        });
        levels(at_once(cells))
    };
    let said = |from: &str, to: &str| ["message_bytes".to_owned(), from.to_owned(), to.to_owned()];
    assert_eq!(of(&[1024, 131_072]), [said("128 KiB", "1 KiB")]);
    assert_eq!(of(&[1024, 4096]), [said("1 KiB", "4 KiB")]);
    assert_eq!(of(&[1024, 2048, 4096, 8192, 16384]), [[""; 3]; 0]);
}

#[test]
fn all_else_is_equal_but_for_what_a_level_has_no_place_for() {
    let with = |topology, mtu, firewall| Cell {
        mtu,
        firewall,
        ..cell(topology, 2)
    };
    let none = Firewall::None;
    let records = at_once([
        with(Topology::Loopback, None, none),
        with(Topology::Bridge, Some(1500), none),
        with(Topology::Bridge, Some(9000), none),
        with(Topology::Bridge, Some(9000), Firewall::Conntrack),
    ]);
    let analysis = Analysis::of(&run(records));
    let goodput = analysis
        .contrasts
        .iter()
        .filter(|it| it.metric == Metric::Goodput);
    let label = |nth: usize| analysis.series[nth].label.clone();
    let said: Vec<_> = goodput
        .map(|it| (it.factor, label(it.base), label(it.other)))
        .collect();
    let expected = [
        ("topology", "bridge no rules MTU 1500", "loopback no rules"),
        ("topology", "bridge no rules MTU 9000", "loopback no rules"),
        (
            "firewall",
            "bridge no rules MTU 9000",
            "bridge conntrack MTU 9000",
        ),
        (
            "mtu",
            "bridge no rules MTU 1500",
            "bridge no rules MTU 9000",
        ),
    ];
    let expected = expected.map(|(factor, from, to)| (factor, from.to_owned(), to.to_owned()));
    assert_eq!(said, expected);
}

#[test]
fn what_may_not_be_shown_or_showed_nothing_of_the_factor_is_left_out_with_its_block() {
    let idle = |mut record: Record| {
        record.effects = vec![Effect {
            factor: "firewall".to_owned(),
            verdict: scenario::Verdict::NotExercised,
            witness: String::new(),
            seen: None,
            wanted: None,
            reason: String::new(),
        }];
        record
    };
    let at = |firewall| Cell {
        firewall,
        ..cell(Topology::Bridge, 2)
    };
    let [bare, ruled] = [Firewall::None, Firewall::Conntrack].map(at);
    let records = vec![
        trial(bare.clone(), 0, 1.0),
        trial(ruled.clone(), 0, 1.0),
        trial(bare.clone(), 1, 1.0),
        failed(ruled.clone(), 1),
        invalid(bare.clone(), 2),
        trial(ruled.clone(), 2, 1.0),
        trial(bare.clone(), 3, 1.0),
        idle(trial(ruled.clone(), 3, 1.0)),
        trial(bare, 4, 1.0),
        trial(ruled, 5, 1.0),
    ];
    let contrast = in_metric(Metric::Goodput, records).remove(0);
    assert_eq!(contrast.all.blocks, 1);
}

#[test]
fn requests_have_no_contrast_in_bytes_and_one_pair_none_of_many() {
    use Metric::{CpuPerTransaction, KernelMemory, Setup, Teardown, Transactions};

    let asking = |driver| {
        let workload = Workload::TcpRr;
        let mut record = measured(
            Cell {
                workload,
                driver,
                ..cell(Topology::Bridge, 2)
            },
            0,
        );
        record.aggregate.as_mut().unwrap().transactions_per_s = Some(9000.0);
        record.cpu.as_mut().unwrap().ns_per_transaction = Some(5e4);
        record
    };
    let metrics: Vec<_> = contrasts([Driver::Threads, Driver::Workers].map(asking).to_vec())
        .into_iter()
        .map(|it| it.metric)
        .collect();
    assert_eq!(
        metrics,
        [
            Transactions,
            CpuPerTransaction,
            Setup,
            Teardown,
            KernelMemory
        ]
    );
}

#[test]
fn where_nothing_is_a_figure_as_any_other_levels_are_apart_by_a_difference() {
    let resent = |records: Vec<Record>, of_veth: u64| {
        let counted = records.into_iter().map(|mut record| {
            let more = if record.cell.topology == Topology::Veth {
                of_veth
            } else {
                0
            };
            let counters = record.counters.get_or_insert_default();
            counters.retransmits = Some(more + u64::from(more > 0) * u64::from(record.repeat));
            record
        });
        in_metric(Metric::Retransmits, counted.collect())
    };
    let records = || {
        trials(
            &[Topology::Bridge, Topology::Veth].map(|it| (cell(it, 2), 1.0)),
            5,
        )
    };
    assert_eq!(resent(records(), 0), [], "nothing moved in either");
    let contrast = resent(records(), 100).remove(0);
    assert_eq!((contrast.all.ratio, contrast.all.base), (None, 0.0));
    assert!((contrast.all.difference - 102.0).abs() < 1e-9);
    let (low, high) = contrast.all.interval.unwrap();
    assert!(low < 102.0 && 102.0 < high, "{contrast:?}");
}

#[test]
fn a_factor_that_has_nothing_but_its_entry_has_contrasts() {
    registry::with(&WEATHER, || {
        let calm = cell(Topology::Bridge, 2);
        let mut windy = calm.clone();
        WEATHER.give(&mut windy, &Weather::Windy);
        let said = ["weather", "calm", "windy"].map(str::to_owned);
        assert_eq!(levels(at_once([windy, calm])), [said]);
    });
}

/// A case of the field, Docker merely installed: what a connection costs with Docker's rules, and with connection tracking alone, at 2 and at 32 containers
/// alike, in five repeats of which each is off by up to 2 %.
#[test]
fn rules_make_a_connection_dearer_by_what_was_planted_at_every_count() {
    let rules = [
        (Firewall::None, 61e3),
        (Firewall::Conntrack, 71e3),
        (Firewall::Docker2010, 79e3),
    ];
    let connecting = |firewall, containers, cost: f64, repeat| {
        let workload = Workload::TcpCrr;
        let cell = Cell {
            firewall,
            workload,
            ..cell(Topology::Bridge, containers)
        };
        let mut record = trial(cell, repeat, 1.0);
        let cpu = record.cpu.as_mut().unwrap();
        // The trial's own scatter is in what a byte costs.
        let own = cpu.ns_per_byte.take().unwrap()
            / measured(record.cell.clone(), repeat)
                .cpu
                .unwrap()
                .ns_per_byte
                .unwrap();
        cpu.ns_per_transaction = Some(cost * own);
        record.aggregate.as_mut().unwrap().transactions_per_s = Some(2e9 / (cost * own));
        record
    };
    let blocks = (0..5).flat_map(|repeat| [2, 32].map(|count| (repeat, count)));
    let records = blocks.flat_map(|(repeat, count)| {
        rules.map(|(firewall, cost)| connecting(firewall, count, cost, repeat))
    });
    let contrasts = in_metric(Metric::CpuPerTransaction, records.collect());
    let said: Vec<_> = contrasts
        .iter()
        .map(|it| (it.from.as_str(), it.to.as_str()))
        .collect();
    assert_eq!(said, [("none", "docker-20.10"), ("none", "conntrack")]);
    for (contrast, expected) in contrasts.iter().zip([79.0 / 61.0, 71.0 / 61.0]) {
        assert_eq!(contrast.all.verdict, Verdict::Different, "{contrast:?}");
        assert!(contrast.is_alike);
        let (low, high) = contrast.all.interval.unwrap();
        assert!(low < expected && expected < high, "{contrast:?}");
        assert!((contrast.all.ratio.unwrap() / expected - 1.0).abs() < SCATTER);
        assert!((contrast.all.base / 61e3 - 1.0).abs() < SCATTER);
    }
}

/// Messages of 1 KiB: what is measured is a system call and a wake-up, and no network.
#[test]
fn small_messages_move_a_share_of_what_usual_ones_do() {
    let of = |message_bytes, share| {
        (
            Cell {
                message_bytes,
                ..cell(Topology::Bridge, 2)
            },
            share,
        )
    };
    let contrast = in_metric(
        Metric::Goodput,
        trials(&[of(131_072, 1.0), of(1024, 0.037)], 3),
    )
    .remove(0);
    assert_eq!(
        (contrast.from.as_str(), contrast.to.as_str()),
        ("128 KiB", "1 KiB")
    );
    assert_eq!(contrast.all.verdict, Verdict::Different);
    assert!((contrast.all.ratio.unwrap() / 0.037 - 1.0).abs() < SCATTER);
}

/// A run that is kept: of three repeats on a busy machine.
fn kept(name: &str) -> Vec<Contrast> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    crate::analysis::contrasts(&Run::read(&results.join(name)).unwrap())
}

fn of<'a>(contrasts: &'a [Contrast], metric: Metric, to: &str) -> &'a Contrast {
    let mut found = contrasts
        .iter()
        .filter(|it| it.metric == metric && it.to == to);
    found.next().expect("both have the metric")
}

#[test]
fn the_kept_quickstart_does_not_say_that_veth_pairs_move_more_than_a_bridge_and_says_what_set_up_takes()
 {
    let contrasts = kept("20261123T115514Z-quickstart");
    let goodput = of(&contrasts, Metric::Goodput, "veth");
    assert!(goodput.all.ratio.unwrap() > 1.0);
    assert_eq!(goodput.all.verdict, Verdict::Unknown);
    assert!(
        goodput
            .at
            .iter()
            .all(|it| it.held.verdict == Verdict::Unknown)
    );
    let setup = of(&contrasts, Metric::Setup, "shared");
    assert_eq!(
        (setup.from.as_str(), setup.all.verdict),
        ("bridge", Verdict::Different)
    );
    assert!(setup.all.interval.unwrap().1 < 0.5);
}

#[test]
fn the_kept_run_of_dockers_rules_says_what_a_byte_costs_with_each_and_that_it_is_not_alike() {
    let contrasts = kept("20261123T115626Z-docker-rules");
    let at_most = |to: &str| {
        let contrast = of(&contrasts, Metric::CpuPerByte, to);
        assert_eq!(
            (contrast.from.as_str(), contrast.all.verdict),
            ("none", Verdict::Different)
        );
        assert!(!contrast.is_alike, "{contrast:?}");
        contrast.at.last().unwrap().held
    };
    let (by_iptables, by_nft) = (at_most("docker-29"), at_most("docker-29-nft"));
    assert_eq!(by_iptables.verdict, Verdict::Different);
    assert!(by_iptables.ratio.unwrap() > 4.0 && by_nft.ratio.unwrap() < 2.0);
}
