//! Which trials are run, by what those before have shown.

use proptest::prelude::*;

use super::*;
use crate::scenario::{Gauge, Scenario};

const CELLS: &str = "axes = { topology = \"veth\", containers = [2, 4] }\n\
                     trial = { repeats = \"2..9\", within = \"5%\", metrics = \"goodput\" }";

fn plan(text: &str) -> Plan {
    Plan::new(&Scenario::parse(text, "test").unwrap())
}

/// Runs a plan to its end, each trial showing what `show` says of it; the ids in the order in which they ran.
fn run(mut standing: Standing<'_>, show: impl Fn(&Trial) -> Shown) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(trial) = standing.next_trial() {
        standing.enter(trial.turn(), show(&trial));
        ids.push(trial.id.to_string());
    }
    ids
}

fn goodput(figure: f64) -> Shown {
    Shown {
        figures: vec![(Gauge::Goodput, figure)],
        disturbed: false,
    }
}

/// Two containers move the same every time; four differ by a fifth from one time to the next.
fn half_noisy(trial: &Trial) -> Shown {
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
fn a_quiet_cell_stops_when_three_trials_have_confirmed_it_and_a_noisy_one_goes_on_with_its_baseline()
 {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), half_noisy);
    assert_eq!(count(&ids, "veth-ipv4-none-c2"), 2 + 3);
    assert_eq!(count(&ids, "veth-ipv4-none-c4"), 9);
    assert_eq!(count(&ids, "loopback"), 9, "{ids:?}");
}

#[test]
fn all_stop_together_where_all_is_quiet() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), |_| goodput(50.0));
    assert_eq!(ids.len(), 5 * 3);
    assert!(ids.iter().all(|id| !id.ends_with("r5")), "{ids:?}");
}

#[test]
fn a_baseline_that_the_scenario_asks_for_stays_as_long_as_others_are_compared_with_it() {
    let plan = plan(
        "axes = { topology = [\"loopback\", \"veth\"], containers = 2 }\n\
         trial = { repeats = \"2..7\", metrics = \"goodput\" }",
    );
    let ids = run(Standing::new(&plan), |trial| {
        let noise = f64::from(trial.repeat % 2) * 20.0;
        let is_veth = trial.id.starts_with("veth");
        goodput(if is_veth { 100.0 + noise } else { 100.0 })
    });
    assert_eq!((count(&ids, "loopback"), count(&ids, "veth")), (7, 7));
}

#[test]
fn a_cell_that_only_fails_is_given_up_and_one_that_fails_once_is_not() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), |trial| {
        let fails = trial.cell.containers == 2 || trial.repeat == 0;
        if fails {
            Shown::default()
        } else {
            half_noisy(trial)
        }
    });
    assert_eq!(count(&ids, "veth-ipv4-none-c2"), 2);
    assert_eq!(count(&ids, "veth-ipv4-none-c4"), 9);
}

#[test]
fn the_order_within_blocks_is_the_plans() {
    let plan = plan(CELLS);
    let ids = run(Standing::new(&plan), half_noisy);
    let mut planned = plan.trials.iter().map(|trial| &trial.id);
    assert_eq!(ids.len(), 23);
    assert!(
        ids.iter().all(|id| planned.any(|it| it.as_str() == id)),
        "{ids:?}"
    );
}

#[test]
fn the_place_counts_what_is_certain_and_what_may_come() {
    let plan = plan(CELLS);
    let mut standing = Standing::new(&plan);
    let mut places = Vec::new();
    while let Some(trial) = standing.next_trial() {
        let place = standing.place();
        places.push((place.number, place.least, place.most));
        standing.enter(trial.turn(), half_noisy(&trial));
    }
    assert_eq!(places[0], (1, 6, 27));
    // Two blocks of three that are certain, three until the quiet cell is known, and then the noisy one and its baseline.
    assert_eq!(places[6], (7, 9, 27));
    assert_eq!(places[15], (16, 17, 23));
    assert_eq!(places.last(), Some(&(23, 23, 23)));
}

#[test]
fn a_number_of_trials_is_that_number() {
    let plan = plan("axes = { topology = \"veth\", containers = [2, 4] }");
    let mut standing = Standing::new(&plan);
    assert_eq!(standing.next_trial().as_ref(), plan.trials.first());
    let place = standing.place();
    assert_eq!((place.least, place.most), (9, 9));
    assert_eq!(run(standing, |_| Shown::default()).len(), 9);
}

const DISTURBED: &str = "axes = { topology = \"veth\", containers = [2, 4] }\n\
                         trial = { repeats = 3, again = \"50%\" }";

/// Moves half of what it should where others disturb it.
fn disturbed(is_disturbed: bool) -> Shown {
    Shown {
        disturbed: is_disturbed,
        ..goodput(if is_disturbed { 50.0 } else { 100.0 })
    }
}

