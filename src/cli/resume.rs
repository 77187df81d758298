//! Going on with a run that was cut off, where that is still the same run.
//!
//! The invariant: all trials of a folder are of one machine and kernel, which its manifest describes.

use std::path::Path;

use serde_json::Value;

use super::start::Machine;
use crate::error::{Error, Remedy, Result};
use crate::store::Record;
use crate::store::folder::{Manifest, Writer};

/// What another of means another machine or kernel, by its place in a fingerprint; records say the same of theirs in words.
const SAME: [&str; 5] = [
    "/cpu/model",
    "/cpu/online",
    "/product",
    "/kernel/architecture",
    "/kernel/release",
];

/// Takes a folder up again.
///
/// # Errors
/// When it is of another machine or kernel, or as [`Writer::resume`] has it.
pub(super) fn resume(dir: &Path, machine: &Machine) -> Result<(Writer, Vec<Record>)> {
    let now = serde_json::to_value(&machine.fingerprint)
        .map_err(|error| Error::refused("read", "the fingerprint", error.to_string()))?;
    check(&Manifest::read(dir)?.fingerprint, &now)?;
    Writer::resume(dir)
}

/// What a folder does not say, as one of an earlier version may not, is no difference.
fn check(then: &Value, now: &Value) -> Result<()> {
    let differs = |place: &&&str| {
        then.pointer(place)
            .is_some_and(|then| now.pointer(place) != Some(then))
    };
    let Some(place) = SAME.iter().find(differs) else {
        return Ok(());
    };
    let at = |side: &Value| side.pointer(place).map_or("absent".to_owned(), words);
    let reason = format!(
        "it began on another machine or kernel: {} was {} and is {}",
        place[1..].replace('/', "."),
        at(then),
        at(now)
    );
    Err(Error::refused("resume", "the run", reason).with_remedy(Remedy::BeginHere))
}

fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fingerprint() -> Value {
        json!({"cpu": {"model": "A", "online": 2, "mhz": 2000.0}, "kernel": {"release": "6.18.0"}})
    }

    #[test]
    fn a_run_goes_on_where_it_began_whatever_else_has_changed() {
        let mut now = fingerprint();
        now["cpu"]["mhz"] = json!(2100.0);
        now["product"] = json!("not said before");
        assert!(check(&fingerprint(), &now).is_ok());
    }

    #[test]
    fn a_run_does_not_go_on_elsewhere() {
        let mut now = fingerprint();
        now["cpu"]["online"] = json!(64);
        let error = check(&fingerprint(), &now).unwrap_err();
        assert_eq!(
            error.sentence(),
            "resume the run: it began on another machine or kernel: cpu.online was 2 and is 64"
        );
        now = fingerprint();
        now["kernel"] = json!({});
        let error = check(&fingerprint(), &now).unwrap_err();
        assert!(error.sentence().ends_with("was 6.18.0 and is absent"));
    }
}
