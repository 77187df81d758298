//! Traffic on real sockets in fresh namespaces: every byte counted is held against an independent witness, and nothing
//! that goes wrong with a flow holds up the others. Needs root or a user namespace.

mod agents;
mod connections;
mod copying;
mod datagrams;
mod lab;
mod mixed;
mod one_port;
mod paced;
mod pinning;
mod requests;

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kilonet::Error;
use kilonet::lab::netns::Visitor;
use kilonet::scenario::{Buffers, Congestion, Driver};
use kilonet::traffic::{Dials, Flow, FlowOutcome, FlowStatus, Observer, Outcome, Settings, run};
use nix::errno::Errno;

use lab::{Lab, ip, stream};

const DRIVERS: [Driver; 2] = [Driver::Threads, Driver::Workers];

/// The descriptors of the process are counted, so no two tests may run in it at once.
static ALONE: Mutex<()> = Mutex::new(());

fn settings(driver: Driver) -> Settings {
    Settings {
        driver,
        congestion: Congestion("reno".to_owned()),
        buffers: Buffers::Auto,
        warmup: Duration::from_millis(50),
        measure: Duration::from_millis(300),
        sample: Duration::from_millis(100),
        connect: Duration::from_secs(10),
    }
}

/// The same with a shorter window, for what is held against the whole of flows.
fn brief(driver: Driver) -> Settings {
    Settings {
        warmup: Duration::from_millis(10),
        measure: Duration::from_millis(200),
        ..settings(driver)
    }
}

/// What a test does at the hooks, and what they were told.
#[derive(Default)]
struct Hooks<'a> {
    before_window: Option<&'a dyn Fn()>,
    interrupt: bool,
    told: Vec<(f64, Duration)>,
    calls: Vec<&'static str>,
    dials: Option<Dials>,
    /// What it said once the window was closed.
    seen: Vec<u64>,
}

impl Observer for Hooks<'_> {
    fn flowing(&mut self, dials: Dials) {
        self.calls.push("flowing");
        self.dials = Some(dials);
    }

    fn before_window(&mut self) {
        self.calls.push("before");
        if let Some(act) = self.before_window {
            act();
        }
    }

    fn after_window(&mut self) {
        self.calls.push("after");
        let dials = self.dials.as_ref().expect("flows were there before");
        self.seen = dials.bytes_by_pair().expect("they are there still");
    }

    fn sample(&mut self, goodput_bps: f64, elapsed: Duration) {
        self.told.push((goodput_bps, elapsed));
    }

    fn interrupted(&self) -> bool {
        self.interrupt
    }
}

fn measured(lab: &Lab, flows: &[Flow], settings: &Settings) -> Outcome {
    run((flows, &lab.namespaces()), settings, &mut Hooks::default()).expect("the flows run")
}

/// Leave to make namespaces, for one test at a time; `None` where that is not allowed, which is a failure where it must be
/// (`KILONET_REQUIRE_KERNEL`).
fn alone() -> Option<MutexGuard<'static, ()>> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = Visitor::new().unwrap().create().map(drop);
    if let Err(error) = &made {
        assert!(
            std::env::var_os("KILONET_REQUIRE_KERNEL").is_none(),
            "namespaces are required here: {error}"
        );
        eprintln!("SKIPPED: no namespaces for this user: {error}");
    }
    made.is_ok().then_some(alone)
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Bytes lo received since the namespace was made, from where the calling thread is.
fn lo_received() -> u64 {
    let table = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let line = table
        .lines()
        .find_map(|line| line.trim().strip_prefix("lo:"))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Bytes queued for readers where the calling thread is: the second half of the fifth column, in hexadecimal.
fn unread_on_connections() -> u64 {
    let table = fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
    let queued = |line: &str| {
        let (_, unread) = line.split_whitespace().nth(4)?.split_once(':')?;
        u64::from_str_radix(unread, 16).ok()
    };
    table.lines().skip(1).filter_map(queued).sum()
}

/// Holds what anybody could read at the end of the window against what the flows say at theirs; now nobody can.
fn assert_seen(hooks: &Hooks<'_>, outcome: &Outcome) {
    assert_eq!(hooks.seen.len(), outcome.flows.len());
    for (flow, seen) in outcome.flows.iter().zip(&hooks.seen) {
        let moved = flow.window_bytes..=flow.total_bytes;
        assert!(moved.contains(seen), "{seen} {flow:?}");
    }
    let dials = hooks.dials.as_ref().unwrap();
    assert_eq!(dials.bytes_by_pair(), None);
}

fn assert_true_to_its_witnesses(flow: &FlowOutcome) {
    assert_eq!(flow.status, FlowStatus::Ok, "{flow:?}");
    assert!(flow.window_bytes > 0, "{flow:?}");
    assert!(flow.total_bytes >= flow.window_bytes, "{flow:?}");
    assert!(flow.sent_bytes >= flow.total_bytes, "{flow:?}");
    assert_eq!(flow.info_bytes, Some(flow.total_bytes), "{flow:?}");
    assert!(flow.retransmits.is_some(), "{flow:?}");
}

#[test]
fn bytes_agree_with_tcp_info_and_with_the_interface() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let outcome = measured(&lab, &lab.pairs(3), &settings(driver));

        outcome.flows.iter().for_each(assert_true_to_its_witnesses);
        let payload: u64 = outcome.flows.iter().map(|flow| flow.total_bytes).sum();
        let sent: u64 = outcome.flows.iter().map(|flow| flow.sent_bytes).sum();
        let frames = lab.inside(0, lo_received);
        assert!(
            frames >= payload,
            "{driver}: lo received {frames}, less than the payload {payload}"
        );
        // Headers are far below a twentieth, and no byte crosses lo that was not sent.
        assert!(
            frames <= sent + sent / 20,
            "{driver}: lo received {frames}, the senders sent {sent}"
        );
    }
}

