//! How a scenario's text is read: from a file, with flags put in the place of its keys, as TOML.
//!
//! Knows TOML's tables but no key of a scenario. Invariant: the file's own bytes stay as they are.

use std::path::Path;
use std::slice;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::source::{Edit, Source, Span};
use crate::error::Result;
use crate::files;
use kilonet_record::factors::key::Table;

/// A scenario is written by hand; what is larger than this is something else.
const LARGEST_FILE: u64 = 1 << 20;

/// A flag given in place of a key.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    /// The flag with its dashes.
    pub(super) flag: String,
    /// The table of its key.
    pub(super) table: &'static str,
    /// The table in which the key may be too.
    pub(super) before: Option<&'static str>,
    /// The key.
    pub(super) key: &'static str,
    /// Whether a comma in it makes a list.
    pub(super) is_axis: bool,
    /// What was given.
    pub(super) text: &'a str,
}

impl Source {
    /// Reads a file, whatever it turns out to be, without reading more than a scenario may hold.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let read = files::read(path, LARGEST_FILE).map_err(|error| error.to_string());
        let text = read.and_then(decode);
        match text {
            Ok(text) => Ok(Self::new(path.display().to_string(), text)),
            Err(reason) => {
                let source = Self::new(path.display().to_string(), "");
                let mut problems = Problems::default();
                problems.push(
                    Problem::of_file(format!("read scenario: {reason}")).remedy(
                        "a scenario is a TOML file; `kilonet schema` prints what it may hold",
                    ),
                );
                Err(problems.into_error(&source))
            }
        }
    }

    /// The same text with flags in place of its keys.
    ///
    /// # Errors
    /// When the text itself is no TOML, so that its keys cannot be found.
    pub(super) fn with(mut self, settings: &[Setting<'_>]) -> Result<Self> {
        for table in Table::ALL.map(Table::name) {
            let wanted = settings.iter().any(|setting| setting.table == table);
            if wanted && !self.parse()?.get_ref().contains_key(table) {
                self.append_table(table);
            }
        }
        let document = self.parse()?;
        let edits = settings
            .iter()
            .flat_map(|setting| edits(&self.text, document.get_ref(), setting));
        let mut edits: Vec<_> = edits.collect();
        edits.sort_by_key(|edit| edit.old.start);
        self.text = splice(&self.text, &edits);
        self.edits = edits;
        Ok(self)
    }

    /// The parsed text.
    ///
    /// # Errors
    /// The first thing that is not TOML; what follows it is mostly its consequence.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'_>>> {
        DeTable::parse(&self.text).map_err(|error| {
            let mut problems = Problems::default();
            problems
                .push(Problem::of_file(format!("not TOML: {}", error.message())).at(error.span()));
            problems.into_error(self)
        })
    }

    fn append_table(&mut self, table: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.extend(["\n[", table, "]\n"]);
    }
}

fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        format!("not UTF-8, from line {line} on")
    })?;
    if text.trim().is_empty() {
        return Err("empty".to_owned());
    }
    Ok(text)
}

/// How a setting changes the text: in every table of its name. What is no table is left for reading to report.
fn edits(text: &str, document: &DeTable<'_>, setting: &Setting<'_>) -> Vec<Edit> {
    let before = setting.before.and_then(|table| document.get(table));
    let has_it = |table: &&Spanned<DeValue<'_>>| {
        let entries = table.get_ref().as_table();
        entries.is_some_and(|entries| entries.contains_key(setting.key))
    };
    let Some(value) = before.filter(has_it).or(document.get(setting.table)) else {
        return Vec::new();
    };
    let tables = match value.get_ref() {
        DeValue::Array(items) => items,
        _ => slice::from_ref(value),
    };
    tables
        .iter()
        .filter_map(|table| edit(text, table, setting))
        .collect()
}

fn edit(text: &str, table: &Spanned<DeValue<'_>>, setting: &Setting<'_>) -> Option<Edit> {
    let (old, before, after) = match table.get_ref().as_table()?.get(setting.key) {
        Some(value) => (value.span(), String::new(), ""),
        None => room(text, &table.span(), setting),
    };
    Some(Edit {
        flag: setting.flag.clone(),
        given: setting.text.to_owned(),
        old,
        before,
        value: toml_value(setting.text, setting.is_axis),
        after,
    })
}

/// Where a key that is not there goes: below `[table]`, inside `table = {`, or, where the table exists by dotted keys
/// alone, as a dotted key at the top.
fn room(text: &str, table: &Span, setting: &Setting<'_>) -> (Span, String, &'static str) {
    if text[table.clone()].starts_with('{') {
        let inside = table.start + 1;
        // TOML 1.1 lets a comma stand before the closing brace, so it may stand there when nothing follows.
        return (inside..inside, format!(" {} = ", setting.key), ",");
    }
    // The parser's span of a table below a header is the header.
    if text[table.clone()].starts_with('[') {
        return match text[table.end..].find('\n') {
            Some(line) => {
                let below = table.end + line + 1;
                (below..below, format!("{} = ", setting.key), "\n")
            }
            None => (
                text.len()..text.len(),
                format!("\n{} = ", setting.key),
                "\n",
            ),
        };
    }
    (0..0, format!("{}.{} = ", setting.table, setting.key), "\n")
}

fn splice(text: &str, edits: &[Edit]) -> String {
    let mut spliced = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        spliced.push_str(&text[done..edit.old.start]);
        spliced.extend([edit.before.as_str(), edit.value.as_str(), edit.after]);
        done = edit.old.end;
    }
    spliced.push_str(&text[done..]);
    spliced
}

/// What was given to a flag, as TOML writes it: of an axis a comma makes a list, digits a number, anything else is a string.
pub(super) fn toml_value(text: &str, is_axis: bool) -> String {
    if !is_axis {
        return toml_item(text.trim());
    }
    let items = text.split(',');
    let items: Vec<_> = items.map(|item| toml_item(item.trim())).collect();
    match items.as_slice() {
        [item] => item.clone(),
        _ => format!("[{}]", items.join(", ")),
    }
}

fn toml_item(item: &str) -> String {
    if matches!(item, "true" | "false") {
        return item.to_owned();
    }
    match item.parse::<u64>() {
        // Not every text that parses is how TOML writes a number: `007`, `+7`.
        Ok(number) if number.to_string() == item => item.to_owned(),
        _ => toml::Value::String(item.to_owned()).to_string(),
    }
}
