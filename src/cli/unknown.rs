//! What is said of a flag that there is not: the one that is meant, or where else what is meant is written.
//!
//! Must not know what flags do. The invariant: a flag is suggested only where the verb has it, and it means the same or is
//! spelled nearly the same.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::Cli;
use crate::scenario::{nearest, table_of};

/// What people call flags by, and the flags: words of iperf3, netperf, Docker and of plain English.
const MEANT: &[(&str, &str)] = &[
    ("results", "out"),
    ("result", "out"),
    ("output", "out"),
    ("output-dir", "out"),
    ("dir", "out"),
    ("folder", "out"),
    ("silent", "quiet"),
    ("watch", "live"),
    ("tui", "live"),
    ("dry-run", "print"),
    ("continue", "resume"),
    ("check", "verify"),
    ("duration", "measure"),
    ("time", "measure"),
    ("window", "measure"),
    ("seconds", "measure"),
    ("omit", "warmup"),
    ("warm-up", "warmup"),
    ("trials", "repeats"),
    ("runs", "repeats"),
    ("iterations", "repeats"),
    ("reps", "repeats"),
    ("precision", "within"),
    ("retries", "again"),
    ("count", "containers"),
    ("counts", "containers"),
    ("namespaces", "containers"),
    ("network", "topology"),
    ("engine", "testbed"),
    ("runtime", "testbed"),
    ("ip", "family"),
    ("ip-version", "family"),
    ("iptables", "firewall"),
    ("nftables", "firewall"),
    ("tool", "driver"),
    ("generator", "driver"),
    ("test", "workload"),
    ("traffic", "workload"),
    ("protocol", "workload"),
    ("parallel", "streams"),
    ("flows", "streams"),
    ("connections", "streams"),
    ("length", "message"),
    ("size", "message"),
    ("bytes", "message"),
    ("reply", "response"),
    ("bandwidth", "rate"),
    ("bitrate", "rate"),
    ("cc", "congestion"),
    ("affinity", "pinning"),
    ("cpus", "cpu-max"),
    ("memory", "memory-max"),
    ("cpuset-cpus", "cpuset"),
    ("bidir", "direction"),
    ("mix", "beside"),
    ("loss", "search"),
    ("zerocopy", "send"),
    ("gso", "gso-max"),
    ("type", "format"),
    ("tolerance", "threshold"),
];

/// Says of an unknown flag or verb what is meant by it; any other error is as it was.
pub(super) fn explained(error: clap::Error, words: &[String]) -> clap::Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => without_hidden(error),
        ErrorKind::UnknownArgument => explained_flag(error, words),
        _ => error,
    }
}

/// Suggests the verb that is spelled nearly the same, and none that kilonet has for itself.
fn without_hidden(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let command = Cli::command();
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let similar = nearest(word, verbs.map(Command::get_name));
    let advice = similar.map(|verb| format!("a similar subcommand exists: '{verb}'"));
    error.remove(ContextKind::SuggestedSubcommand);
    error.remove(ContextKind::Suggested);
    if let Some(advice) = advice {
        let advice = ContextValue::StyledStrs(vec![advice.into()]);
        error.insert(ContextKind::Suggested, advice);
    }
    error
}

fn explained_flag(mut error: clap::Error, words: &[String]) -> clap::Error {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let Some(name) = flag.strip_prefix("--").map(str::to_owned) else {
        return error;
    };
    let name = name.split('=').next().unwrap_or_default();
    // What is spelled a little alike is suggested by the parser, whatever it means.
    error.remove(ContextKind::SuggestedArg);
    error.remove(ContextKind::Suggested);
    let mut command = Cli::command();
    command.build();
    let is_verb = |word: &&String| command.find_subcommand(word).is_some();
    let verb = words.iter().find(is_verb).cloned();
    let verb = match verb.and_then(|verb| command.find_subcommand_mut(verb)) {
        Some(verb) => verb,
        None => &mut command,
    };
    // The parser's has the flag that it suggests.
    let usage = ContextValue::StyledStr(verb.render_usage());
    error.insert(ContextKind::Usage, usage);
    if let Some(advice) = advice(name, verb) {
        let advice = ContextValue::StyledStrs(vec![advice.into()]);
        error.insert(ContextKind::Suggested, advice);
    }
    error
}

