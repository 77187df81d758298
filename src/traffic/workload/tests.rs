//! Clients against a server of the test's own, which answers when the test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use socket2::Socket;

use super::*;
use crate::allocations;
use crate::scenario::{Batch, Driver, Load, Orders};
use crate::stats::Latencies;
use crate::traffic::ledger::Ledger;
use crate::traffic::messages::Edge;

/// How long the server once does not answer.
const STALL: Duration = Duration::from_millis(100);

/// Answers every byte with one, and stalls before the 200th answer.
fn serve(mut stream: TcpStream) {
    let mut answered = 0;
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(1)) {
        answered += 1;
        if answered == 200 {
            thread::sleep(STALL);
        }
        if stream.write_all(&byte).is_err() {
            return;
        }
    }
}

/// The latencies of a client that has its turns until it has had `responses`.
fn latencies(load: Load, responses: u64) -> Latencies {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    client.set_nodelay(true).unwrap();
    client.set_nonblocking(true).unwrap();
    let orders = Orders {
        workload: Workload::TcpRr,
        message_bytes: 1,
        load,
    };
    let work = Work::new(&[orders], Driver::Workers).unwrap();
    let ledger = Ledger::create(2).unwrap();
    ledger.edges().open();
    let endpoint = Endpoint::new(Socket::from(client), Role::Client, (0, orders), &ledger);
    assert!(endpoint.moved.messages.pass(Edge::Opens, 0));
    let mut task = work.task(&endpoint, 0);
    let asked = allocations::during(|| {
        while endpoint.moved.messages.read() < responses {
            assert_ne!(task.turn(), Turn::Over);
        }
    });
    assert_eq!(asked, 0, "turns asked for memory");
    let log = task.into_log();
    drop(endpoint);
    server.join().unwrap();
    log.latency.unwrap()
}

#[test]
fn a_stall_delays_all_that_an_open_loop_meant_to_send_and_one_request_of_a_closed_one() {
    let stall = u64::try_from(STALL.as_nanos()).unwrap();
    let load = Load {
        rate: Some(2_000),
        ..Load::default()
    };
    // Of 1,000 requests at 2,000 a second 200 were meant to be sent during the stall.
    let open = latencies(load, 1_000);
    assert!(open.quantile(0.999).unwrap() >= stall * 9 / 10);
    assert!(open.quantile(0.9).unwrap() >= stall / 10);
    let closed = latencies(Load::default(), 1_500);
    assert!(closed.max().unwrap() >= stall * 9 / 10);
    assert!(closed.quantile(0.9).unwrap() < stall / 2);
}

/// A server of datagrams of 16 bytes each, and who sends to it.
fn datagram_server(batch: Batch, check: impl FnOnce(&UdpSocket, &mut dyn Task, &Endpoint)) {
    let [ours, theirs] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    ours.connect(theirs.local_addr().unwrap()).unwrap();
    theirs.connect(ours.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    let orders = Orders {
        workload: Workload::UdpStream,
        message_bytes: 16,
        load: Load {
            batch,
            ..Load::default()
        },
    };
    let work = Work::new(&[orders], Driver::Workers).unwrap();
    let ledger = Ledger::create(2).unwrap();
    let socket = Socket::from(ours);
    ready(&socket, &orders, (Driver::Workers, Role::Server)).unwrap();
    let endpoint = Endpoint::new(socket, Role::Server, (0, orders), &ledger);
    let mut task = work.task(&endpoint, 0);
    check(&theirs, &mut *task, &endpoint);
}

#[test]
fn numbers_tell_what_was_lost_late_and_twice() {
    for batch in [Batch::None, Batch::Mmsg, Batch::Gso] {
        datagram_server(batch, |peer, task, endpoint| {
            for number in [0_u64, 1, 4, 3, 4, 6, 10_000, 5] {
                let mut datagram = [0; 16];
                datagram[..8].copy_from_slice(&number.to_be_bytes());
                peer.send(&datagram).unwrap();
            }
            while !matches!(task.turn(), Turn::Blocked | Turn::Short) {}
            let moved = &endpoint.moved;
            let counted = [
                moved.datagrams.read(),
                moved.missing.read(),
                moved.reordered.read(),
                moved.duplicates.read(),
                moved.received.read(),
            ];
            // 2 and 5 and 7 to 9,999 are missing; 5 came too late to be told from one that came again.
            assert_eq!(counted, [6, 9_995, 2, 1, 8 * 16], "{batch}");
        });
    }
}
