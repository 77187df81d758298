//! The file as it is written: its tables, and the schema an editor checks it by.
//!
//! Knows each value's own bounds but not how values fit together. Invariant: what the schema lists is what is read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeTable;

use super::fail_if::{self, Clause, FailIf};
use super::name::Name;
use super::problem::{Problem, Problems};
use super::schema::table;
use super::sysctl::{self, Numbers, Sysctls};
use super::table::{Table, raw};
use super::values::{At, Values};
use kilonet_record::factors::key::{self, AnyKey};
use kilonet_record::factors::namespace_sysctls::{self, NAMESPACED, NamespaceSysctls, Namespaced};
use kilonet_record::factors::registry::{self, namespaces::NAMESPACE_SYSCTLS};
use kilonet_record::factors::value::Written;

/// A scenario file of kilonet: factors to vary, the lab they are tried in, and how each trial is timed.
#[derive(Debug, JsonSchema)]
#[schemars(title = "kilonet scenario", deny_unknown_fields)]
pub(super) struct Wire {
    /// Name of the scenario, and of its run folders; the file's name if absent.
    #[schemars(with = "Name", default)]
    pub(super) name: Option<At<Name>>,
    /// The question this scenario answers, in a sentence.
    #[schemars(with = "String", default)]
    pub(super) about: Option<At<String>>,
    /// Factors; each is one value, a list, or a range of numbers, and every combination is tried. Where there are several
    /// tables, `[[axes]]`, those of each are tried, one table after the other, and no cell twice.
    #[schemars(with = "Union")]
    pub(super) axes: Vec<Values>,
    /// How a lab is built.
    #[schemars(schema_with = "lab", extend("default" = {}))]
    pub(super) lab: Values,
    /// How a trial is timed, and how often it is repeated.
    #[schemars(schema_with = "trial", extend("default" = {}))]
    pub(super) trial: Values,
    /// Settings of the whole machine to change for the run; they are put back after it.
    #[schemars(default)]
    pub(super) sysctls: Sysctls,
    /// What each container's namespace is beside its links.
    #[schemars(with = "Namespace", extend("default" = {}))]
    pub(super) namespace: Values,
    /// Figures for which the run fails, with exit code 1: each with a comparison and a value, such as goodput = "< 1Gb/s". Where there
    /// are several tables, `[[fail_if]]`, each is about the cells that its `at` names.
    #[schemars(with = "FailIf", default)]
    pub(super) fail_if: Vec<Clause>,
}

/// The tables of factors, in the order of the file.
struct Union;

impl JsonSchema for Union {
    fn schema_name() -> Cow<'static, str> {
        "Union".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<Axes>();
        json_schema!({ "oneOf": [table, { "type": "array", "items": table, "minItems": 1 }] })
    }
}

/// One table of factors.
struct Axes;

impl JsonSchema for Axes {
    fn schema_name() -> Cow<'static, str> {
        "Axes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut table = table::of(key::Table::Axes, generator);
        let about = "Factors that are varied, every level of each with every level of the others.";
        table.insert("description".to_owned(), about.into());
        table
    }
}

/// Sysctls of each container's namespace.
struct Namespace;

impl JsonSchema for Namespace {
    fn schema_name() -> Cow<'static, str> {
        "Namespace".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let property = |one: &Namespaced| {
            let value = match one.numbers {
                1 => {
                    serde_json::json!({ "type": "integer", "minimum": 0, "description": one.about })
                }
                _ => serde_json::json!({ "type": "string", "description": one.about }),
            };
            (one.name.to_owned(), value)
        };
        let properties: serde_json::Map<_, _> = NAMESPACED.iter().map(property).collect();
        json_schema!({
            "type": "object",
            "properties": { "sysctls": {
                "type": "object",
                "properties": properties,
                "additionalProperties": false,
                "description": "Set in each container's namespace as it is made.",
            } },
            "additionalProperties": false,
        })
    }
}

fn lab(generator: &mut SchemaGenerator) -> Schema {
    table::of(key::Table::Lab, generator)
}

fn trial(generator: &mut SchemaGenerator) -> Schema {
    table::of(key::Table::Trial, generator)
}

