use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::scenario::{Load, Orders, Workload};
use crate::traffic::plan::{Door, Seat};

const PLENTY: Duration = Duration::from_hours(1);

fn flow(pair: u32) -> Flow {
    let seat = |container, last| Seat {
        container,
        address: [10, 0, 0, last].into(),
    };
    Flow {
        pair,
        stream: 0,
        client: seat(2 * pair, 1),
        server: seat(2 * pair + 1, 2),
        door: None,
        orders: Orders {
            workload: Workload::TcpStream,
            message_bytes: 1,
            load: Load::default(),
        },
    }
}

fn flows(count: u32) -> Vec<Flow> {
    (0..count).map(flow).collect()
}

/// Everybody listens at this address, where nothing else is said.
fn own() -> SocketAddr {
    "10.0.0.2:4000".parse().unwrap()
}

/// What becomes of flows on paper, and what was asked.
#[derive(Default)]
struct Paper {
    /// Flows whose calls are answered only after so many times of asking.
    slow: BTreeMap<usize, u32>,
    /// Flows of which a step is refused.
    refused: BTreeMap<usize, Step>,
    under_way: BTreeSet<usize>,
    most: usize,
    steps: Vec<(&'static str, Vec<usize>)>,
    called: Vec<SocketAddr>,
    taken: Vec<usize>,
}

impl Paper {
    fn answer<T>(&mut self, flow: usize, step: Step, well: T) -> Result<T, Refusal> {
        let refused = self.refused.get(&flow).copied();
        if refused.is_some_and(|refused| refused as u8 == step as u8) {
            self.under_way.remove(&flow);
            return Err(Refusal::of(step, &Errno::EMFILE.into()));
        }
        Ok(well)
    }
}

impl Hands for Paper {
    type Failure = Refusal;

    fn listen(&mut self, flows: &[usize]) -> Result<Vec<News<SocketAddr, Refusal>>> {
        self.steps.push(("listen", flows.to_vec()));
        self.under_way.extend(flows);
        self.most = self.most.max(self.under_way.len());
        let flows = flows.iter();
        Ok(flows
            .map(|it| Some(self.answer(*it, Step::Listen, own())))
            .collect())
    }

    fn call(&mut self, calls: &[(usize, SocketAddr)]) -> Result<Vec<News<(), Refusal>>> {
        let (flows, targets): (Vec<_>, Vec<_>) = calls.iter().copied().unzip();
        self.steps.push(("call", flows.clone()));
        self.called.extend(targets);
        let news = flows.into_iter().map(|it| match self.slow.get_mut(&it) {
            Some(more) if *more > 0 => {
                *more -= 1;
                None
            }
            _ => Some(self.answer(it, Step::Connect, ())),
        });
        Ok(news.collect())
    }

    fn accept(&mut self, flows: &[usize]) -> Result<Vec<News<(), Refusal>>> {
        self.steps.push(("accept", flows.to_vec()));
        let news = flows.iter().map(|it| {
            let answer = self.answer(*it, Step::Accept, ());
            self.under_way.remove(it);
            self.taken.push(*it);
            Some(answer)
        });
        Ok(news.collect())
    }
}

#[test]
fn servers_listen_before_clients_call_there_and_calls_are_taken_last() {
    let published = "10.0.0.9:80".parse().unwrap();
    let by_port = Flow {
        door: Some(Door {
            call: published,
            listen: 5201,
        }),
        ..flow(1)
    };
    let mut paper = Paper::default();
    let came = bring_up(&[flow(0), by_port], &mut paper, (PLENTY, &|| false)).unwrap();
    assert!(came.iter().all(Result::is_ok));
    let each = |step| (step, vec![0, 1]);
    assert_eq!(paper.steps, ["listen", "call", "accept"].map(each));
    assert_eq!(paper.called, [own(), published]);
}

#[test]
fn a_flow_that_is_refused_a_step_is_named_and_the_others_go_on() {
    let mut paper = Paper {
        refused: [(0, Step::Listen), (1, Step::Connect), (2, Step::Accept)].into(),
        ..Paper::default()
    };
    let came = bring_up(&flows(4), &mut paper, (PLENTY, &|| false)).unwrap();
    let said: Vec<_> = came
        .into_iter()
        .map(|it| it.map_err(|error| error.to_string()))
        .collect();
    let refused = |act: &str, pair| Err(format!("{act} flow {pair}.0 from 10.0.0.1 to 10.0.0.2"));
    let expected = [
        refused("listen for", 0),
        refused("connect", 1),
        refused("accept", 2),
        Ok(()),
    ];
    assert_eq!(said, expected);
    let asked: Vec<_> = paper.steps.iter().map(|(_, flows)| flows.len()).collect();
    assert_eq!(asked, [4, 3, 2]);
}

#[test]
fn no_more_are_under_way_than_there_is_room_for_and_slow_ones_hold_up_nobody() {
    let slow = [0, 7, 1023];
    let mut paper = Paper {
        slow: slow.map(|it| (it, 20)).into(),
        ..Paper::default()
    };
    let came = bring_up(&flows(3000), &mut paper, (PLENTY, &|| false)).unwrap();
    assert_eq!(came.iter().filter(|it| it.is_ok()).count(), 3000);
    assert_eq!(paper.most, UNDER_WAY);
    assert_eq!(paper.taken[2997..], slow);
}

#[test]
fn at_the_deadline_those_that_wait_have_timed_out() {
    let mut paper = Paper::default();
    let came = bring_up(&flows(1), &mut paper, (Duration::ZERO, &|| false)).unwrap();
    let error = came[0].as_ref().unwrap_err();
    assert_eq!(
        error.sentence(),
        "connect flow 0.0 from 10.0.0.1 to 10.0.0.2: Connection timed out (os error 110)"
    );
    assert!(paper.steps.is_empty());
}

#[test]
fn who_is_told_to_stop_asks_nobody_for_anything() {
    let mut paper = Paper::default();
    let came = bring_up(&flows(1), &mut paper, (PLENTY, &|| true));
    assert!(matches!(came, Err(Error::Interrupted)));
    assert!(paper.steps.is_empty());
}
