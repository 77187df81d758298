//! Which trials are run, by what those before have shown.

use proptest::prelude::*;

use super::*;
use crate::scenario::Scenario;

const CELLS: &str = "axes = { topology = \"veth\", containers = [2, 4] }\n\
                     trial = { repeats = \"2..5\", within = \"5%\", metrics = \"goodput\" }";

fn plan(text: &str) -> Plan {
    Plan::new(&Scenario::parse(text, "test").unwrap())
}

/// Runs a plan to its end, each trial showing what `show` says of it; the ids in the order in which they ran.
fn run(mut standing: Standing<'_>, show: impl Fn(&Trial) -> Figures) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(trial) = standing.next_trial() {
        standing.enter(&trial.id, show(trial));
        ids.push(trial.id.clone());
    }
    ids
}

fn goodput(figure: f64) -> Figures {
    vec![(Gauge::Goodput, figure)]
}

/// Two containers move the same every time; four differ by a fifth from one time to the next.
fn half_noisy(trial: &Trial) -> Figures {
    match trial.cell.containers {
        4 if trial.repeat.is_multiple_of(2) => goodput(100.0),
        4 => goodput(120.0),
        _ => goodput(50.0),
    }
}

fn count(ids: &[String], cell: &str) -> usize {
    ids.iter().filter(|id| id.starts_with(cell)).count()
}

#[test]
fn a_quiet_cell_stops_at_the_least_and_a_noisy_one_goes_on_with_its_baseline() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), half_noisy);
    assert_eq!(count(&ids, "veth-ipv4-none-c2"), 2);
    assert_eq!(count(&ids, "veth-ipv4-none-c4"), 5);
    assert_eq!(count(&ids, "loopback"), 5, "{ids:?}");
}

#[test]
fn all_stop_together_where_all_is_quiet() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), |_| goodput(50.0));
    assert_eq!(ids.len(), plan.least());
    assert!(
        ids.iter()
            .all(|id| id.ends_with("r0") || id.ends_with("r1"))
    );
}

#[test]
fn a_baseline_that_the_scenario_asks_for_stays_as_long_as_others_are_compared_with_it() {
    let plan = plan(
        "axes = { topology = [\"loopback\", \"veth\"], containers = 2 }\n\
         trial = { repeats = \"2..4\", metrics = \"goodput\" }",
    );
    let ids = run(Standing::new(&plan), |trial| {
        let noise = f64::from(trial.repeat % 2) * 20.0;
        let is_veth = trial.id.starts_with("veth");
        goodput(if is_veth { 100.0 + noise } else { 100.0 })
    });
    assert_eq!((count(&ids, "loopback"), count(&ids, "veth")), (4, 4));
}

#[test]
fn a_cell_that_only_fails_is_given_up_and_one_that_fails_once_is_not() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), |trial| {
        let fails = trial.cell.containers == 2 || trial.repeat == 0;
        if fails {
            Figures::new()
        } else {
            half_noisy(trial)
        }
    });
    assert_eq!(count(&ids, "veth-ipv4-none-c2"), 2);
    assert_eq!(count(&ids, "veth-ipv4-none-c4"), 5);
}

#[test]
fn the_order_within_blocks_is_the_plans() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), half_noisy);
    let mut planned = plan.trials.iter().map(|trial| &trial.id);
    assert!(ids.iter().all(|id| planned.any(|it| it == id)), "{ids:?}");
}

#[test]
fn the_place_counts_what_is_certain_and_what_may_come() {
    let plan = plan(CELLS);
    let mut standing = Standing::new(&plan);
    let mut places = Vec::new();
    while let Some(trial) = standing.next_trial() {
        let place = standing.place();
        places.push((place.number, place.least, place.most));
        standing.enter(&trial.id, half_noisy(trial));
    }
    assert_eq!(places[0], (1, 6, 15));
    // Two blocks of three, and then the noisy cell and its baseline, block by block.
    assert_eq!(places[6], (7, 8, 12));
    assert_eq!(places.last(), Some(&(12, 12, 12)));
}

#[test]
fn a_number_of_trials_is_that_number() {
    let plan = plan("axes = { topology = \"veth\", containers = [2, 4] }");
    let mut standing = Standing::new(&plan);
    assert_eq!(
        standing.next_trial().map(|it| &it.id),
        Some(&plan.trials[0].id)
    );
    let place = standing.place();
    assert_eq!((place.least, place.most), (9, 9));
    assert_eq!(run(standing, |_| Figures::new()).len(), 9);
}

proptest! {
    #[test]
    fn a_run_that_is_resumed_ends_as_one_that_was_not_cut_off(
        noise in prop::collection::vec(0.0..30.0f64, 15), cut in 0usize..15,
    ) {
        let plan = plan(CELLS);
        let place = |trial: &Trial| plan.trials.iter().position(|it| it.id == trial.id).unwrap();
        let show = |trial: &Trial| goodput(100.0 + noise[place(trial)]);
        let whole = run(Standing::new(&plan), show);
        // What is on the disk when it is cut off, read back in any order.
        let mut resumed = Standing::new(&plan);
        for id in whole.iter().take(cut).rev() {
            let trial = plan.trials.iter().find(|trial| trial.id == *id).unwrap();
            resumed.enter(id, show(trial));
        }
        let rest = run(resumed, show);
        prop_assert_eq!(&whole[cut.min(whole.len())..], &rest[..]);
    }
}
