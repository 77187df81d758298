//! What a run fails for: the conditions of `[fail_if]`, each a figure, a comparison and a value, for all cells or for some.
//!
//! Knows no figure that was measured. Invariant: each condition is about a cell of the scenario that can have its figure, so that none
//! holds because nothing was measured.

use std::borrow::Cow;
use std::slice;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use toml::de::DeValue;

use super::problem::{Problem, Problems};
use super::source::Span;
use super::table::{Table, raw};
use kilonet_record::factors::cell::Cell;
use kilonet_record::factors::key::{AnyKey, Level};
use kilonet_record::factors::measure::{self, Direction, Measure};
use kilonet_record::factors::quantity::Quantity;
use kilonet_record::factors::registry;
use kilonet_record::factors::value::{nearest, show};

/// The key under which a table says which cells it is about.
const AT: &str = "at";

/// A condition for which a run fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What is held against the value.
    pub subject: Subject,
    /// How.
    pub comparison: Comparison,
    /// The value, in the plain unit of the subject's quantity.
    pub limit: f64,
    /// The cells that it is about, by their places among the scenario's; at least one.
    pub cells: Vec<usize>,
}

impl Condition {
    /// Whether a cell of which this was found makes the run fail.
    #[must_use]
    pub fn is_met_by(&self, value: f64) -> bool {
        self.comparison.holds(value, self.limit)
    }
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The median of a cell's trials.
    Figure(&'static Measure),
    /// How many trials of a cell failed.
    FailedTrials,
    /// How many trials of a cell have witnesses that disagree.
    InvalidTrials,
}

impl Subject {
    /// All of them, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Self> {
        let figures = measure::ALL.iter().map(Self::Figure);
        figures.chain([Self::FailedTrials, Self::InvalidTrials])
    }

    fn named(word: &str) -> Option<Self> {
        Self::all().find(|subject| subject.word() == word)
    }

    /// The key that it is written under.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Figure(measure) => measure.word,
            Self::FailedTrials => "failed_trials",
            Self::InvalidTrials => "invalid_trials",
        }
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Figure(measure) => measure.about,
            Self::FailedTrials => "Trials of a cell that failed.",
            Self::InvalidTrials => {
                "Trials of a cell whose witnesses disagree, or in which a level did not take hold."
            }
        }
    }

    /// What its values are of.
    #[must_use]
    pub fn quantity(self) -> Quantity {
        match self {
            Self::Figure(measure) => measure.quantity,
            Self::FailedTrials | Self::InvalidTrials => Quantity::Number,
        }
    }

    /// A condition of it that a run would fail by.
    #[must_use]
    pub fn example(self) -> String {
        let worse = match self {
            Self::Figure(measure) => match measure.better {
                Direction::Up => "<",
                Direction::Down => ">",
            },
            Self::FailedTrials | Self::InvalidTrials => ">",
        };
        format!("{worse} {}", self.quantity().example())
    }

    fn is_of(self, cell: &Cell) -> bool {
        match self {
            Self::Figure(measure) => (measure.is_of)(cell),
            Self::FailedTrials | Self::InvalidTrials => true,
        }
    }

    /// What may be written of it, to follow the word "allowed: ".
    fn allowed(self) -> String {
        format!(
            "a text such as \"{}\": <, <=, > or >=, and {}; or a list of them",
            self.example(),
            self.quantity().written()
        )
    }
}

/// How a figure compares with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Less than it.
    Below,
    /// Not more than it.
    AtMost,
    /// More than it.
    Above,
    /// Not less than it.
    AtLeast,
}

impl Comparison {
    /// The signs, none after one that it begins with.
    const ALL: [Self; 4] = [Self::AtMost, Self::Below, Self::AtLeast, Self::Above];

    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }

    /// What a value for which a run fails is, beside the limit: before it and after it.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Below => ("below", "asks for"),
            Self::AtMost => ("at or below", "asks to exceed"),
            Self::Above => ("above", "allows"),
            Self::AtLeast => ("at or above", "forbids"),
        }
    }

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

/// A condition as it is written, before there are cells.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Its key, with its table.
    path: String,
    span: Span,
    subject: Subject,
    comparison: Comparison,
    limit: f64,
    at: Vec<Held>,
}

/// A factor whose levels cells must have.
#[derive(Debug, Clone)]
struct Held {
    path: String,
    span: Span,
    key: &'static str,
    /// Of which a cell has one.
    levels: Vec<Level>,
}

impl Held {
    /// A cell has a level if it stays as it is with it.
    fn is_of(&self, cell: &Cell) -> bool {
        let Some(key) = registry::key(self.key) else {
            return false;
        };
        self.levels.iter().any(|level| {
            let mut with = cell.clone();
            key.put(&mut with, Some(level));
            with == *cell
        })
    }
}