fn advice(name: &str, verb: &Command) -> Option<String> {
    let flags: Vec<_> = verb
        .get_arguments()
        .filter_map(|it| it.get_long())
        .collect();
    let meant = MEANT.iter().filter(|(word, _)| *word == name);
    let mut meant = meant.map(|(_, flag)| *flag);
    if let Some(flag) = meant.find(|flag| flags.contains(flag)) {
        return Some(format!("the flag for that is '--{flag}'"));
    }
    let key = name.replace('-', "_");
    if let Some(table) = table_of(&key).filter(|_| flags.contains(&"topology")) {
        let place = match table {
            "" => "above all tables".to_owned(),
            table => format!("under [{table}]"),
        };
        return Some(format!(
            "`{key}` has no flag: write it in a scenario's file {place}"
        ));
    }
    let flag = nearest(name, flags.into_iter())?;
    Some(format!("a similar argument exists: '--{flag}'"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn said(line: &str) -> String {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let error = Cli::try_parse_from(&words).expect_err("a flag that there is not");
        explained(error, &words).to_string()
    }

    #[test]
    fn a_flag_is_suggested_by_what_is_meant() {
        for (line, flag) in [
            ("kilonet run x.toml --results here", "'--out'"),
            ("kilonet sweep --duration 3s", "'--measure'"),
            ("kilonet sweep --parallel=4", "'--streams'"),
            ("kilonet plan x.toml --trials 3", "'--repeats'"),
            ("kilonet sweep --containrs 8", "'--containers'"),
        ] {
            let said = said(line);
            assert!(said.contains(flag), "{line}: {said}");
            assert_eq!(said.matches("tip:").count(), 1, "{said}");
        }
    }

    #[test]
    fn only_a_verb_that_is_in_the_help_is_suggested() {
        assert!(said("kilonet reprot").contains("'report'"));
        for line in ["kilonet bench", "kilonet __agent", "kilonet agnet"] {
            assert!(!said(line).contains("exists"), "{}", said(line));
        }
    }

    #[test]
    fn the_usage_is_that_of_the_verb() {
        let said = said("kilonet run x.toml --results here");
        assert!(
            said.contains("Usage: kilonet run [OPTIONS] [SCENARIO]"),
            "{said}"
        );
    }

    #[test]
    fn what_is_merely_spelled_a_little_alike_is_not_suggested() {
        for line in [
            "kilonet sweep --colours",
            "kilonet plan x.toml --results here",
            "kilonet report here --rules 5",
        ] {
            assert!(!said(line).contains("tip:"), "{}", said(line));
        }
    }

    #[test]
    fn every_key_without_a_flag_is_said_to_belong_into_a_file() {
        let mtu = said("kilonet sweep --mtu 9000");
        assert!(
            mtu.contains("`mtu` has no flag: write it in a scenario's file under [axes]"),
            "{mtu}"
        );
        let command = Cli::command();
        let sweep = command.find_subcommand("sweep").unwrap();
        let flags: Vec<_> = sweep
            .get_arguments()
            .filter_map(|it| it.get_long())
            .collect();
        let schema = crate::scenario::schema();
        let mut told = 0;
        for table in ["lab", "trial"] {
            let keys = schema["properties"][table]["properties"]
                .as_object()
                .unwrap();
            for key in keys.keys() {
                let flag = key.replace('_', "-");
                if flags.contains(&flag.as_str()) {
                    continue;
                }
                let said = said(&format!("kilonet sweep --{flag} 1"));
                assert!(said.contains(&format!("under [{table}]")), "{said}");
                told += 1;
            }
        }
        assert!(told > 5, "{told}");
    }

    #[test]
    fn every_flag_that_is_meant_exists() {
        let command = Cli::command();
        let verbs = command.get_subcommands();
        let flags: Vec<_> = verbs
            .flat_map(|verb| verb.get_arguments().filter_map(|it| it.get_long()))
            .collect();
        for (word, flag) in MEANT {
            assert!(flags.contains(flag), "{word}: --{flag}");
            assert!(!flags.contains(word), "{word} is a flag itself");
        }
    }
}
