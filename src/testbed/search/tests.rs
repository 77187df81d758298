use std::time::Duration;

use super::*;
use crate::scenario::{Timing, Topology, Workload};
use crate::store::record::LabCost;
use crate::store::sample;
use crate::testbed::Model;

/// A node that carries so many datagrams a second of each flow, and loses the rest.
struct Node {
    knee: u32,
    /// What senders come to without a rate.
    unbridled: u32,
    /// What is left for the datagrams that are carried then.
    livelocked: u32,
    /// Of each thousand that are due, so many are left out above the knee.
    left_out: u64,
    /// Flows that never connect.
    absent: u32,
    /// The rates that were tried.
    rates: Vec<Option<u32>>,
}

impl Node {
    fn of(knee: u32) -> Self {
        Self {
            knee,
            unbridled: 4 * knee,
            livelocked: knee,
            left_out: 0,
            absent: 0,
            rates: Vec::new(),
        }
    }
}

struct Nobody;

impl Watch for Nobody {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

impl Testbed for Node {
    type Lab = u32;

    fn setup(&mut self, cell: &Cell, _watch: &dyn Watch) -> Result<u32> {
        Ok(cell.containers)
    }

    fn measure(
        &mut self,
        lab: &u32,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        assert_eq!(
            trial.cell.load.search,
            Search::None,
            "a window has no search"
        );
        let rate = trial.cell.load.rate;
        self.rates.push(rate);
        let due = u64::from(rate.unwrap_or(self.unbridled)) * u64::from(trial.cell.flows());
        let knee = u64::from(self.knee) * u64::from(trial.cell.flows());
        let late = if due > knee {
            due * self.left_out / 1000
        } else {
            0
        };
        let sent = due - late;
        let most = rate.map_or(u64::from(self.livelocked * trial.cell.flows()), |_| knee);
        let received = sent.min(most);
        let counts = DatagramCounts {
            datagrams_sent: sent,
            datagrams_received: received,
            lost_datagrams: sent - received,
            reordered: 0,
            duplicates: 0,
            left_out_datagrams: late,
        };
        let mut measurement = Model::default().measure(lab, trial, watch)?;
        measurement.aggregate.datagrams_per_s = Some(received as f64);
        measurement.aggregate.loss_ratio = counts.loss_ratio();
        measurement.flows.datagrams = Some(counts);
        measurement.flows.connected -= self.absent;
        Ok(measurement)
    }

