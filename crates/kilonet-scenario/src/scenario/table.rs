//! Reads one table of a scenario, key by key, and says what is wrong with each.
//!
//! Knows no key by itself: those it is asked for are the ones that exist, and [`Table::finish`] reports the others.

use std::borrow::Cow;
use std::slice;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems, Span};
use kilonet_record::factors::range::MOST_POINTS;
use kilonet_record::factors::raw::{Digits, Raw};
use kilonet_record::factors::value::{Written, nearest, show};

/// A value and where it was written; nowhere for a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Option<Span>,
}

impl<T> At<T> {
    /// A value that nobody wrote.
    pub(super) fn default(value: T) -> Self {
        Self { value, span: None }
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// The levels of one varied factor, in the order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis<T>(pub(super) Vec<At<T>>);

impl<T: Copy + PartialEq> Axis<T> {
    /// Whether it has this level.
    pub(super) fn has(&self, level: T) -> bool {
        self.0.iter().any(|at| at.value == level)
    }
}

impl<T: JsonSchema + Written> JsonSchema for Axis<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Axis{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let level = generator.subschema_for::<T>();
        let item = match T::RANGE {
            Some(pattern) => json_schema!({ "anyOf": [level, {
                "type": "string",
                "pattern": pattern,
                "description": "A range with both its ends: \"2..4096 x2\" multiplies, \"2..1024 +64\" adds, \"2..4096\" doubles.",
            }] }),
            None => level,
        };
        json_schema!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
    }
}

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
        self.within(key, value)
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
            let problem = Problem::of(self.name(&path), message).at(value.span());
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
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The levels of an axis, or its default.
    pub(super) fn axis<T: Written>(&mut self, key: &'static str, default: T) -> Axis<T> {
        match self.take(key) {
            Some(value) => self.levels(key, value),
            None => Axis(vec![At::default(default)]),
        }
    }

    /// The levels of an axis that has no default; none when it is not there.
    pub(super) fn optional_axis<T: Written>(&mut self, key: &'static str) -> Option<Axis<T>> {
        let value = self.take(key)?;
        Some(self.levels(key, value))
    }

    /// The levels of an axis without which nothing can run.
    pub(super) fn required_axis<T: Written>(&mut self, key: &'static str) -> Axis<T> {
        if let Some(value) = self.take(key) {
            return self.levels(key, value);
        }
        let problem = Problem::of(self.name(key), "required, but not there");
        self.problems.push(
            problem
                .at(self.header.clone())
                .remedy(allowed_of_axis::<T>()),
        );
        Axis(Vec::new())
    }

    /// A single value, or its default.
    pub(super) fn single<T: Written>(&mut self, key: &'static str, default: T) -> At<T> {
        self.optional(key).unwrap_or_else(|| At::default(default))
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
                self.refuse::<T>(key, value.span(), message);
                None
            }
        }
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.entries.into_iter().flatten() {
            let word = key.get_ref().as_ref();
            if !self.known.contains(&word) {
                let problem = Problem::of(self.name(word), "no such key").at(key.span());
                self.problems
                    .push(problem.remedy(known_keys(word, &self.known)));
            }
        }
    }

    /// Reports what is wrong with the value of a key, and what it may be.
    pub(super) fn refuse<T: Written>(
        &mut self,
        key: &str,
        span: impl Into<Option<Span>>,
        message: impl Into<String>,
    ) {
        let problem = Problem::of(self.name(key), message).at(span);
        self.problems
            .push(problem.remedy(format!("allowed: {}", T::allowed())));
    }

    /// The same of an axis, which takes several.
    fn refuse_levels<T: Written>(&mut self, key: &str, span: Span, message: impl Into<String>) {
        let problem = Problem::of(self.name(key), message).at(span);
        self.problems.push(problem.remedy(allowed_of_axis::<T>()));
    }

    fn take(&mut self, key: &'static str) -> Option<&'doc Spanned<DeValue<'doc>>> {
        self.known.push(key);
        self.entries?.get(key)
    }

    fn levels<T: Written>(&mut self, key: &'static str, value: &Spanned<DeValue<'_>>) -> Axis<T> {
        let items = match value.get_ref() {
            DeValue::Array(items) => items,
            _ => slice::from_ref(value),
        };
        if items.is_empty() {
            self.refuse_levels::<T>(key, value.span(), "an empty list leaves nothing to run");
        }
        let mut levels = Vec::new();
        for item in items {
            match read_levels::<T>(&raw(item.get_ref())) {
                Ok(read) => levels.extend(read.into_iter().map(|value| At {
                    value,
                    span: Some(item.span()),
                })),
                Err(message) => self.refuse_levels::<T>(key, item.span(), message),
            }
            if levels.len().max(items.len()) > MOST_POINTS {
                let message = format!("more than {MOST_POINTS} values");
                self.refuse_levels::<T>(key, value.span(), message);
                break;
            }
        }
        Axis(levels)
    }

    fn name(&self, key: &str) -> String {
        match self.path() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

/// What may stand behind the key of an axis.
fn allowed_of_axis<T: Written>() -> String {
    let range = T::RANGE.map_or("", |_| ", or a range such as \"2..512 x4\"");
    let one = T::allowed();
    format!("allowed: {one}, a list of those{range}")
}

fn read_levels<T: Written>(value: &Raw<'_>) -> Result<Vec<T>, String> {
    let range = value.as_str().and_then(T::read_range);
    range.unwrap_or_else(|| T::read(value).map(|level| vec![level]))
}

/// What a file says, as factors read it.
fn raw<'doc>(value: &'doc DeValue<'_>) -> Raw<'doc> {
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
