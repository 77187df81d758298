//! Reads one table of a scenario, key by key, and says what is wrong with each.
//!
//! Knows no key by itself: those it is asked for are the ones that exist, and [`Table::finish`] reports the others.

use std::borrow::Cow;
use std::slice;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::source::Span;
use super::values::{At, Values};
use kilonet_record::factors::key::{self, AnyKey, Level, Usual};
use kilonet_record::factors::range::MOST_POINTS;
use kilonet_record::factors::raw::{Digits, Raw};
use kilonet_record::factors::registry;
use kilonet_record::factors::value::{Written, nearest, show};

/// A table of the file, or the lack of one.
pub(super) struct Table<'doc, 'out> {
    path: Cow<'static, str>,
    /// Its header, where that tells it from others of its key.
    header: Option<Span>,
    entries: Option<&'doc DeTable<'doc>>,
    known: Vec<&'static str>,
    problems: &'out mut Problems,
}

impl<'doc, 'out> Table<'doc, 'out> {
    /// The table that a file is.
    pub(super) fn root(entries: &'doc DeTable<'doc>, problems: &'out mut Problems) -> Self {
        Self {
            path: "".into(),
            header: None,
            entries: Some(entries),
            known: Vec::new(),
            problems,
        }
    }

    /// A table within; an empty one when it is not there.
    pub(super) fn table(&mut self, key: &'static str) -> Table<'doc, '_> {
        let value = self.take(key);
        let path = self.name(key);
        self.within(path, value)
    }

    /// Every key that is written and was not asked for, where it stands and with its value, in the order of the file: of a table whose
    /// keys are not all known beforehand.
    pub(super) fn others(&self) -> Vec<(&'doc str, Span, &'doc Spanned<DeValue<'doc>>)> {
        let written = self.entries.into_iter().flatten();
        let written = written.map(|(key, value)| (&**key.get_ref(), key.span(), value));
        let mut others: Vec<_> = written
            .filter(|(key, ..)| !self.known.contains(key))
            .collect();
        others.sort_by_key(|(_, span, _)| span.start);
        others
    }

    /// Takes a key for one that was asked for, so that nothing more is said of it.
    pub(super) fn know(&mut self, key: &'static str) {
        self.known.push(key);
    }

