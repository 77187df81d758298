//! What differs between two runs beside their figures: the machine, the system, and how each was run.
//!
//! Must not know what was measured. The invariant: what is alike on both sides is left out, and what one side does not say
//! stays absent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::store::folder::Manifest;
use crate::units::{Bytes, show_duration};

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What it is a part of.
    pub kind: Kind,
    /// What it is called: `kernel.release`, `net.core.rmem_max`.
    pub what: String,
    /// In the base; absent where its folder does not say.
    pub base: Option<String>,
    /// In the new run, likewise.
    pub new: Option<String>,
}

/// What a difference is a part of, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The machine itself: figures of two machines are not those of one.
    Machine,
    /// A factor of all cells.
    Factor,
    /// kilonet and how it was asked to run.
    Run,
    /// The system: kernel, sysctls, limits.
    System,
}

/// What another of means another machine.
const MACHINE: [&str; 4] = ["cpu.model", "cpu.online", "product", "kernel.architecture"];

/// What says nothing about a comparison: a momentary reading, what stands elsewhere, and what follows from the cells.
const PASSED_OVER: [&str; 6] = ["cpu.mhz", "kilonet", "about", "cells", "baseline", "verify"];

/// What differs between two manifests, the weightiest first.
pub(super) fn differences(base: &Manifest, new: &Manifest) -> Vec<Difference> {
    let (base, new) = (leaves(base), leaves(new));
    let whats: BTreeSet<_> = base.keys().chain(new.keys()).collect();
    let found = whats
        .into_iter()
        .filter(|what| base.get(*what) != new.get(*what));
    let mut found: Vec<_> = found
        .map(|(kind, what)| {
            let of = |side: &Leaves| side.get(&(*kind, what.clone())).cloned();
            Difference {
                kind: *kind,
                what: what.clone(),
                base: of(&base),
                new: of(&new),
            }
        })
        .collect();
    found.sort();
    found
}

/// Every single thing that a manifest says, in words.
type Leaves = BTreeMap<(Kind, String), String>;

fn leaves(manifest: &Manifest) -> Leaves {
    let mut leaves = Leaves::new();
    gather(&mut leaves, Kind::System, "", &manifest.fingerprint);
    gather(&mut leaves, Kind::Run, "", &manifest.settings);
    leaves.insert((Kind::Run, "scenario".to_owned()), manifest.name.clone());
    leaves.insert(
        (Kind::Run, "kilonet".to_owned()),
        manifest.made_by().to_string(),
    );
    let purpose = manifest.purpose().word().to_owned();
    leaves.insert((Kind::Run, "purpose".to_owned()), purpose);
    leaves
}

fn gather(leaves: &mut Leaves, kind: Kind, path: &str, value: &Value) {
    if let Value::Object(fields) = value {
        for (key, value) in fields {
            let inner = match path {
                "" | "sysctls" => key.clone(),
                _ => format!("{path}.{key}"),
            };
            gather(leaves, kind, &inner, value);
        }
    } else if !PASSED_OVER.contains(&path) {
        let kind = if MACHINE.contains(&path) {
            Kind::Machine
        } else {
            kind
        };
        leaves.extend(words(path, value).map(|words| ((kind, path.to_owned()), words)));
    }
}

/// A value for people, by the unit in its key's name; absent where there is none.
pub(super) fn words(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items = items.iter().filter_map(|item| words(key, item));
            Some(items.collect::<Vec<_>>().join(", "))
        }
        other => Some(
            other
                .as_u64()
                .and_then(|number| quantity(key, number))
                .unwrap_or_else(|| other.to_string()),
        ),
    }
}

fn quantity(key: &str, number: u64) -> Option<String> {
    let duration = key
        .ends_with("_ns")
        .then(|| show_duration(Duration::from_nanos(number)));
    duration.or_else(|| key.ends_with("_bytes").then(|| Bytes(number).to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::sample::manifest;
    use crate::store::version::Build;

    fn with(fingerprint: Value, settings: Value) -> Manifest {
        Manifest {
            settings,
            fingerprint,
            ..manifest(1)
        }
    }

    #[test]
    fn only_what_differs_is_said_and_the_machine_first() {
        let base = with(
            json!({"cpu": {"model": "A", "mhz": 2000.0, "online": 2}, "sysctls": {"net.core.rmem_max": "1", "vm.x": "7"}}),
            json!({"measure_ns": 1_000_000_000}),
        );
        let new = with(
            json!({"cpu": {"model": "B", "mhz": 2100.0, "online": 2}, "sysctls": {"net.core.rmem_max": "2", "vm.x": "7"},
                   "memory": {"total_bytes": 1024}}),
            json!({"measure_ns": 200_000_000}),
        );
        let said: Vec<_> = differences(&base, &new)
            .into_iter()
            .map(|it| {
                (
                    it.kind,
                    it.what,
                    it.base.unwrap_or_default(),
                    it.new.unwrap_or_default(),
                )
            })
            .collect();
        let row = |kind, what: &str, base: &str, new: &str| {
            (kind, what.to_owned(), base.to_owned(), new.to_owned())
        };
        assert_eq!(
            said,
            [
                row(Kind::Machine, "cpu.model", "A", "B"),
                row(Kind::Run, "measure_ns", "1.00 s", "200 ms"),
                row(Kind::System, "memory.total_bytes", "", "1 KiB"),
                row(Kind::System, "net.core.rmem_max", "1", "2"),
            ]
        );
    }

    #[test]
    fn a_version_differs_by_its_commit() {
        let of = |commit: Option<&str>| Manifest {
            build: commit.map(|commit| Build {
                commit: Some(commit.to_owned()),
                ..Build::default()
            }),
            ..manifest(1)
        };
        let [difference] = &differences(&of(None), &of(Some("abc")))[..] else {
            panic!("one difference expected")
        };
        assert_eq!((difference.kind, &*difference.what), (Kind::Run, "kilonet"));
        let said = [&difference.base, &difference.new].map(|side| side.as_deref().unwrap());
        assert_eq!(said, ["0.1.0 (of an unknown commit)", "0.1.0 (commit abc)"]);
        assert_eq!(differences(&of(Some("abc")), &of(Some("abc"))), []);
        assert_eq!(differences(&of(Some("abc")), &of(Some("def"))).len(), 1);
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        assert_eq!(differences(&manifest(1), &manifest(3)), []);
    }
}
