//! The schema of a table of keys.
//!
//! Knows no key by itself. Invariant: what it lists are the entries that the table is read by.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use kilonet_record::factors::key::{AnyKey, Table, Usual};
use kilonet_record::factors::registry;

/// The schema of a table, by its keys.
pub(in crate::scenario) fn of(table: Table, generator: &mut SchemaGenerator) -> Schema {
    let keys = registry::keys_of(table);
    let properties = keys.map(|key| (key.facts().name.to_owned(), property(key, generator)));
    let mut properties: Map<_, _> = properties.collect();
    let before = registry::keys().filter(|key| key.facts().before == Some(table));
    for key in before {
        properties.insert(key.facts().name.to_owned(), moved(key, generator));
    }
    let required = registry::keys_of(table).map(AnyKey::facts);
    let required = required.filter(|facts| facts.usual == Usual::Required);
    let required: Vec<_> = required.map(|facts| facts.name).collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "required": required,
    })
}

fn property(key: &dyn AnyKey, generator: &mut SchemaGenerator) -> Value {
    let facts = key.facts();
    let mut schema = if facts.is_axis {
        axis(key, generator)
    } else {
        key.schema(generator)
    };
    schema.insert("description".to_owned(), facts.help.into());
    if let Some(usual) = default(facts.usual) {
        schema.insert("default".to_owned(), usual);
    }
    schema.to_value()
}

/// An axis that is read where it was written before: it has its default where it is now.
fn moved(key: &dyn AnyKey, generator: &mut SchemaGenerator) -> Value {
    let mut schema = axis(key, generator);
    let facts = key.facts();
    let about = format!("{} To be written in [{}].", facts.help, facts.table.name());
    schema.insert("description".to_owned(), about.into());
    schema.insert("deprecated".to_owned(), true.into());
    schema.to_value()
}

/// One level, or a list of them, each of which may be a text that stands for many.
fn axis(key: &dyn AnyKey, generator: &mut SchemaGenerator) -> Schema {
    let level = key.schema(generator);
    let item = match key.range() {
        Some(pattern) => json_schema!({ "anyOf": [level, {
            "type": "string",
            "pattern": pattern,
            "description": "A range with both its ends: \"2..4096 x2\" multiplies, \"2..1024 +64\" adds, \"2..4096\" doubles.",
        }] }),
        None => level,
    };
    json_schema!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
}

fn default(usual: Usual) -> Option<Value> {
    match usual {
        Usual::Required | Usual::Absent => None,
        Usual::Text(text) => Some(text.into()),
        Usual::Number(text) => text.parse::<u64>().ok().map(Value::from),
        Usual::Truth(truth) => Some(truth.into()),
    }
}