impl Wire {
    /// Reads a parsed file; what cannot be read is a problem, and its default or nothing stands in its place.
    pub(super) fn read(document: &DeTable<'_>, problems: &mut Problems) -> Self {
        let mut root = Table::root(document, problems);
        let mut wire = Self {
            name: root.optional("name"),
            about: root.optional("about"),
            axes: root.tables(key::Table::Axes.name(), |table| {
                table.values(key::Table::Axes)
            }),
            lab: root.table(key::Table::Lab.name()).values(key::Table::Lab),
            trial: root
                .table(key::Table::Trial.name())
                .values(key::Table::Trial),
            sysctls: read_sysctls(root.table("sysctls")),
            namespace: read_namespace(root.table("namespace")),
            fail_if: root.tables("fail_if", fail_if::read).concat(),
        };
        root.finish();
        wire.spread(problems);
        wire
    }

    /// Gives each table of axes what another table says of axes that were written there before.
    fn spread(&mut self, problems: &mut Problems) {
        for key in registry::keys() {
            let Some(before) = key.facts().before else {
                continue;
            };
            let from = match before {
                key::Table::Axes => continue,
                key::Table::Lab => &self.lab,
                key::Table::Trial => &self.trial,
            };
            adopt(&mut self.axes, key, (from, problems));
        }
        adopt(
            &mut self.axes,
            &NAMESPACE_SYSCTLS,
            (&self.namespace, problems),
        );
    }
}

/// Has each table of axes have what another table says of a key.
fn adopt(axes: &mut [Values], key: &dyn AnyKey, (from, problems): (&Values, &mut Problems)) {
    for table in axes {
        let name = table.key(key);
        if let Some(span) = table.adopt(key, from) {
            let message = format!("`{}` is written too", from.key(key));
            let problem = Problem::of(name, message).at(span);
            problems.push(problem.remedy("leave out one of the two"));
        }
    }
}

fn read_namespace(mut table: Table<'_, '_>) -> Values {
    let level = read_namespace_sysctls(table.table("sysctls"));
    table.finish();
    Values::of_table("namespace.sysctls", &NAMESPACE_SYSCTLS, level)
}

fn read_namespace_sysctls(mut table: Table<'_, '_>) -> Option<At<NamespaceSysctls>> {
    let mut settings = NamespaceSysctls::default();
    let written = table.others();
    for (name, span, value) in &written {
        let Some(sysctl) = Namespaced::named(name) else {
            let problem = Problem::of(table.name(name), namespace_sysctls::unknown(name));
            let remedy = if sysctl::names().any(|known| known == *name) {
                "set it in [sysctls], for the whole machine".to_owned()
            } else {
                let names: Vec<_> = NAMESPACED.iter().map(|one| one.name).collect();
                format!("allowed, each in quotes: {}", names.join(", "))
            };
            table.report(problem.at(span.clone()).remedy(remedy));
            continue;
        };
        match sysctl.read(&raw(value.get_ref())) {
            Ok(value) => settings.set(sysctl, value),
            Err(message) => table.refuse(name, value.span(), message, &sysctl.allowed()),
        }
    }
    let first = written.first().map(|(_, span, _)| span.clone());
    (!settings.is_empty()).then_some(At {
        value: settings,
        span: first,
    })
}

fn read_sysctls(mut table: Table<'_, '_>) -> Sysctls {
    let mut settings = BTreeMap::new();
    for (name, span, _) in table.others() {
        if let Some(own) = Namespaced::named(name) {
            table.know(own.name);
            let message =
                "each namespace has this sysctl of its own; [sysctls] is for the whole machine";
            let problem = Problem::of(table.name(name), message).at(span);
            table.report(problem.remedy("set it in [namespace.sysctls], for each container"));
        }
    }
    for name in sysctl::names() {
        let Some(numbers) = table.optional::<Numbers>(name) else {
            continue;
        };
        if sysctl::fits(name, &numbers.value) {
            settings.insert(name.to_owned(), numbers.value.0);
        } else {
            let message = "has the wrong number of values";
            table.refuse(name, numbers.span, message, &Numbers::allowed());
        }
    }
    table.finish();
    Sysctls(settings)
}
