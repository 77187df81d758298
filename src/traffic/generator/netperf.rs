//! netperf: bulk TCP, or requests and responses, between a netserver and a client of one pair.
//!
//! Its `name=value` lines (`-k`) are read, which it prints at its end. Figures and tests go over two connections: the first to the
//! port it is told, the other to one that its server chooses. A server goes on until it is told to end.

use nix::sys::signal::Signal;

use super::tool::{Answer, Errand, Said, Tool};
use crate::lab::address;
use crate::scenario::{Buffers, Driver, Family};

/// What it is asked for. Names and units are those of its omni tests.
const FIGURES: &str =
    "THROUGHPUT,THROUGHPUT_UNITS,REMOTE_RECV_THROUGHPUT,LOCAL_TRANSPORT_RETRANS,LOCAL_CONG_CONTROL";

#[derive(Debug)]
pub(super) struct Netperf;

impl Tool for Netperf {
    fn program(&self) -> &'static str {
        "netperf"
    }

    fn server_program(&self) -> &'static str {
        "netserver"
    }

    fn server(&self, errand: &Errand<'_>) -> Vec<String> {
        let address = errand.flow.server.address;
        let mut arguments = vec!["-D".to_owned(), family(address::family_of(address))];
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("-L", address.to_string());
        option("-p", errand.listen.to_string());
        arguments
    }

    fn client(&self, errand: &Errand<'_>) -> Vec<String> {
        let (settings, orders) = (errand.settings, errand.flow.orders);
        let mut arguments = vec![family(address::family_of(errand.call.ip()))];
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("-H", errand.call.ip().to_string());
        option("-p", errand.call.port().to_string());
        option("-L", errand.flow.client.address.to_string());
        option("-P", "0".to_owned());
        option("-l", errand.seconds.to_string());
        let test = orders.workload.name_in(Driver::Netperf);
        option("-t", test.unwrap_or_default().to_owned());
        arguments.push("--".to_owned());
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("-k", FIGURES.to_owned());
        let bytes = orders.message_bytes;
        if orders.workload.has_responses() {
            option("-r", format!("{bytes},{bytes}"));
        } else {
            option("-m", bytes.to_string());
        }
        if !orders.workload.is_datagrams() {
            option("-K", settings.congestion.to_string());
        }
        if let Buffers::Bytes(bytes) = settings.buffers {
            option("-s", bytes.to_string());
            option("-S", bytes.to_string());
        }
        arguments
    }

    fn is_listening(&self, printed: &str) -> bool {
        printed.contains("Starting netserver")
    }

    fn farewell(&self) -> Option<Signal> {
        Some(Signal::SIGTERM)
    }

    fn answer(&self, printed: &str) -> Answer {
        let figure = |name: &str| value(printed, name)?.parse::<f64>().ok();
        let counted = match value(printed, "THROUGHPUT_UNITS") {
            Some("Trans/s") => figure("THROUGHPUT").map(|rate| (None, Some(rate))),
            Some("10^6bits/s") => {
                figure("REMOTE_RECV_THROUGHPUT").map(|rate| (Some(rate * 1e6), None))
            }
            _ => None,
        };
        let Some((goodput_bps, transactions_per_s)) = counted else {
            return Answer::Gibberish("no throughput in units that are known".to_owned());
        };
        let retransmits = value(printed, "LOCAL_TRANSPORT_RETRANS");
        let congestion = value(printed, "LOCAL_CONG_CONTROL");
        Answer::Figures(Said {
            goodput_bps,
            transactions_per_s,
            // It says -1 where there is no such figure.
            retransmits: retransmits.and_then(|number| number.parse().ok()),
            congestion: congestion
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            ..Said::default()
        })
    }
}

/// Addresses are not to be looked up as those of the other family.
fn family(family: Family) -> String {
    match family {
        Family::Ipv4 => "-4",
        Family::Ipv6 => "-6",
    }
    .to_owned()
}

/// What stands behind a name, on a line of its own.
fn value<'a>(printed: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = printed.lines().filter_map(|line| line.split_once('='));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(printed: &str) -> Said {
        match Netperf.answer(printed) {
            Answer::Figures(said) => said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_it_says_of_a_stream_is_read() {
        let said = said(include_str!("fixtures/netperf-stream.txt"));
        assert_eq!(said.goodput_bps, Some(13_579.60e6));
        assert_eq!(said.transactions_per_s, None);
        assert_eq!(said.retransmits, Some(1));
        assert_eq!(said.congestion.as_deref(), Some("reno"));
    }

    #[test]
    fn what_it_says_of_requests_is_read() {
        let said = said(include_str!("fixtures/netperf-udp-rr.txt"));
        assert_eq!(said.goodput_bps, None);
        assert_eq!(said.transactions_per_s, Some(31_645.68));
        assert_eq!((said.retransmits, said.congestion), (None, None));
    }

    #[test]
    fn what_is_not_its_figures_is_gibberish() {
        let strange = "THROUGHPUT=1.0\nTHROUGHPUT_UNITS=furlongs/s\n";
        for printed in ["", "netperf: invalid option", strange] {
            let answer = Netperf.answer(printed);
            assert!(
                matches!(answer, Answer::Gibberish(_)),
                "{printed}: {answer:?}"
            );
        }
    }
}
