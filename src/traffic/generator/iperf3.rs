//! iperf3: bulk TCP, or datagrams, between a server and a client of one pair.
//!
//! Its JSON (`-J`) is read, which it prints at its end: from 3.0 on, with an exit code of 0 and a field `error` where it failed.
//! Datagrams are numbered by its client; what became of them its server tells the client over a connection of TCP.

use serde_json::Value;

use super::tool::{Answer, Errand, Said, SaidDatagrams, Tool};
use crate::scenario::{Buffers, Orders};

#[derive(Debug)]
pub(super) struct Iperf3;

impl Tool for Iperf3 {
    fn program(&self) -> &'static str {
        "iperf3"
    }

    /// One-off: it ends with its client. Text, flushed, since that is how it says when it listens.
    fn server(&self, errand: &Errand<'_>) -> Vec<String> {
        let mut arguments = words("--server --one-off --forceflush --interval 0 --port");
        arguments.push(errand.listen.to_string());
        arguments.push("--bind".to_owned());
        arguments.push(errand.flow.server.address.to_string());
        arguments
    }

    fn client(&self, errand: &Errand<'_>) -> Vec<String> {
        let (settings, orders) = (errand.settings, errand.flow.orders);
        let mut arguments = words("--json --interval 0");
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("--client", errand.call.ip().to_string());
        option("--port", errand.call.port().to_string());
        option("--bind", errand.flow.client.address.to_string());
        option("--time", errand.seconds.to_string());
        option("--length", orders.message_bytes.to_string());
        option("--parallel", errand.streams.to_string());
        if let Buffers::Bytes(bytes) = settings.buffers {
            option("--window", bytes.to_string());
        }
        if orders.workload.is_datagrams() {
            option("--bitrate", bitrate(orders).to_string());
            arguments.push("--udp".to_owned());
        } else {
            option("--congestion", settings.congestion.to_string());
        }
        arguments
    }

    fn is_listening(&self, printed: &str) -> bool {
        printed.contains("Server listening on")
    }

    fn answer(&self, printed: &str) -> Answer {
        let said: Value = match serde_json::from_str(printed) {
            Ok(said) => said,
            Err(error) => return Answer::Gibberish(format!("no JSON: {error}")),
        };
        if let Some(error) = said["error"].as_str() {
            return Answer::Failure(error.to_owned());
        }
        let end = &said["end"];
        let Some(goodput_bps) = end["sum_received"]["bits_per_second"].as_f64() else {
            return Answer::Gibberish("no end.sum_received.bits_per_second".to_owned());
        };
        let datagrams = match said["start"]["test_start"]["protocol"].as_str() {
            Some("UDP") => datagrams(end).map(Some),
            _ => Ok(None),
        };
        match datagrams {
            Ok(datagrams) => Answer::Figures(Said {
                version: said["start"]["version"].as_str().map(str::to_owned),
                goodput_bps: Some(goodput_bps),
                retransmits: end["sum_sent"]["retransmits"].as_u64(),
                transactions_per_s: None,
                congestion: end["sender_tcp_congestion"].as_str().map(str::to_owned),
                datagrams,
            }),
            Err(absent) => Answer::Gibberish(format!("no {absent}")),
        }
    }
}

/// Payload that each of its streams is to offer, in bits a second; 0 is as fast as it goes.
fn bitrate(orders: Orders) -> u64 {
    u64::from(orders.load.rate.unwrap_or(0)) * u64::from(orders.message_bytes) * 8
}