#[test]
fn ipv6_and_several_streams_of_a_pair_are_flows_of_their_own() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let flow = |number| Flow {
            stream: number,
            ..stream(0, (0, "::1"), (0, "::1"))
        };
        let outcome = measured(&lab, &[flow(0), flow(1), flow(2)], &settings(driver));

        outcome.flows.iter().for_each(assert_true_to_its_witnesses);
        let named: Vec<_> = outcome
            .flows
            .iter()
            .map(|flow| (flow.plan.pair, flow.plan.stream))
            .collect();
        assert_eq!(named, [(0, 0), (0, 1), (0, 2)]);
    }
}

#[test]
fn samples_add_up_to_the_window() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        let mut hooks = Hooks::default();
        let outcome = run(
            (&lab.pairs(2), &lab.namespaces()),
            &settings(driver),
            &mut hooks,
        )
        .unwrap();

        let window: u64 = outcome.flows.iter().map(|flow| flow.window_bytes).sum();
        assert_eq!(
            outcome
                .samples
                .iter()
                .map(|sample| sample.bytes)
                .sum::<u64>(),
            window
        );
        let length: Duration = outcome.samples.iter().map(|sample| sample.duration).sum();
        assert_eq!(length, Duration::from_nanos(outcome.window.duration_ns));
        assert!(length >= Duration::from_millis(300), "{length:?}");
        assert_eq!(outcome.samples.len(), 3);
        assert_eq!(hooks.calls, ["flowing", "before", "after"]);
        assert_seen(&hooks, &outcome);
        assert_eq!(hooks.told.len(), 3);
        assert_eq!(hooks.told[2].1, length);
    }
}

#[test]
fn nothing_is_left_open_and_no_connection_lingers() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(3);
        let before = descriptors();
        measured(&lab, &lab.pairs(6), &settings(driver));

        assert_eq!(descriptors(), before, "{driver}");
        for namespace in 0..3 {
            let left = lab.inside(namespace, || {
                fs::read_to_string("/proc/thread-self/net/tcp").unwrap()
            });
            assert_eq!(left.lines().count(), 1, "{driver}: {left}");
        }
    }
}

#[test]
fn a_flow_nobody_answers_is_named_and_the_others_go_on() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        // The server listens in the other namespace: in the client's, nobody does on that port.
        let refused = stream(7, (0, "127.0.0.1"), (1, "127.0.0.1"));
        let homeless = stream(8, (0, "192.0.2.1"), (0, "127.0.0.1"));
        let good = stream(9, (0, "127.0.0.1"), (0, "127.0.0.1"));
        let outcome = measured(&lab, &[refused, homeless, good], &settings(driver));

        let FlowStatus::Unconnected(cause) = &outcome.flows[0].status else {
            panic!("{:?}", outcome.flows[0])
        };
        assert_eq!(
            (cause.act.as_str(), cause.errno),
            ("connect flow", Some(Errno::ECONNREFUSED as i32))
        );
        assert_eq!(
            cause.sentence,
            "connect flow 7.0 from 127.0.0.1 to 127.0.0.1: Connection refused (os error 111)"
        );
        let FlowStatus::Unconnected(cause) = &outcome.flows[1].status else {
            panic!("{:?}", outcome.flows[1])
        };
        assert!(
            cause
                .sentence
                .starts_with("connect flow 8.0 from 192.0.2.1 to 127.0.0.1: Cannot assign"),
            "{cause:?}"
        );
        assert_true_to_its_witnesses(&outcome.flows[2]);
    }
}

#[test]
fn when_no_flow_connects_the_first_cause_is_the_error() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(2);
    let before = descriptors();
    let plans = [
        stream(0, (0, "127.0.0.1"), (1, "127.0.0.1")),
        stream(1, (0, "192.0.2.1"), (0, "127.0.0.1")),
    ];
    let error = run(
        (&plans, &lab.namespaces()),
        &settings(Driver::Threads),
        &mut Hooks::default(),
    )
    .unwrap_err();

    assert_eq!(error.errno(), Some(Errno::ECONNREFUSED as i32));
    assert_eq!(
        error.to_string(),
        "connect flow 0.0 from 127.0.0.1 to 127.0.0.1"
    );
    assert_eq!(descriptors(), before);
}