#[test]
fn a_disturbed_trial_is_run_again_once_at_the_end_of_its_block() {
    let plan = plan(DISTURBED);
    let second = plan.trials[1].id.clone();
    let ids = run(Standing::new(&plan), |trial| {
        disturbed(trial.id.starts_with(second.as_str()))
    });
    assert_eq!(ids.len(), 10);
    // Once, though it is disturbed again.
    assert_eq!(ids[3], format!("{second}-again"));
    assert_eq!(count(&ids, &second), 2);
}

#[test]
fn an_id_that_looks_like_that_of_a_trial_run_again_is_none() {
    let mut plan = plan(DISTURBED);
    for trial in &mut plan.trials {
        trial.id = trial.id.once_more();
    }
    let second = plan.trials[1].turn();
    let ids = run(Standing::new(&plan), |trial| {
        disturbed(trial.turn() == second)
    });
    // Those of the plan, which use up nothing of the allowance, and the one that was disturbed.
    assert_eq!(ids.len(), 9 + 1, "{ids:?}");
}

#[test]
fn no_more_trials_are_run_again_than_is_allowed_and_none_if_none_is() {
    let all = |text: &str| run(Standing::new(&plan(text)), |_| disturbed(true)).len();
    assert_eq!(all(DISTURBED), 9 + 4);
    assert_eq!(all(&DISTURBED.replace("50%", "0%")), 9);
    // What is usual, and of cells that are measured once.
    assert_eq!(all("axes = { containers = [2, 4] }"), 9 + 1);
    assert_eq!(
        all("axes = { containers = [2, 4, 6, 8, 10] }\ntrial.repeats = 1"),
        6
    );
}

#[test]
fn the_undisturbed_trial_is_the_one_that_is_judged() {
    let plan = plan(&CELLS.replace("repeats =", "again = \"100%\", repeats ="));
    let ids = run(Standing::new(&plan), |trial| {
        let veth = trial.id.starts_with("veth-ipv4-none-c4");
        disturbed(veth && trial.repeat == 0 && !trial.again)
    });
    // With 50 and 100 the cell would have gone on.
    assert_eq!(ids.len(), 15 + 1, "{ids:?}");
}

#[test]
fn the_place_counts_what_is_to_be_run_again() {
    let plan = plan(DISTURBED);
    let mut standing = Standing::new(&plan);
    let first = standing.next_trial().unwrap();
    standing.enter(first.turn(), disturbed(true));
    let place = standing.place();
    assert_eq!((place.number, place.least, place.most), (2, 10, 10));
    assert_eq!(standing.owed().count(), 9);
}

proptest! {
    #[test]
    fn a_run_of_disturbed_trials_is_resumed_where_it_was(
        is_disturbed in prop::collection::vec(any::<bool>(), 18), cut in 0usize..18,
    ) {
        let plan = plan(DISTURBED);
        let place = |trial: &Trial| {
            let same = |it: &Trial| (&it.cell, it.repeat) == (&trial.cell, trial.repeat);
            let at = plan.trials.iter().position(same).unwrap();
            2 * at + usize::from(trial.again)
        };
        let show = |trial: &Trial| disturbed(is_disturbed[place(trial)]);
        let mut whole = Vec::new();
        let mut standing = Standing::new(&plan);
        while let Some(trial) = standing.next_trial() {
            standing.enter(trial.turn(), show(&trial));
            whole.push(trial);
        }
        let mut resumed = Standing::new(&plan);
        for trial in whole.iter().take(cut).rev() {
            resumed.enter(trial.turn(), show(trial));
        }
        let ids: Vec<_> = whole.iter().skip(cut).map(|trial| trial.id.to_string()).collect();
        prop_assert_eq!(ids, run(resumed, show));
    }

    #[test]
    fn a_run_that_is_resumed_ends_as_one_that_was_not_cut_off(
        noise in prop::collection::vec(0.0..30.0f64, 27), cut in 0usize..27,
    ) {
        let plan = plan(CELLS);
        let place = |trial: &Trial| plan.trials.iter().position(|it| it.id == trial.id).unwrap();
        let show = |trial: &Trial| goodput(100.0 + noise[place(trial)]);
        let whole = run(Standing::new(&plan), show);
        // What is on the disk when it is cut off, read back in any order.
        let mut resumed = Standing::new(&plan);
        for id in whole.iter().take(cut).rev() {
            let trial = plan.trials.iter().find(|trial| trial.id.as_str() == id).unwrap();
            resumed.enter(trial.turn(), show(trial));
        }
        let rest = run(resumed, show);
        prop_assert_eq!(&whole[cut.min(whole.len())..], &rest[..]);
    }
}