/// Reads one table.
pub(super) fn read(mut table: Table<'_, '_>) -> Vec<Clause> {
    let at = read_at(table.table(AT));
    let mut clauses = Vec::new();
    for (key, span, value) in table.others() {
        let Some(subject) = Subject::named(key) else {
            let problem = Problem::of(table.name(key), "unknown figure").at(span);
            let words: Vec<_> = Subject::all().map(Subject::word).collect();
            table.report(problem.remedy(known(key, &words)));
            continue;
        };
        let items = match value.get_ref() {
            DeValue::Array(items) => items,
            _ => slice::from_ref(value),
        };
        if items.is_empty() {
            table.refuse(
                key,
                value.span(),
                "an empty list asks for nothing",
                &subject.allowed(),
            );
        }
        for item in items {
            match limit(subject, item.get_ref()) {
                Ok((comparison, limit)) => clauses.push(Clause {
                    path: table.name(key),
                    span: item.span(),
                    subject,
                    comparison,
                    limit,
                    at: at.clone(),
                }),
                Err(message) => table.refuse(key, item.span(), message, &subject.allowed()),
            }
        }
    }
    clauses
}

fn limit(subject: Subject, value: &DeValue<'_>) -> Result<(Comparison, f64), String> {
    let value = raw(value);
    let without = || format!("{} has no comparison", show(&value));
    let text = value.as_str().ok_or_else(without)?.trim();
    let mut all = Comparison::ALL.into_iter();
    let comparison = all.find(|comparison| text.starts_with(comparison.sign()));
    let comparison = comparison.ok_or_else(without)?;
    let figure = text[comparison.sign().len()..].trim();
    Ok((comparison, subject.quantity().read(figure)?))
}

fn read_at(mut table: Table<'_, '_>) -> Vec<Held> {
    let mut held = Vec::new();
    for (key, span, value) in table.others() {
        let found = factors().find(|factor| factor.facts().name == key);
        let Some(factor) = found else {
            let problem = Problem::of(table.name(key), "unknown factor").at(span);
            let names: Vec<_> = factors().map(|it| it.facts().name).collect();
            table.report(problem.remedy(known(key, &names)));
            continue;
        };
        let levels = table.levels(factor, value);
        held.push(Held {
            path: table.name(key),
            span: value.span(),
            key: factor.facts().name,
            levels: levels.into_iter().map(|at| at.value).collect(),
        });
    }
    held
}

/// The keys of which cells have anything.
fn factors() -> impl Iterator<Item = &'static dyn AnyKey> {
    registry::keys().filter(|key| !key.facts().fields.is_empty())
}

fn known(word: &str, words: &[&str]) -> String {
    match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("allowed: {}", words.join(", ")),
    }
}

/// The conditions that clauses come to among the cells of a scenario.
pub(super) fn conditions(
    clauses: &[Clause],
    cells: &[Cell],
    problems: &mut Problems,
) -> Vec<Condition> {
    let conditions = clauses.iter().filter_map(|clause| {
        let condition = clause.among(cells);
        condition.map_err(|problem| problems.push(problem)).ok()
    });
    conditions.collect()
}

impl Clause {
    fn among(&self, cells: &[Cell]) -> Result<Condition, Problem> {
        let held = |cell: &Cell| self.at.iter().all(|held| held.is_of(cell));
        let here: Vec<_> = (0..cells.len()).filter(|nth| held(&cells[*nth])).collect();
        if let (Some(first), true) = (self.at.first(), here.is_empty()) {
            let lacking = self
                .at
                .iter()
                .find(|held| !cells.iter().any(|cell| held.is_of(cell)));
            let (at, what) = match lacking {
                Some(held) => (held, "no cell has that level"),
                None => (first, "no cell has these levels together"),
            };
            let problem = Problem::of(at.path.clone(), what).at(at.span.clone());
            return Err(problem.remedy("allowed: levels that cells of the scenario have"));
        }
        let has = |nth: &usize| self.subject.is_of(&cells[*nth]);
        let cells: Vec<_> = here.into_iter().filter(has).collect();
        if cells.is_empty() {
            let message = format!("no cell that it is about has {}", self.subject.word());
            let problem = Problem::of(self.path.clone(), message).at(self.span.clone());
            return Err(problem.remedy("leave it out, or name a figure that these workloads have"));
        }
        Ok(Condition {
            subject: self.subject,
            comparison: self.comparison,
            limit: self.limit,
            cells,
        })
    }
}

/// The schema of the tables.
pub(super) struct FailIf;

impl JsonSchema for FailIf {
    fn schema_name() -> Cow<'static, str> {
        "FailIf".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let condition = serde_json::json!({ "type": "string", "pattern": "^ *[<>]=? *\\d" });
        let property = |subject: Subject| {
            let listed = serde_json::json!({ "type": "array", "items": condition, "minItems": 1 });
            let either = serde_json::json!({
                "anyOf": [condition, listed],
                "description": subject.about(),
            });
            (subject.word().to_owned(), either)
        };
        let mut properties: Map<_, Value> = Subject::all().map(property).collect();
        let names: Vec<_> = factors().map(|key| key.facts().name).collect();
        let at = serde_json::json!({
            "type": "object",
            "propertyNames": { "enum": names },
            "description": "Factors, each with the level, or a list of levels, of the cells that the table is about; all cells if absent.",
        });
        properties.insert(AT.to_owned(), at);
        let table = serde_json::json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        json_schema!({ "oneOf": [table, { "type": "array", "items": table, "minItems": 1 }] })
    }
}
