//! Suggestions for unknown flags and verbs: the one that is meant.
//!
//! Must not know what flags do. The invariant: a flag is suggested only where the verb has it, and it means the same or is
//! spelled nearly the same.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::Cli;
use crate::scenario::{AnyKey, nearest, registry};

/// Other names for flags that are not keys of a scenario; keys list their own.
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
    ("type", "format"),
    ("tolerance", "threshold"),
];

/// Words that are not flags, and the flags that are meant.
fn meant() -> impl Iterator<Item = (&'static str, String)> {
    let own = MEANT.iter().map(|(word, flag)| (*word, (*flag).to_owned()));
    let keys = registry::keys().map(AnyKey::facts);
    own.chain(keys.flat_map(|facts| facts.also.iter().map(|word| (*word, facts.flag()))))
}

/// Adds to the error of an unknown flag or verb the one that is meant; any other error is unchanged.
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
    let mut meant = meant().filter(|(word, _)| *word == name);
    if let Some((_, flag)) = meant.find(|(_, flag)| flags.contains(&flag.as_str())) {
        return Some(format!("the flag for that is '--{flag}'"));
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
    fn every_flag_that_is_meant_exists() {
        let command = Cli::command();
        let verbs = command.get_subcommands();
        let flags: Vec<_> = verbs
            .flat_map(|verb| verb.get_arguments().filter_map(|it| it.get_long()))
            .collect();
        for (word, flag) in meant() {
            assert!(flags.contains(&flag.as_str()), "{word}: --{flag}");
            assert!(!flags.contains(&word), "{word} is a flag itself");
        }
    }
}