    fn teardown(&mut self, _lab: u32) -> Result<Option<LabCost>> {
        Ok(None)
    }
}

/// What a search of two flows says of a node, in windows of a second.
fn searched(node: &mut Node, search: Search, rate: Option<u32>) -> Result<Measurement> {
    let mut cell = sample::cell(Topology::Veth, 4);
    cell.workload = Workload::UdpStream;
    cell.load.search = search;
    cell.load.rate = rate;
    let second = Duration::from_secs(1);
    let timing = Timing {
        warmup: second,
        measure: second,
        sample: second,
        connect: second,
    };
    let trial = TrialPlan {
        id: "t",
        cell: &cell,
        timing,
    };
    measure(node, &4, trial, &Nobody)
}

/// The rate of each flow in the window that was handed back, as the node has counted it, and how the search went.
fn found(measurement: &Measurement) -> (f64, &RateSearch) {
    let each = measurement.aggregate.datagrams_per_s.unwrap() / 2.0;
    (each, measurement.search.as_ref().unwrap())
}

#[test]
fn without_a_search_there_is_one_window() {
    let mut node = Node::of(1_000);
    let measurement = searched(&mut node, Search::None, Some(7_000)).unwrap();
    assert_eq!(node.rates, [Some(7_000)]);
    assert_eq!(measurement.search, None);
}

#[test]
fn the_knee_is_found_and_the_window_is_that_of_the_highest_rate_that_passed() {
    for begin in [None, Some(90_000), Some(170_000)] {
        let mut node = Node::of(87_654);
        let measurement = searched(&mut node, Search::Lossless, begin).unwrap();
        let (each, search) = found(&measurement);
        assert!((0.98 * 87_654.0..=87_654.0).contains(&each), "{each}");
        assert!(
            node.rates.len() <= MOST_WINDOWS as usize,
            "{:?}",
            node.rates
        );
        assert_eq!(node.rates[0], begin);
        let tried: Vec<_> = search.steps.iter().map(|step| step.rate).collect();
        assert_eq!(tried, node.rates);
        let passed = search.steps.iter().filter(|step| step.passed);
        let highest = passed.filter_map(|step| step.rate).max();
        assert_eq!(Some(each), highest.map(f64::from));
        assert_eq!(measurement.aggregate.loss_ratio, Some(0.0));
    }
}

#[test]
fn what_may_be_lost_is_lost() {
    let mut node = Node::of(100_000);
    let measurement = searched(&mut node, Search::HalfPercent, Some(100_400)).unwrap();
    let (_, search) = found(&measurement);
    assert_eq!((search.accepted_loss, search.resolution), (0.005, None));
    assert_eq!(search.steps.len(), 1);
    assert!(measurement.aggregate.loss_ratio > Some(0.003));
}

#[test]
fn a_node_that_drowns_in_what_it_drops_is_searched_beyond_what_it_received() {
    let mut node = Node::of(50_000);
    node.livelocked = 10_000;
    let measurement = searched(&mut node, Search::Lossless, None).unwrap();
    let (each, search) = found(&measurement);
    assert_eq!(node.rates[..2], [None, Some(10_000)]);
    let resolution = search.resolution.unwrap();
    assert!(
        each <= 50_000.0 && each >= 50_000.0 * (1.0 - resolution) - 1.0,
        "{each}"
    );
}

#[test]
fn what_loses_nothing_flat_out_has_no_higher_rate() {
    let mut node = Node::of(10_000);
    node.unbridled = 10_000;
    let measurement = searched(&mut node, Search::Lossless, None).unwrap();
    let (each, search) = found(&measurement);
    assert_eq!((each, search.resolution), (10_000.0, None));
    assert_eq!(node.rates, [None]);
}

#[test]
fn a_rate_that_was_not_offered_does_not_pass() {
    let mut node = Node::of(10_000);
    node.left_out = 900;
    let measurement = searched(&mut node, Search::Lossless, Some(15_000)).unwrap();
    let (each, search) = found(&measurement);
    assert!((9_800.0..=10_000.0).contains(&each), "{each}");
    let first = search.steps[0];
    assert_eq!((first.loss_ratio, first.passed), (Some(0.0), false));
    assert!((first.left_out_share - 0.9).abs() < 1e-9, "{first:?}");
}

/// What is said where no rate passes.
pub(crate) fn nothing_passes() -> Error {
    searched(&mut Node::of(1), Search::HalfPercent, Some(51_200)).unwrap_err()
}

#[test]
fn where_nothing_passes_the_lowest_rate_is_named_with_its_loss() {
    let mut node = Node::of(1);
    let error = searched(&mut node, Search::HalfPercent, Some(51_200)).unwrap_err();
    let said = error.sentence();
    assert!(said.contains("no more than 0.5% of datagrams"), "{said}");
    assert!(
        said.contains("at 200/s a flow, the lowest tried, 99.50 % were lost"),
        "{said}"
    );
    assert!(error.hint().is_some());
    assert_eq!(node.rates.len(), MOST_WINDOWS as usize);
}

#[test]
fn a_window_without_all_its_flows_does_not_pass_and_the_error_says_so() {
    let mut node = Node::of(1_000);
    node.absent = 1;
    let error = searched(&mut node, Search::Lossless, Some(4)).unwrap_err();
    assert!(
        error.sentence().contains("with 1 of its flows lost"),
        "{error}"
    );
    assert_eq!(node.rates, [Some(4), Some(2), Some(1)]);
}
