//! The name of a scenario, which becomes part of the name of each of its run folders.
//!
//! Knows nothing of folders but what their names can hold everywhere. Invariant: a [`Name`] never leads out of a folder.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use kilonet_record::factors::raw::Raw;
use kilonet_record::factors::value::{Written, show, text_of};
use kilonet_record::files::name_holds;

/// A scenario's name, fit to be part of a folder's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

impl Name {
    /// The nearest name to an arbitrary text.
    pub(super) fn from_text(text: &str) -> Self {
        let fits = |c: char| if name_holds(c) { c } else { '-' };
        let name: String = text.chars().take(64).map(fits).collect();
        Self(if name.is_empty() || name.starts_with('.') {
            format!("scenario{name}")
        } else {
            name
        })
    }
}

impl Written for Name {
    fn read(value: &Raw<'_>) -> Result<Self, String> {
        let text = text_of(value)?;
        let fits = (1..=64).contains(&text.len())
            && !text.starts_with('.')
            && text.chars().all(name_holds);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("{} does not fit into a folder's name", show(value)))
        }
    }

    fn allowed() -> String {
        "1 to 64 letters, digits, hyphens, underscores and dots, the first no dot".to_owned()
    }
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$" })
    }
}
