//! The reference of scenario files: one that holds every key, with its default and what it means.
//!
//! Knows no key by itself. Invariant: it is a scenario, and means what its one required key alone does.

use std::fmt::Write;

use super::edit::toml_value;
use super::fail_if::Subject;
use super::sysctl;
use kilonet_record::factors::key::{AnyKey, Table, Usual};
use kilonet_record::factors::namespace_sysctls::NAMESPACED;
use kilonet_record::factors::registry;

/// Columns that a line has at most.
const WIDTH: usize = 110;

const HEAD: &str = "\
# Part of the run folder's name; the file's own name if absent.
# name = \"mine\"

# The question that the scenario answers, in a sentence.
# about = \"What does a bridge cost?\"
";

const SYSCTLS: &str = "
# Of the whole machine: changed for the run, and restored after it. Needs root, not a user namespace.
[sysctls]
";

const NAMESPACE: &str = "
# Sysctls of each container's namespace, set when it is made; to vary them, use namespace_sysctls in [axes]. Thousands of containers take
# longer to set up with them.
[namespace.sysctls]
";

const FAIL_IF: &str = "
# The run fails, with exit code 1, if the median of a cell meets a condition: a text such as those below, or a list of texts. For some
# cells only, add at = { containers = 64 }; several tables are written as [[fail_if]].
[fail_if]
";

fn header(table: Table) -> &'static str {
    match table {
        Table::Axes => {
            "Each is one value, a list, or (numbers) a range; every combination is measured."
        }
        Table::Lab => "How labs are built; one value each.",
        Table::Trial => "How trials are timed, and how often they are made.",
    }
}

/// A scenario file that holds every key, with its default, what it means and what it takes. What has no default is behind a mark
/// of a comment.
#[must_use]
pub fn reference() -> String {
    let mut file = HEAD.to_owned();
    for table in Table::ALL {
        // Writing to a string does not fail.
        let _ = write!(file, "\n# {}\n[{}]\n", header(table), table.name());
        for key in registry::keys_of(table) {
            file.push_str(&entry(key));
        }
    }
    file.push_str(SYSCTLS);
    for (name, about) in sysctl::meanings() {
        comment(&mut file, &format!("\"{name}\": {about}"), "  ");
    }
    file.push_str(NAMESPACE);
    for sysctl in NAMESPACED {
        comment(
            &mut file,
            &format!("\"{}\": {}", sysctl.name, sysctl.about),
            "  ",
        );
    }
    file.push_str(FAIL_IF);
    for subject in Subject::all() {
        let (word, example) = (subject.word(), subject.example());
        comment(
            &mut file,
            &format!("{word} = \"{example}\": {}", subject.about()),
            "  ",
        );
    }
    file
}

fn entry(key: &dyn AnyKey) -> String {
    let facts = key.facts();
    let mut entry = "\n".to_owned();
    comment(&mut entry, facts.help, "");
    for (word, about) in key.words() {
        comment(&mut entry, &format!("\"{word}\": {about}"), "  ");
    }
    if key.words().is_empty() {
        comment(&mut entry, &format!("Allowed: {}.", key.allowed()), "");
    }
    let (mark, value) = match facts.usual {
        Usual::Required => ("", example(key)),
        Usual::Absent => ("# ", example(key)),
        usual => ("", usual.toml().unwrap_or_default()),
    };
    let _ = writeln!(entry, "{mark}{} = {value}", facts.name);
    entry
}

/// The first value that the entry names, as it stands in a file.
fn example(key: &dyn AnyKey) -> String {
    let facts = key.facts();
    let named = facts.examples.split('`').nth(1);
    let word = key.words().first().map(|(word, _)| *word);
    toml_value(named.or(word).unwrap_or_default(), facts.is_axis)
}

/// Adds a text as a comment, in lines that are not too long; those that follow the first are set in.
fn comment(file: &mut String, text: &str, indent: &str) {
    let mut line = format!("# {indent}");
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(file, "{line}");
            line = format!("# {indent}{indent}");
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    let _ = writeln!(file, "{line}");
}
