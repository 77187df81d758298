//! Both ends against peers of the test's own, which do what the test says.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use socket2::{Domain, Socket, Type};

use crate::scenario::{Buffers, Congestion, Driver, Load, Orders, Workload};
use crate::traffic::dialer::Dialer;
use crate::traffic::flow::{Cause, Endpoint, Redial, Role};
use crate::traffic::ledger::Ledger;
use crate::traffic::messages::Edge;
use crate::traffic::socket::Dress;
use crate::traffic::workload::{Turn, Work};

const REQUEST: usize = 3;
const RESPONSE: usize = 70_000;

fn orders(rate: Option<u32>) -> Orders {
    Orders {
        workload: Workload::TcpCrr,
        message_bytes: u32::try_from(REQUEST).unwrap(),
        load: Load {
            response_bytes: Some(u32::try_from(RESPONSE).unwrap()),
            rate,
            ..Load::default()
        },
    }
}

fn work(endpoint: &Endpoint) -> Work {
    Work::new(&[endpoint.orders], Driver::Workers).unwrap()
}

/// An endpoint beside a first connection that nobody uses.
fn endpoint(role: Role, rate: Option<u32>, redial: Redial) -> Endpoint {
    let ledger = Ledger::create(2).unwrap();
    ledger.edges().open();
    let first = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let endpoint = Endpoint::new(first, role, (0, orders(rate)), &ledger);
    assert!(endpoint.moved.messages.pass(Edge::Opens, 0));
    endpoint.with(Some(redial))
}

fn calling(listener: &TcpListener, rate: Option<u32>) -> Endpoint {
    let congestion = Congestion("reno".to_owned());
    let dress = Dress::new(&congestion, Buffers::Auto);
    let dialer = Dialer {
        home: None,
        from: "127.0.0.1".parse().unwrap(),
        to: listener.local_addr().unwrap(),
        options: dress.options().clone(),
        workload: Workload::TcpCrr,
    };
    endpoint(Role::Client, rate, Redial::Calls(dialer))
}

/// Takes `calls` calls, and answers each request with so many bytes before it closes. Those that come later wait.
fn answer(listener: TcpListener, calls: usize, bytes: usize) -> thread::JoinHandle<TcpListener> {
    thread::spawn(move || {
        for _ in 0..calls {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; REQUEST]).unwrap();
            stream.write_all(&vec![0; bytes]).unwrap();
        }
        listener
    })
}

#[test]
fn each_transaction_has_a_connection_of_its_own_and_is_counted_once() {
    for rate in [None, Some(5_000)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = calling(&listener, rate);
        let work = work(&endpoint);
        let mut task = work.task(&endpoint, 0);
        let server = answer(listener, 50, RESPONSE);
        while endpoint.moved.messages.read() < 50 {
            assert_ne!(task.turn(), Turn::Over);
        }
        let _listener = server.join().unwrap();
        assert_eq!(endpoint.moved.messages.read(), 50, "{rate:?}");
        assert_eq!(endpoint.moved.received.read(), 50 * RESPONSE as u64);
        assert!(endpoint.moved.sent.read() >= 50 * REQUEST as u64);
        let log = task.into_log();
        assert_eq!(log.latency.unwrap().count(), 50);
        assert_eq!(log.lateness.is_some(), rate.is_some());
    }
}

#[test]
fn a_peer_that_never_answers_stops_further_calls_and_nothing_else() {
    for (rate, most) in [(None, 1), (Some(1_000_000), 8)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = calling(&listener, rate);
        let work = work(&endpoint);
        let mut task = work.task(&endpoint, 0);
        let mut taken = Vec::new();
        while taken.len() < most || task.turn() != Turn::Blocked {
            task.turn();
            taken.extend(listener.accept().ok());
        }
        let mut awaited = 0;
        task.awaits(&endpoint, &mut |_, _| awaited += 1);
        assert_eq!((taken.len(), awaited), (most, most));
        assert!(endpoint.end().is_none());
        drop(task);
        // What was under way is aborted, so that no end of it is left.
        let (mut stream, _) = taken.pop().unwrap();
        stream.set_nonblocking(false).unwrap();
        let mut rest = Vec::new();
        let error = stream.read_to_end(&mut rest).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

/// Eight calls are under way and nobody answers: what is due meanwhile and has no room waits too, and is as old as it is late.
#[test]
fn what_had_not_ended_when_the_window_closed_is_counted_with_what_had_no_room() {
    const RATE: u32 = 100_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = calling(&listener, Some(RATE));
    let work = work(&endpoint);
    let mut task = work.task(&endpoint, 0);
    task.turn();
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(5) {
        assert_ne!(task.turn(), Turn::Over);
    }
    let waited = began.elapsed();
    endpoint.moved.edges().close();
    let under_way = task.into_log().under_way;
    let due = waited.as_secs_f64() * f64::from(RATE);
    assert!(under_way.connections as f64 >= due - 1.0, "{under_way:?}");
    let gap = Duration::from_secs(1) / RATE;
    let oldest = Duration::from_nanos(under_way.oldest_ns);
    assert!(oldest + gap >= waited, "{oldest:?} of {waited:?}");
    assert_eq!((under_way.above_1s, under_way.above_3s), (0, 0));

    let endpoint = calling(&listener, None);
    let mut task = work.task(&endpoint, 0);
    while task.turn() != Turn::Blocked {}
    endpoint.moved.edges().close();
    assert_eq!(task.into_log().under_way.connections, 1);
}

fn end_of(endpoint: &Endpoint) -> Cause {
    let work = work(endpoint);
    let mut task = work.task(endpoint, 0);
    while task.turn() != Turn::Over {}
    endpoint.end().unwrap().cause
}

#[test]
fn what_ends_a_client_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = calling(&listener, None);
    let server = answer(listener, 1, RESPONSE - 1);
    assert_eq!(end_of(&endpoint), Cause::Closed);
    server.join().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = calling(&gone, None);
    drop(gone);
    let refused = Cause::Unconnected(Errno::ECONNREFUSED as i32);
    assert_eq!(end_of(&endpoint), refused);
}

#[test]
fn a_server_answers_whole_requests_and_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Redial::Answers(Socket::from(listener));
    let endpoint = endpoint(Role::Server, None, answers);
    let client = thread::spawn(move || {
        let mut received = Vec::new();
        for _ in 0..20 {
            let mut stream = TcpStream::connect(address).unwrap();
            // In two pieces.
            stream.write_all(&[0; REQUEST - 1]).unwrap();
            stream.write_all(&[0]).unwrap();
            received.push(stream.read_to_end(&mut Vec::new()).unwrap());
        }
        // One that asks for half and leaves ends the flow.
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&[0]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        received
    });
    assert_eq!(end_of(&endpoint), Cause::Closed);
    assert_eq!(client.join().unwrap(), [RESPONSE; 20]);
    assert_eq!(endpoint.moved.messages.read(), 20);
    assert_eq!(endpoint.moved.sent.read(), 20 * RESPONSE as u64);
}
