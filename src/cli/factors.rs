//! The flags for a scenario's keys, the same for all verbs that take any.
//!
//! Names none of them: each is made from its key's entry. The invariant: every key has its flag.

use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::scenario::key::Facts;
use crate::scenario::{AnyKey, Overrides, registry};

/// The values given for keys; each replaces the scenario's key of the same name.
#[derive(Debug, Clone, Default)]
pub(super) struct Factors(Overrides);

impl Factors {
    /// The flags as the scenario's reader takes them.
    pub(super) fn overrides(&self) -> Overrides {
        self.0.clone()
    }
}

impl Args for Factors {
    fn augment_args(command: Command) -> Command {
        command.args(registry::keys().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Factors {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut factors = Self::default();
        factors.update_from_arg_matches(matches)?;
        Ok(factors)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for key in registry::keys() {
            if let Some(text) = matches.get_one::<String>(key.facts().name) {
                self.0.give(key, text);
            }
        }
        Ok(())
    }
}

fn flag(key: &dyn AnyKey) -> Arg {
    let facts = key.facts();
    Arg::new(facts.name)
        .long(facts.flag())
        .value_name(key.value_name())
        .help_heading(facts.group.heading())
        .help(help(facts, &key.words()))
}

/// The first sentence of a key's help, and examples of its values.
fn help(facts: &Facts, words: &[(&str, &str)]) -> String {
    let sentence = facts.help.split(". ").next().unwrap_or_default();
    let sentence = sentence.trim_end_matches('.');
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    match (facts.examples, words.as_slice()) {
        ("", []) => sentence.to_owned(),
        ("", words) => format!("{sentence}: {}", words.join(", ")),
        (examples, _) => format!("{sentence}: {examples}"),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;
    use kilonet_record::store::sample::newcomer::WEATHER;

    /// The same flag twice, or one that a verb has of its own, is a mistake that the parser finds.
    #[test]
    fn no_flag_is_there_twice() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_factor_that_has_nothing_but_its_entry_has_its_flag() {
        let line = ["kilonet", "sweep", "--weather", "windy"];
        registry::with(&WEATHER, || {
            let mut command = Cli::command();
            let sweep = command.find_subcommand_mut("sweep").unwrap();
            let help = sweep.render_long_help().to_string();
            let said = "--weather <LIST>";
            assert!(help.contains(said), "{help}");
            assert!(help.contains("Whether wind moves the cables: calm, windy"));
            let matches = Factors::augment_args(Command::new("kilonet"))
                .try_get_matches_from(["kilonet", "--weather", "windy"])
                .unwrap();
            let given = Factors::from_arg_matches(&matches).unwrap().overrides();
            assert_eq!(given.text(&WEATHER), Some("windy"));
            assert!(Cli::try_parse_from(line).is_ok());
        });
        assert!(Cli::try_parse_from(line).is_err());
    }
}