/// What both ends say of datagrams; the first figure that is not there.
fn datagrams(end: &Value) -> Result<SaidDatagrams, &'static str> {
    let (sent, came) = (&end["sum_sent"], &end["sum_received"]);
    let packets = came["packets"].as_u64();
    let packets = packets.ok_or("end.sum_received.packets")?;
    // It takes one off for each that comes late, and may have taken too many.
    let lost = came["lost_packets"].as_i64();
    let lost = lost.ok_or("end.sum_received.lost_packets")?.max(0);
    let lost = lost.unsigned_abs();
    let streams = end["streams"].as_array();
    let streams = streams.ok_or("end.streams")?.iter();
    let reordered = streams.filter_map(|stream| stream["udp"]["out_of_order"].as_u64());
    Ok(SaidDatagrams {
        sent: sent["packets"].as_u64().ok_or("end.sum_sent.packets")?,
        // Those it numbers up to the last that came are the packets of its server.
        received: packets.saturating_sub(lost),
        lost,
        reordered: reordered.sum(),
        jitter_ms: came["jitter_ms"]
            .as_f64()
            .ok_or("end.sum_received.jitter_ms")?,
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_at_its_end_is_read() {
        let printed = include_str!("fixtures/iperf3-client.json");
        assert_eq!(
            Iperf3.answer(printed),
            Answer::Figures(Said {
                version: Some("iperf 3.12".to_owned()),
                goodput_bps: Some(27_181_937_555.546_89),
                retransmits: Some(0),
                transactions_per_s: None,
                congestion: Some("cubic".to_owned()),
                datagrams: None,
            })
        );
    }

    fn said_of_datagrams(printed: &str) -> SaidDatagrams {
        match Iperf3.answer(printed) {
            Answer::Figures(said) => said.datagrams.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_both_ends_say_of_datagrams_is_read() {
        let said = said_of_datagrams(include_str!("fixtures/iperf3-client-udp.json"));
        assert_eq!((said.sent, said.received), (1_785, 1_785));
        assert_eq!((said.lost, said.reordered), (0, 0));
        assert!((0.0..1.0).contains(&said.jitter_ms));
        // Two streams, which the server could not keep up with.
        let printed = include_str!("fixtures/iperf3-client-udp-2-streams.json");
        let said = said_of_datagrams(printed);
        assert_eq!((said.sent, said.lost), (113_600, 35_652 + 35_660));
        assert_eq!(said.received, said.sent - said.lost);
        let Answer::Figures(all) = Iperf3.answer(printed) else {
            panic!("{printed}");
        };
        assert_eq!((all.retransmits, all.congestion), (None, None));
        let bytes: Value = serde_json::from_str(printed).unwrap();
        let bytes = bytes["end"]["sum_received"]["bytes"].as_u64().unwrap();
        assert_eq!(said.received * 1_400, bytes);
    }

    #[test]
    fn datagrams_without_a_count_are_gibberish() {
        let whole = include_str!("fixtures/iperf3-client-udp.json");
        for figure in ["packets", "lost_packets", "jitter_ms"] {
            let printed = whole.replace(&format!("\"{figure}\""), "\"something\"");
            let Answer::Gibberish(why) = Iperf3.answer(&printed) else {
                panic!("{figure}");
            };
            assert_eq!(why, format!("no end.sum_received.{figure}"));
        }
    }

    #[test]
    fn several_streams_are_one_sum() {
        let printed = include_str!("fixtures/iperf3-client-2-streams.json");
        let Answer::Figures(said) = Iperf3.answer(printed) else {
            panic!("{printed}");
        };
        let printed: Value = serde_json::from_str(printed).unwrap();
        let each = printed["end"]["streams"].as_array().unwrap();
        assert_eq!(each.len(), 2);
        let sum = |key: &str| -> f64 {
            each.iter()
                .map(|it| it["receiver"][key].as_f64().unwrap())
                .sum()
        };
        let difference = said.goodput_bps.unwrap() / sum("bits_per_second") - 1.0;
        assert!(difference.abs() < 1e-3, "{difference}");
        assert_eq!(said.retransmits, Some(16));
    }

    #[test]
    fn a_refusal_is_its_own_words() {
        let printed = include_str!("fixtures/iperf3-client-refused.json");
        let words = "unable to connect to server: Connection refused";
        assert_eq!(Iperf3.answer(printed), Answer::Failure(words.to_owned()));
    }

    #[test]
    fn what_is_not_its_json_is_gibberish() {
        for printed in ["", "iperf3: parameter error", "{\"end\": {}}", "{"] {
            let answer = Iperf3.answer(printed);
            assert!(
                matches!(answer, Answer::Gibberish(_)),
                "{printed}: {answer:?}"
            );
        }
    }

    #[test]
    fn a_server_can_be_called_once_it_says_so() {
        let printed = include_str!("fixtures/iperf3-server.txt");
        let says = printed.find("Server listening").unwrap();
        assert!(!Iperf3.is_listening(&printed[..says]));
        assert!(Iperf3.is_listening(printed));
    }
}