    /// Reports a problem.
    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// What is read from each table of a list, `[[key]]`, or from the one that is there in its place.
    pub(super) fn tables<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(Table<'doc, '_>) -> T,
    ) -> Vec<T> {
        let value = self.take(key);
        let Some((list, items)) = value.and_then(|list| Some((list, list.get_ref().as_array()?)))
        else {
            return vec![read(self.within(key, value))];
        };
        if items.is_empty() {
            let problem = Problem::of(self.name(key), "an empty list leaves nothing to run");
            let remedy = format!("allowed: one table or more, each as [[{key}]]");
            self.problems.push(problem.at(list.span()).remedy(remedy));
        }
        let each = items.iter().enumerate().map(|(nth, item)| {
            let mut table = self.within(format!("{key}[{nth}]"), Some(item));
            table.header = Some(item.span());
            read(table)
        });
        each.collect()
    }

    fn within(
        &mut self,
        path: impl Into<Cow<'static, str>>,
        value: Option<&'doc Spanned<DeValue<'doc>>>,
    ) -> Table<'doc, '_> {
        let path = path.into();
        let entries = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, entries) {
            let message = format!("{} where a table belongs", show(&raw(value.get_ref())));
            let problem = Problem::of(path.clone(), message).at(value.span());
            let key = path.split('[').next().unwrap_or(&path);
            self.problems
                .push(problem.remedy(format!("allowed: [{key}] and its keys below")));
        }
        Table {
            path,
            header: None,
            entries,
            known: Vec::new(),
            problems: self.problems,
        }
    }

    /// How the file names it; nothing for the file itself.
    fn path(&self) -> &str {
        &self.path
    }

    /// The values of all keys that are written in such a table; of those that are only read there too, what is written.
    pub(super) fn values(mut self, table: key::Table) -> Values {
        let keys = registry::keys().filter(|key| key.facts().is_read_in(table));
        let levels = keys.map(|key| {
            let facts = key.facts();
            let levels = if facts.table == table {
                self.levels_of(key)
            } else {
                let value = self.take(facts.name);
                value.map_or_else(Vec::new, |value| self.levels(key, value))
            };
            (facts.name, levels)
        });
        let levels = levels.collect();
        let name = self.path.to_string();
        self.finish();
        Values::new(name, levels)
    }

    /// What a key says, or what is usual.
    fn levels_of(&mut self, key: &dyn AnyKey) -> Vec<At<Level>> {
        let facts = key.facts();
        let usual = || key.usual().map(At::default).into_iter().collect();
        match self.take(facts.name) {
            Some(value) if facts.is_axis => self.levels(key, value),
            Some(value) => match self.level(key, value) {
                Some(level) => vec![level],
                None => usual(),
            },
            None => {
                if facts.usual == Usual::Required {
                    let problem = Problem::of(self.name(facts.name), "required, but absent");
                    let problem = problem.at(self.header.clone());
                    self.problems.push(problem.remedy(allowed_of_axis(key)));
                }
                usual()
            }
        }
    }

    /// The one value of a key; none when it is not right, which is then reported.
    fn level(&mut self, key: &dyn AnyKey, value: &Spanned<DeValue<'_>>) -> Option<At<Level>> {
        match key.read(&raw(value.get_ref())) {
            Ok(levels) => levels.into_iter().next().map(|value_of| At {
                value: value_of,
                span: Some(value.span()),
            }),
            Err(message) => {
                self.refuse(key.facts().name, value.span(), message, &key.allowed());
                None
            }
        }
    }

    /// A single value; none when it is not there (or not right, which is then reported).
    pub(super) fn optional<T: Written>(&mut self, key: &'static str) -> Option<At<T>> {
        let value = self.take(key)?;
        match T::read(&raw(value.get_ref())) {
            Ok(read) => Some(At {
                value: read,
                span: Some(value.span()),
            }),
            Err(message) => {
                self.refuse(key, value.span(), message, &T::allowed());
                None
            }
        }
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.entries.into_iter().flatten() {
            let word = key.get_ref().as_ref();
            if !self.known.contains(&word) {
                let problem = Problem::of(self.name(word), "unknown key").at(key.span());
                self.problems
                    .push(problem.remedy(known_keys(word, &self.known)));
            }
        }
    }

    /// Reports what is wrong with the value of a key, and what it may be.
    pub(super) fn refuse(
        &mut self,
        key: &str,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
        allowed: &str,
    ) {
        let problem = Problem::of(self.name(key), message).at(span);
        self.problems
            .push(problem.remedy(format!("allowed: {allowed}")));
    }

    /// The same of an axis, which takes several.
    fn refuse_levels(&mut self, key: &dyn AnyKey, span: Span, message: impl Into<String>) {
        let problem = Problem::of(self.name(key.facts().name), message).at(span);
        self.problems.push(problem.remedy(allowed_of_axis(key)));
    }

    fn take(&mut self, key: &'static str) -> Option<&'doc Spanned<DeValue<'doc>>> {
        self.known.push(key);
        self.entries?.get(key)
    }

    /// The levels of an axis; what is not right of them is reported.
    pub(super) fn levels(
        &mut self,
        key: &dyn AnyKey,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<At<Level>> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items,
            _ => slice::from_ref(value),
        };
        if items.is_empty() {
            self.refuse_levels(key, value.span(), "an empty list leaves nothing to run");
        }
        let mut levels = Vec::new();
        for item in items {
            match key.read(&raw(item.get_ref())) {
                Ok(read) => levels.extend(read.into_iter().map(|value| At {
                    value,
                    span: Some(item.span()),
                })),
                Err(message) => self.refuse_levels(key, item.span(), message),
            }
            if levels.len().max(items.len()) > MOST_POINTS {
                let message = format!("more than {MOST_POINTS} values");
                self.refuse_levels(key, value.span(), message);
                break;
            }
        }
        levels
    }

    /// A key as the file names it, with its table.
    pub(super) fn name(&self, key: &str) -> String {
        match self.path() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

/// What may stand behind the key of an axis.
fn allowed_of_axis(key: &dyn AnyKey) -> String {
    let range = key
        .range()
        .map_or("", |_| ", or a range such as \"2..512 x4\"");
    let one = key.allowed();
    format!("allowed: {one}, a list of them{range}")
}

/// What a file says, as factors read it.
pub(super) fn raw<'doc>(value: &'doc DeValue<'_>) -> Raw<'doc> {
    match value {
        DeValue::String(text) => Raw::Text(text),
        DeValue::Integer(number) => Raw::Integer(Digits {
            text: number.as_str(),
            radix: number.radix(),
        }),
        DeValue::Float(number) => Raw::Float(number.as_str()),
        DeValue::Boolean(flag) => Raw::Boolean(*flag),
        DeValue::Datetime(date) => Raw::Date(date.to_string()),
        DeValue::Array(_) => Raw::List,
        DeValue::Table(_) => Raw::Table,
    }
}

fn known_keys(word: &str, known: &[&'static str]) -> String {
    // `net.core.rmem_max = 1` is how TOML writes tables in tables; whoever writes it means one name.
    let dotted = known.iter().find(|key| {
        key.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with('.'))
    });
    match (dotted, nearest(word, known.iter().copied())) {
        (Some(key), _) => format!("a name with dots is one key only in quotes, as in \"{key}\""),
        (None, Some(key)) => format!("did you mean `{key}`?"),
        (None, None) => format!("allowed: {}", known.join(", ")),
    }
}