#[test]
fn a_call_that_is_never_answered_ends_at_the_deadline() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(2);
    lab.join_by_veth();
    lab.inside(1, || ip("link set eth0 down"));
    let settings = Settings {
        connect: Duration::from_millis(200),
        ..settings(Driver::Workers)
    };
    let plans = [
        stream(0, (0, "10.9.0.1"), (1, "10.9.0.2")),
        stream(1, (0, "127.0.0.1"), (0, "127.0.0.1")),
    ];
    let outcome = measured(&lab, &plans, &settings);

    let FlowStatus::Unconnected(cause) = &outcome.flows[0].status else {
        panic!("{:?}", outcome.flows[0])
    };
    assert_eq!(
        cause.sentence,
        "connect flow 0.0 from 10.9.0.1 to 10.9.0.2: Connection timed out (os error 110)"
    );
    assert_true_to_its_witnesses(&outcome.flows[1]);
}

#[test]
fn a_flow_whose_interface_goes_down_is_stalled_and_the_trial_ends() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        let down = || {
            lab.inside(1, || {
                ip("link set lo down");
                while unread_on_connections() > 0 {
                    std::thread::yield_now();
                }
            });
        };
        let mut hooks = Hooks {
            before_window: Some(&down),
            ..Hooks::default()
        };
        let outcome = run(
            (&lab.pairs(2), &lab.namespaces()),
            &settings(driver),
            &mut hooks,
        )
        .unwrap();

        assert_true_to_its_witnesses(&outcome.flows[0]);
        assert_eq!(
            outcome.flows[1].status,
            FlowStatus::Stalled,
            "{:?}",
            outcome.flows[1]
        );
        assert_eq!(outcome.flows[1].window_bytes, 0);
        assert_eq!(
            outcome.flows[1].info_bytes,
            Some(outcome.flows[1].total_bytes)
        );
    }
}

#[test]
fn a_flow_that_is_cut_off_died_and_the_trial_ends() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        let cut = || {
            lab.inside(1, || {
                let killed = std::process::Command::new("ss")
                    .args(["-K", "-t", "state", "established"])
                    .output();
                assert!(killed.expect("this test needs `ss`").status.success());
            });
        };
        let mut hooks = Hooks {
            before_window: Some(&cut),
            ..Hooks::default()
        };
        let settings = Settings {
            buffers: Buffers::Bytes(65_536),
            ..settings(driver)
        };
        let began = Instant::now();
        let outcome = run((&lab.pairs(2), &lab.namespaces()), &settings, &mut hooks).unwrap();

        assert_true_to_its_witnesses(&outcome.flows[0]);
        let FlowStatus::Died { loss, before_end } = &outcome.flows[1].status else {
            panic!("{:?}", outcome.flows[1])
        };
        let said = &loss.sentence;
        assert!(
            said.contains("Software caused connection abort") || said.contains("reset by peer"),
            "{said}"
        );
        assert!(loss.errno.is_some(), "{loss:?}");
        assert!(*before_end < began.elapsed(), "{before_end:?}");
        // It was cut before the window: all that can come in it is what lay unread.
        let room = outcome.buffers.receive_bytes.unwrap();
        assert!(
            outcome.flows[1].window_bytes <= room,
            "{:?}",
            outcome.flows[1]
        );
    }
}

#[test]
fn an_interrupt_ends_the_trial_early() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(1);
        let before = descriptors();
        let forever = Settings {
            warmup: Duration::from_hours(24),
            ..settings(driver)
        };
        let mut hooks = Hooks {
            interrupt: true,
            ..Hooks::default()
        };
        let ended = run((&lab.pairs(2), &lab.namespaces()), &forever, &mut hooks);

        assert!(matches!(ended, Err(Error::Interrupted)), "{ended:?}");
        assert_eq!(descriptors(), before);
    }
}

#[test]
fn what_takes_effect_is_read_back() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(1);
    let settings = Settings {
        buffers: Buffers::Bytes(65_536),
        ..settings(Driver::Workers)
    };
    let outcome = measured(&lab, &lab.pairs(1), &settings);

    assert_eq!(outcome.congestion.as_deref(), Some("reno"));
    assert_eq!(outcome.buffers.send_bytes, Some(131_072));
    assert_eq!(outcome.buffers.receive_bytes, Some(131_072));
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
}

#[test]
fn what_the_kernel_does_not_grant_is_a_warning_said_once() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(1);
    let settings = Settings {
        congestion: Congestion("nonesuch".to_owned()),
        buffers: Buffers::Bytes(1 << 30),
        ..settings(Driver::Threads)
    };
    let outcome = measured(&lab, &lab.pairs(2), &settings);

    assert_eq!(outcome.warnings.len(), 3, "{:?}", outcome.warnings);
    assert!(
        outcome.warnings[0].starts_with("congestion control nonesuch was not granted"),
        "{:?}",
        outcome.warnings
    );
    assert!(
        outcome.warnings[1].contains("net.core.rmem_max"),
        "{:?}",
        outcome.warnings
    );
    assert!(
        outcome.warnings[2].contains("net.core.wmem_max"),
        "{:?}",
        outcome.warnings
    );
    outcome.flows.iter().for_each(assert_true_to_its_witnesses);
}
