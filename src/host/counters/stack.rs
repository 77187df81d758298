//! What the network stack of one namespace counts of what goes wrong: TCP, UDP, and its connection table.
//!
//! Must not know whose namespace it is. The invariant: a counter is found by the kernel's own name for it, and one that the kernel
//! does not have is absent.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};

use crate::error::{Error, Result};
use crate::lab::conntrack::{self, Conntrack};
use crate::lab::protocols::{Told, paired, single};
use crate::plan::WATCHING_DESCRIPTORS;
use crate::store::record::{Counter, Counts};

/// The files of a namespace in which it counts, opened inside. They pin it, so they must be gone before it is to go.
#[derive(Debug)]
pub struct Stack(Vec<(&'static Source, File)>);

/// A file, and how it is read.
#[derive(Debug)]
struct Source {
    /// Below `/proc/net`.
    path: &'static str,
    read: fn(&str) -> Counts,
}

const SOURCES: &[Source; WATCHING_DESCRIPTORS] = &[
    Source {
        path: "netstat",
        read: |text| told(paired(text), NETSTAT),
    },
    Source {
        path: "snmp",
        read: |text| told(paired(text), SNMP),
    },
    // Absent where the kernel has no IPv6.
    Source {
        path: "snmp6",
        read: |text| told(single(text), SNMP6),
    },
    Source {
        path: conntrack::PATH,
        read: tracked,
    },
];

/// The longest of the files, and more: one call reads it whole.
const ROOM: usize = 1 << 14;

/// How a file is refused that the kernel does not have, or does not show to this user.
const UNSEEN: [ErrorKind; 2] = [ErrorKind::NotFound, ErrorKind::PermissionDenied];

/// A counter and where it is told: the protocol, and the kernel's name of it.
type Row = (Counter, &'static str, &'static str);

const NETSTAT: &[Row] = &[
    (Counter::ListenOverflows, "TcpExt:", "ListenOverflows"),
    (Counter::ListenDrops, "TcpExt:", "ListenDrops"),
    (Counter::SynRetransmits, "TcpExt:", "TCPSynRetrans"),
    (Counter::TcpTimeouts, "TcpExt:", "TCPTimeouts"),
    (Counter::TcpMemoryPressures, "TcpExt:", "TCPMemoryPressures"),
    (Counter::TcpPruned, "TcpExt:", "PruneCalled"),
    (Counter::TcpReceivePruned, "TcpExt:", "RcvPruned"),
    (Counter::TcpAbortsOnMemory, "TcpExt:", "TCPAbortOnMemory"),
];

const SNMP: &[Row] = &[
    (Counter::Retransmits, "Tcp:", "RetransSegs"),
    (Counter::UdpReceiveBufferErrors, "Udp:", "RcvbufErrors"),
    (Counter::UdpSendBufferErrors, "Udp:", "SndbufErrors"),
    (Counter::UdpMemoryErrors, "Udp:", "MemErrors"),
];

const SNMP6: &[Row] = &[
    (Counter::UdpReceiveBufferErrors, "", "Udp6RcvbufErrors"),
    (Counter::UdpSendBufferErrors, "", "Udp6SndbufErrors"),
    (Counter::UdpMemoryErrors, "", "Udp6MemErrors"),
];

impl Stack {
    /// Opens those of the namespace in which the thread is.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn open() -> Result<Self> {
        let opened = SOURCES.iter().filter_map(|source| {
            match File::open(format!("/proc/thread-self/net/{}", source.path)) {
                Ok(file) => Some(Ok((source, file))),
                Err(error) if UNSEEN.contains(&error.kind()) => None,
                Err(error) => {
                    let object = format!("/proc/net/{} of a namespace of the lab", source.path);
                    Some(Err(Error::kernel("open", object, error)))
                }
            }
        });
        opened.collect::<Result<_>>().map(Self)
    }

    /// What it has counted since the namespace was made.
    pub fn read(&mut self) -> Counts {
        let mut counts = Counts::default();
        for (source, file) in &mut self.0 {
            let mut text = String::with_capacity(ROOM);
            if file.rewind().is_ok() && file.read_to_string(&mut text).is_ok() {
                counts = counts.beside(&(source.read)(&text));
            }
        }
        counts
    }
}

/// Those figures that are counters of a table.
fn told<'a>(figures: impl Iterator<Item = Told<'a>>, table: &[Row]) -> Counts {
    let counted = figures.filter_map(|(protocol, name, figure)| {
        let mut rows = table.iter();
        let (counter, ..) = rows.find(|row| (row.1, row.2) == (protocol, name))?;
        Some((*counter, figure))
    });
    counted.collect()
}

