//! sockperf: its ping-pong, requests and responses of one size between a server and a client of one pair.
//!
//! Its text is read, as it has no other form. It ends with exit code 0 where it failed, too. A server goes on until it is told
//! to end. Version 3.7 speaks IPv4 alone.

use nix::sys::signal::Signal;

use super::tool::{Answer, Errand, Said, Tool};
use crate::scenario::Buffers;

#[derive(Debug)]
pub(super) struct Sockperf;

impl Tool for Sockperf {
    fn program(&self) -> &'static str {
        "sockperf"
    }

    fn server(&self, errand: &Errand<'_>) -> Vec<String> {
        let mut arguments = vec!["server".to_owned()];
        arguments.extend(transport(errand));
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("--ip", errand.flow.server.address.to_string());
        option("--port", errand.listen.to_string());
        if let Buffers::Bytes(bytes) = errand.settings.buffers {
            option("--buffer-size", bytes.to_string());
        }
        arguments
    }

    fn client(&self, errand: &Errand<'_>) -> Vec<String> {
        let (settings, orders) = (errand.settings, errand.flow.orders);
        let mut arguments = vec!["ping-pong".to_owned()];
        arguments.extend(transport(errand));
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("--ip", errand.call.ip().to_string());
        option("--port", errand.call.port().to_string());
        option("--client_ip", errand.flow.client.address.to_string());
        option("--time", errand.seconds.to_string());
        option("--msg-size", orders.message_bytes.to_string());
        if let Buffers::Bytes(bytes) = settings.buffers {
            option("--buffer-size", bytes.to_string());
        }
        arguments
    }

    fn is_listening(&self, printed: &str) -> bool {
        printed.contains("to block on socket(s)")
    }

    fn farewell(&self) -> Option<Signal> {
        Some(Signal::SIGINT)
    }

    fn answer(&self, printed: &str) -> Answer {
        if let Some((_, error)) = printed.split_once("ERROR: ") {
            let line = error.lines().next().unwrap_or_default();
            return Answer::Failure(line.trim().to_owned());
        }
        let valid = printed
            .lines()
            .find_map(|line| line.split_once("[Valid Duration] "));
        let Some((_, valid)) = valid else {
            return Answer::Gibberish("no [Valid Duration]".to_owned());
        };
        let figure = |name| figure(valid, name).filter(|figure| *figure > 0.0);
        match figure("RunTime=").zip(figure("ReceivedMessages=")) {
            Some((seconds, received)) => Answer::Figures(Said {
                version: between(printed, "version ", " ==").map(str::to_owned),
                transactions_per_s: Some(received / seconds),
                ..Said::default()
            }),
            None => Answer::Gibberish("no time or no messages in [Valid Duration]".to_owned()),
        }
    }
}

fn transport(errand: &Errand<'_>) -> Option<String> {
    let datagrams = errand.flow.orders.workload.is_datagrams();
    (!datagrams).then(|| "--tcp".to_owned())
}

/// The number behind a name.
fn figure(text: &str, name: &str) -> Option<f64> {
    let (_, text) = text.split_once(name)?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    text[..end.unwrap_or(text.len())].parse().ok()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_at_its_end_is_read() {
        let printed = include_str!("fixtures/sockperf-client.txt");
        let Answer::Figures(said) = Sockperf.answer(printed) else {
            panic!("{printed}");
        };
        assert_eq!(said.version.as_deref(), Some("#3.7-no.git"));
        // A second figure of the same output: in a closed loop of one, a round trip is twice its "latency".
        let latency = figure(printed, "Summary: Latency is ").unwrap();
        let ratio = said.transactions_per_s.unwrap() * 2.0 * latency / 1e6;
        assert!((0.95..1.05).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_refusal_is_its_own_words() {
        let printed = include_str!("fixtures/sockperf-client-refused.txt");
        let words = "Can`t connect socket (errno=111 Connection refused)";
        assert_eq!(Sockperf.answer(printed), Answer::Failure(words.to_owned()));
    }

    #[test]
    fn what_is_not_its_report_is_gibberish() {
        for printed in [
            "",
            "[Valid Duration] RunTime=0.000 sec; ReceivedMessages=0",
            "hello",
        ] {
            let answer = Sockperf.answer(printed);
            assert!(
                matches!(answer, Answer::Gibberish(_)),
                "{printed}: {answer:?}"
            );
        }
    }
}
