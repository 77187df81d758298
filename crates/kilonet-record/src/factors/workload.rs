//! Workloads: what flows do.
//!
//! Knows no text of a scenario and no machine. Invariant: what a workload has or lacks follows from its row of facts, so that a
//! new one cannot be forgotten.

use super::called::Called;
use super::factor::{Factor, factor};
use super::load::SMALLEST_DATAGRAM;
use super::traffic::Driver;

factor! {
    /// What a flow does, in netperf's and neper's words.
    #[derive(Default)]
    Workload, "workload" {
        /// Bulk TCP from client to server.
        #[default]
        TcpStream = "tcp-stream",
        /// Requests and responses over a lasting TCP connection.
        TcpRr = "tcp-rr",
        /// A TCP connection for each request and its response.
        TcpCrr = "tcp-crr",
        /// TCP connections made and closed, one after another, without payload.
        TcpCc = "tcp-cc",
        /// Requests and responses in UDP datagrams.
        UdpRr = "udp-rr",
        /// UDP datagrams from client to server.
        UdpStream = "udp-stream",
        /// A TCP connection without payload.
        Idle = "idle",
    }
}

/// What carries a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Connections of TCP.
    Tcp,
    /// Datagrams of UDP.
    Udp,
}

/// What there is to count of a flow, beside the bytes that its messages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Nothing: it is only there.
    Nothing,
    /// Nothing else: how the kernel cuts them into packets is its own affair.
    Bytes,
    /// Requests that are over, each with the time that it took.
    Requests,
    /// Numbered datagrams, and those that are lost.
    Datagrams,
}

/// What there is to a workload.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// What carries it.
    pub transport: Transport,
    /// What is counted of it.
    pub counts: Counts,
    /// What sentences call it; absent where its word will do.
    pub told: Option<&'static str>,
    /// What its requests are called; of no meaning where it has none.
    pub called: Called,
    /// Whether each request has a connection of its own.
    pub renews_connections: bool,
    /// Bytes of a message from client to server, unless a scenario says otherwise; absent where none is sent. Of requests that
    /// have any, each is answered by one.
    pub message_bytes: Option<u32>,
    /// Generators that have it, each with its own name for it.
    pub generators: &'static [(Driver, &'static str)],
}

/// netperf's 128 KiB.
const TCP_STREAM: Facts = Facts {
    transport: Transport::Tcp,
    counts: Counts::Bytes,
    told: None,
    called: Called::REQUESTS,
    renews_connections: false,
    message_bytes: Some(128 << 10),
    generators: &[(Driver::Iperf3, "TCP"), (Driver::Netperf, "TCP_STREAM")],
};

/// netperf's one byte.
const TCP_RR: Facts = Facts {
    counts: Counts::Requests,
    message_bytes: Some(1),
    generators: &[(Driver::Netperf, "TCP_RR"), (Driver::Sockperf, "TCP")],
    ..TCP_STREAM
};

const TCP_CRR: Facts = Facts {
    renews_connections: true,
    generators: &[],
    ..TCP_RR
};

/// Each connection is a request.
const TCP_CC: Facts = Facts {
    called: Called::CONNECTIONS,
    message_bytes: None,
    ..TCP_CRR
};

/// A datagram has room for its number.
const UDP_RR: Facts = Facts {
    transport: Transport::Udp,
    message_bytes: Some(SMALLEST_DATAGRAM),
    generators: &[(Driver::Netperf, "UDP_RR"), (Driver::Sockperf, "UDP")],
    ..TCP_RR
};

/// A datagram fits whole into a packet of an Ethernet by either protocol.
const UDP_STREAM: Facts = Facts {
    transport: Transport::Udp,
    counts: Counts::Datagrams,
    message_bytes: Some(1400),
    generators: &[(Driver::Iperf3, "UDP")],
    ..TCP_STREAM
};

const IDLE: Facts = Facts {
    counts: Counts::Nothing,
    told: Some("idle connections"),
    message_bytes: None,
    generators: &[],
    ..TCP_STREAM
};

