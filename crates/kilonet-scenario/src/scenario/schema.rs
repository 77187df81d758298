//! The JSON Schema of a scenario file, for editors and other tools.
//!
//! Knows nothing by itself: it is made of the entries that the file is read by.

pub(super) mod table;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

use super::wire::Wire;

/// The JSON Schema (draft 2020-12) of a scenario file, with a description and the default of every key.
///
/// It holds each value by itself to what is allowed; how values must fit together is checked by loading.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(DefaultsAreOptional);
    settings
        .into_generator()
        .into_root_schema_for::<Wire>()
        .to_value()
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
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|key| {
                let property = key.as_str().and_then(|key| properties.get(key));
                property.is_some_and(|property| property.get("default").is_none())
            });
        }
    }
}
