//! Flows by agents, each in a namespace of its own as in a container, without any engine: what is counted on shared memory
//! is held against the kernel's own figures, and an agent that ends costs its own flows and nobody else's.

use std::path::Path;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use kilonet::lab::netns::Visitor;
use kilonet::scenario::{Batch, Driver};
use kilonet::traffic::agent::{self, Crew, Muster};
use kilonet::traffic::{Door, Flow, FlowStatus, Observer};
use kilonet::{Error, Result};

use super::datagrams::{assert_balanced, drop_first_call, dropped_calls, streaming};
use super::lab::{Lab, doing, stream};
use super::{Hooks, alone, assert_seen, assert_true_to_its_witnesses, settings};

/// Agents 0 and 1 at the two ends of a veth, 2 and 3 both over the lo of the second.
pub(super) struct Agents {
    lab: Lab,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Agents {
    pub(super) fn start(meeting: &Path, count: u32) -> Self {
        let lab = Lab::new(2);
        lab.join_by_veth();
        let threads = (0..count).map(|number| {
            let namespace = lab.namespace(number.min(1) as usize);
            let meeting = meeting.to_owned();
            let serve = move || {
                let visitor = Visitor::new()?;
                visitor.enter(&namespace).unwrap();
                agent::serve(&meeting, number)
            };
            Builder::new().spawn(serve).unwrap()
        });
        let threads = threads.collect();
        Self { lab, threads }
    }

    /// All have ended by themselves, and in peace.
    pub(super) fn end(self) -> Lab {
        for thread in self.threads {
            thread.join().unwrap().unwrap();
        }
        self.lab
    }
}

fn muster(meeting: &Path) -> Muster {
    Muster::open(meeting).unwrap()
}

pub(super) fn gathered(muster: &Muster, count: u32) -> Crew {
    let deadline = Instant::now() + Duration::from_mins(1);
    muster.gather(count, deadline, &|| Ok(())).unwrap()
}

#[test]
fn agents_in_namespaces_of_their_own_move_what_the_kernel_says() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = muster(meeting.path());
    let agents = Agents::start(meeting.path(), 4);
    let crew = gathered(&muster, 4);
    let flows = [
        stream(0, (0, "10.9.0.1"), (1, "10.9.0.2")),
        stream(1, (2, "127.0.0.1"), (3, "127.0.0.1")),
    ];
    let mut hooks = Hooks::default();

    let outcome = agent::run(&crew, &flows, &settings(Driver::Threads), &mut hooks).unwrap();

    outcome.flows.iter().for_each(assert_true_to_its_witnesses);
    assert_eq!(hooks.calls, ["flowing", "before", "after"]);
    assert_seen(&hooks, &outcome);
    assert_eq!(outcome.congestion.as_deref(), Some("reno"));
    let names: Vec<_> = outcome
        .flows
        .iter()
        .map(|it| [it.plan.client, it.plan.server].map(|end| end.container))
        .collect();
    assert_eq!(names, [[0, 1], [2, 3]]);
    drop(crew);
    agents.end();
}

#[test]
fn agents_tell_what_became_of_datagrams() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = muster(meeting.path());
    let agents = Agents::start(meeting.path(), 2);
    let crew = gathered(&muster, 2);
    let flows = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
    let flows = doing(streaming(Batch::Gso), flows);
    let mut hooks = Hooks::default();

    let outcome = agent::run(&crew, &flows, &settings(Driver::Threads), &mut hooks).unwrap();

    assert_balanced(&outcome, "agents");
    drop(crew);
    agents.end();
}

#[test]
fn agents_send_a_call_again_that_is_dropped() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = muster(meeting.path());
    let agents = Agents::start(meeting.path(), 2);
    agents.lab.inside(1, drop_first_call);
    let crew = gathered(&muster, 2);
    let flows = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];
    let flows = doing(streaming(Batch::None), flows);

    let outcome = agent::run(
        &crew,
        &flows,
        &settings(Driver::Threads),
        &mut Hooks::default(),
    )
    .unwrap();

    assert_balanced(&outcome, "agents");
    drop(crew);
    assert_eq!(agents.end().inside(1, dropped_calls), 1);
}

#[test]
fn a_flow_whose_caller_is_refused_is_named_and_the_others_go_on() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = muster(meeting.path());
    let agents = Agents::start(meeting.path(), 4);
    let crew = gathered(&muster, 4);
    let astray = Flow {
        // Nobody listens there.
        door: Some(Door {
            call: "10.9.0.2:1".parse().unwrap(),
            listen: 0,
        }),
        ..stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))
    };
    let flows = [astray, stream(1, (2, "127.0.0.1"), (3, "127.0.0.1"))];
    let mut hooks = Hooks::default();

    let outcome = agent::run(&crew, &flows, &settings(Driver::Threads), &mut hooks).unwrap();

    let FlowStatus::Unconnected(cause) = &outcome.flows[0].status else {
        panic!("{:?}", outcome.flows[0]);
    };
    let said = &cause.sentence;
    assert_eq!(
        said,
        "connect flow 0.0 from 10.9.0.1 to 10.9.0.2 by 10.9.0.2:1: Connection refused (os error 111)"
    );
    assert_true_to_its_witnesses(&outcome.flows[1]);
    drop(crew);
    agents.end();
}

/// Ends the trial at once.
struct Impatient;

impl Observer for Impatient {
    fn before_window(&mut self) {}
    fn after_window(&mut self) {}
    fn sample(&mut self, _goodput_bps: f64, _elapsed: Duration) {}
    fn interrupted(&self) -> bool {
        true
    }
}

#[test]
fn agents_end_when_the_owner_of_their_crew_gives_up() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = muster(meeting.path());
    let agents = Agents::start(meeting.path(), 2);
    let crew = gathered(&muster, 2);
    let flows = [stream(0, (0, "10.9.0.1"), (1, "10.9.0.2"))];

    let given_up = agent::run(&crew, &flows, &settings(Driver::Threads), &mut Impatient);

    assert!(matches!(given_up, Err(Error::Interrupted)), "{given_up:?}");
    drop(crew);
    agents.end();
}

#[test]
fn a_muster_says_how_many_have_not_come() {
    let Some(_alone) = alone() else { return };
    let meeting = tempfile::tempdir().unwrap();
    let muster = muster(meeting.path());
    let agents = Agents::start(meeting.path(), 1);
    let gathered = muster.gather(2, Instant::now() + Duration::from_secs(1), &|| Ok(()));
    let error = gathered.unwrap_err();
    assert_eq!(
        error.sentence(),
        "muster the agents in containers: 1 of 2 have reported"
    );
    agents.end();
}
