//! The JSON Schema of a scenario file, for editors and other tools.
//!
//! Knows nothing by itself: it is derived from the types that the file is read into.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};

use super::wire::Wire;

/// The JSON Schema (draft 2020-12) of a scenario file, with a description and the default of every key.
///
/// It holds each value by itself to what is allowed; how values must fit together is checked by loading.
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().with_transform(DefaultsAreOptional);
    settings
        .into_generator()
        .into_root_schema_for::<Wire>()
        .to_value()
}

/// The table of a scenario's file that a key is written in, empty for one above all tables; absent for what is no key.
#[must_use]
pub fn table_of(key: &str) -> Option<&'static str> {
    let schema = schema();
    let has = |table: &&str| {
        let keys = match *table {
            "" => &schema["properties"],
            // One table of several, each of which has the same keys.
            "axes" => &schema["$defs"]["Axes"]["properties"],
            table => &schema["properties"][table]["properties"],
        };
        keys.get(key).is_some()
    };
    ["axes", "lab", "trial", ""].into_iter().find(has)
}

/// Takes what has a default out of the list of required keys.
#[derive(Debug, Clone)]
struct DefaultsAreOptional;

impl Transform for DefaultsAreOptional {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(properties) = schema.get("properties").cloned() else {
            return;
        };
        if let Some(serde_json::Value::Array(required)) = schema.get_mut("required") {
            required.retain(|key| {
                let property = key.as_str().and_then(|key| properties.get(key));
                property.is_some_and(|property| property.get("default").is_none())
            });
        }
    }
}