impl Workload {
    /// What there is to it: the one place that says what a workload is.
    #[must_use]
    pub fn facts(self) -> Facts {
        match self {
            Self::TcpStream => TCP_STREAM,
            Self::TcpRr => TCP_RR,
            Self::TcpCrr => TCP_CRR,
            Self::TcpCc => TCP_CC,
            Self::UdpRr => UDP_RR,
            Self::UdpStream => UDP_STREAM,
            Self::Idle => IDLE,
        }
    }

    /// What sentences call it.
    #[must_use]
    pub fn told(self) -> &'static str {
        self.facts().told.unwrap_or(self.word())
    }

    /// What is counted of it.
    #[must_use]
    pub fn counts(self) -> Counts {
        self.facts().counts
    }

    /// Whether it is only there: it says nothing, opens nothing, and nothing is counted of it.
    #[must_use]
    pub fn is_silent(self) -> bool {
        self.counts() == Counts::Nothing
    }

    /// Whether it sends messages, so that bytes are moved.
    #[must_use]
    pub fn has_messages(self) -> bool {
        self.facts().message_bytes.is_some()
    }

    /// Whether it has requests, which are counted and timed.
    #[must_use]
    pub fn has_requests(self) -> bool {
        self.counts() == Counts::Requests
    }

    /// Whether each message of the client is answered by one of the server.
    #[must_use]
    pub fn has_responses(self) -> bool {
        self.has_requests() && self.has_messages()
    }

    /// Whether each request has a connection of its own.
    #[must_use]
    pub fn renews_connections(self) -> bool {
        self.facts().renews_connections
    }

    /// Whether a flow may be told how many requests to have under way.
    #[must_use]
    pub fn has_outstanding(self) -> bool {
        self.has_requests() && !self.renews_connections()
    }

    /// Whether messages are UDP datagrams.
    #[must_use]
    pub fn is_datagrams(self) -> bool {
        self.facts().transport == Transport::Udp
    }

    /// Whether it is a stream of bytes, of which nothing else is counted.
    #[must_use]
    pub fn is_byte_stream(self) -> bool {
        self.counts() == Counts::Bytes
    }

    /// Whether it is a stream of datagrams, which are numbered.
    #[must_use]
    pub fn is_datagram_stream(self) -> bool {
        self.counts() == Counts::Datagrams
    }

    /// Whether requests or datagrams may be sent at a rate.
    #[must_use]
    pub fn has_rate(self) -> bool {
        self.has_requests() || self.is_datagram_stream()
    }

    /// Bytes of a message from client to server, unless a scenario says otherwise; 1 where none is ever sent.
    #[must_use]
    pub fn usual_message_bytes(self) -> u32 {
        self.facts().message_bytes.unwrap_or(1)
    }

    /// What a generator calls it; absent where it does not have it.
    #[must_use]
    pub fn name_in(self, generator: Driver) -> Option<&'static str> {
        let mut names = self.facts().generators.iter();
        let (_, name) = names.find(|(driver, _)| *driver == generator)?;
        Some(name)
    }

    /// Those that have something, by their words: `workload = "tcp-rr" or "udp-rr"`.
    #[must_use]
    pub fn listed(has: impl Fn(Self) -> bool) -> String {
        let those = Self::ALL.iter().filter(|workload| has(**workload));
        let words: Vec<_> = those
            .map(|workload| format!("{:?}", workload.word()))
            .collect();
        let text = match words.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        format!("workload = {text}")
    }
}

impl Driver {
    /// What a generator has, in the order of workloads.
    pub fn workloads(self) -> impl Iterator<Item = Workload> {
        let all = Workload::ALL.iter().copied();
        all.filter(move |workload| workload.name_in(self).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_have_something_are_listed_by_their_words() {
        let streams = Workload::listed(Workload::is_byte_stream);
        assert_eq!(streams, "workload = \"tcp-stream\"");
        let several = Workload::listed(Workload::has_outstanding);
        assert_eq!(several, "workload = \"tcp-rr\" or \"udp-rr\"");
    }

    #[test]
    fn each_generator_has_a_workload_and_no_driver_of_ours_is_one() {
        for driver in Driver::ALL {
            let has = driver.workloads().next().is_some();
            assert_eq!(has, driver.is_generator(), "{driver}");
        }
    }
}
