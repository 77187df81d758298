//! iperf3: bulk TCP between a server and a client of one pair.
//!
//! Its JSON (`-J`) is read, which it prints at its end: from 3.0 on, with an exit code of 0 and a field `error` where it failed.

use serde_json::Value;

use super::{Answer, Errand, Said, Tool};
use crate::scenario::Buffers;

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
        arguments.push(errand.plan.server.address.to_string());
        arguments
    }

    fn client(&self, errand: &Errand<'_>) -> Vec<String> {
        let settings = errand.settings;
        let mut arguments = words("--json --interval 0");
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("--client", errand.call.ip().to_string());
        option("--port", errand.call.port().to_string());
        option("--bind", errand.plan.client.address.to_string());
        option("--time", errand.seconds.to_string());
        option("--length", settings.message_bytes.to_string());
        option("--congestion", settings.congestion.to_string());
        option("--parallel", errand.streams.to_string());
        if let Buffers::Bytes(bytes) = settings.buffers {
            option("--window", bytes.to_string());
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
        match end["sum_received"]["bits_per_second"].as_f64() {
            Some(goodput_bps) => Answer::Figures(Said {
                version: said["start"]["version"].as_str().map(str::to_owned),
                goodput_bps: Some(goodput_bps),
                retransmits: end["sum_sent"]["retransmits"].as_u64(),
                transactions_per_s: None,
                congestion: end["sender_tcp_congestion"].as_str().map(str::to_owned),
            }),
            None => Answer::Gibberish("no end.sum_received.bits_per_second".to_owned()),
        }
    }
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
            })
        );
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