fn tracked(text: &str) -> Counts {
    let Some(counted) = Conntrack::parse(text) else {
        return Counts::default();
    };
    Counts::from_iter([
        (Counter::ConntrackInsertFailed, counted.insert_failed),
        (Counter::ConntrackDrops, counted.drops),
        (Counter::ConntrackEarlyDrops, counted.early_drops),
    ])
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::thread;
    use std::time::Duration;

    use socket2::{Domain, Protocol, SockAddr, Socket, Type};

    use super::*;
    use crate::lab::netns::{self, Visitor};
    use crate::lab::tests::kernel;

    #[test]
    fn each_protocol_has_names_of_its_own_and_an_unknown_one_is_passed_over() {
        let netstat =
            "TcpExt: PruneCalled ListenOverflows\nTcpExt: 3 4\nIpExt: ListenOverflows\nIpExt: 9\n";
        let counts = told(paired(netstat), NETSTAT);
        assert_eq!(counts.of(Counter::TcpPruned), Some(3));
        assert_eq!(counts.of(Counter::ListenOverflows), Some(4));
        assert_eq!(counts.of(Counter::ListenDrops), None);
        let snmp = "Tcp: MaxConn RetransSegs\nTcp: -1 7\nUdp: RcvbufErrors\nUdp: 5\nUdpLite: RcvbufErrors\nUdpLite: 11\n";
        let counts = told(paired(snmp), SNMP);
        assert_eq!(counts.of(Counter::Retransmits), Some(7));
        assert_eq!(counts.of(Counter::UdpReceiveBufferErrors), Some(5));
        let six = "Ip6InReceives   \t12\nUdp6RcvbufErrors\t2\n";
        let both = counts.beside(&told(single(six), SNMP6));
        assert_eq!(both.of(Counter::UdpReceiveBufferErrors), Some(7));
    }

    /// Does something in a namespace with nothing but lo, and says what it counted by then.
    fn counted_in_a_new_namespace(work: impl FnOnce() + Send) -> Counts {
        netns::visit(|visitor: &Visitor| {
            let _namespace = visitor
                .create()
                .map_err(|source| Error::kernel("make", "a namespace", source))?;
            raise_lo();
            let mut stack = Stack::open()?;
            let before = stack.read();
            assert!(before.iter().all(|(_, number)| number == 0), "{before:?}");
            work();
            Ok(stack.read())
        })
        .unwrap()
    }

    fn raise_lo() {
        let mut ip = std::process::Command::new("ip");
        assert!(
            ip.args(["link", "set", "lo", "up"])
                .status()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn calls_beyond_a_listeners_queue_are_counted_as_its_overflows() {
        let Some(_alone) = kernel() else {
            return;
        };
        let counts = counted_in_a_new_namespace(|| {
            let listener = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
            let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
            listener.bind(&SockAddr::from(any)).unwrap();
            listener.listen(1).unwrap();
            let listener = TcpListener::from(listener);
            let there = listener.local_addr().unwrap();
            // A queue of one holds two; nobody accepts them, so that the third is dropped until its caller gives up.
            let call = || std::net::TcpStream::connect_timeout(&there, Duration::from_millis(50));
            let queued: Vec<_> = (0..2).map(|_| call().unwrap()).collect();
            assert!(call().is_err());
            drop(queued);
        });
        assert!(counts.of(Counter::ListenOverflows) >= Some(1), "{counts:?}");
        assert!(
            counts.of(Counter::ListenDrops) >= counts.of(Counter::ListenOverflows),
            "{counts:?}"
        );
        assert_eq!(counts.of(Counter::TcpPruned), Some(0), "{counts:?}");
    }

    /// Datagrams, by either family.
    const SENT: u64 = 64;

    #[test]
    fn datagrams_that_find_a_full_buffer_are_counted_by_either_family() {
        let Some(_alone) = kernel() else {
            return;
        };
        let counts = counted_in_a_new_namespace(|| {
            for address in ["127.0.0.1:0", "[::1]:0"] {
                let receiver = UdpSocket::bind(address).unwrap();
                socket2::SockRef::from(&receiver)
                    .set_recv_buffer_size(4096)
                    .unwrap();
                let there = receiver.local_addr().unwrap();
                let sender = UdpSocket::bind(address).unwrap();
                for _ in 0..SENT {
                    sender.send_to(&[0; 1000], there).unwrap();
                }
                receiver.set_nonblocking(true).unwrap();
                let held = std::iter::from_fn(|| receiver.recv(&mut [0; 1000]).ok()).count();
                assert!((held as u64) < SENT, "{held} of {SENT} found room");
            }
        });
        let missed = counts.of(Counter::UdpReceiveBufferErrors);
        assert!(missed > Some(SENT), "of both families: {counts:?}");
        assert!(missed < Some(2 * SENT), "{counts:?}");
        assert_eq!(counts.of(Counter::UdpMemoryErrors), Some(0), "{counts:?}");
    }

    #[test]
    fn a_namespace_counts_what_it_counts_alone() {
        let Some(_alone) = kernel() else {
            return;
        };
        let (here, there) = thread::scope(|scope| {
            let one = scope.spawn(|| counted_in_a_new_namespace(|| {}));
            let other = scope.spawn(|| counted_in_a_new_namespace(|| {}));
            (one.join().unwrap(), other.join().unwrap())
        });
        assert_eq!(here, there);
        assert_eq!(here.of(Counter::ListenDrops), Some(0));
        assert_eq!(here.of(Counter::ConntrackDrops).unwrap_or(0), 0);
    }
}
