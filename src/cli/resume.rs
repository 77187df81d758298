//! Resuming a run that was cut off, if that is still the same run.
//!
//! The invariant: all trials of a folder are of one machine and kernel, which its manifest describes, and of one kilonet,
//! unless the user allows another.

use std::path::Path;

use serde_json::Value;

use super::start::Machine;
use crate::error::{Error, Remedy, Result};
use crate::store::Record;
use crate::store::folder::{Manifest, Writer};
use crate::store::version::Version;
use crate::version;

/// What another of means another machine or kernel, by its place in a fingerprint; records say the same of theirs in words.
const SAME: [&str; 5] = [
    "/cpu/model",
    "/cpu/online",
    "/product",
    "/kernel/architecture",
    "/kernel/release",
];

/// Which versions of kilonet may have begun a run that is resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// Of this one.
    Same,
    /// Of any.
    Any,
}

/// Opens the folder of a run that is resumed.
///
/// # Errors
/// If the run is of another machine or kernel, or of a version of kilonet that is not allowed; and those of [`Writer::resume`].
pub(super) fn resume(
    dir: &Path,
    machine: &Machine,
    versions: Versions,
) -> Result<(Writer, Vec<Record>)> {
    let now = serde_json::to_value(&machine.fingerprint)
        .map_err(|error| Error::refused("read", "the fingerprint", error.to_string()))?;
    let manifest = Manifest::read(dir)?;
    check(&manifest.fingerprint, &now)?;
    if versions == Versions::Same {
        check_version(&manifest.made_by(), &version::own())?;
    }
    Writer::resume(dir)
}

/// A kilonet of which only the number is known, as that of a folder of an earlier version, may be any.
fn check_version(then: &Version, now: &Version) -> Result<()> {
    if then.is(now) {
        return Ok(());
    }
    let reason = format!("it began with kilonet {then}, and this is kilonet {now}");
    Err(Error::refused("resume", "the run", reason).with_remedy(Remedy::SameKilonet))
}

/// Settings that do not affect how trials are measured.
const SAYS_NOTHING: &str = "about";

/// Trials of one run are all measured alike: the scenario that it is gone on with comes to the settings that stand in its
/// manifest. What these do not say, as those of an earlier version may not, is no difference.
pub(super) fn check_settings(then: &Value, now: &Value) -> Result<()> {
    let mut settings = now.as_object().into_iter().flatten();
    let differs = settings.find_map(|(key, now)| {
        let then = then.get(key).filter(|_| key != SAYS_NOTHING)?;
        (then != now).then_some((key, then, now))
    });
    let Some((key, then, now)) = differs else {
        return Ok(());
    };
    let reason = format!(
        "its scenario has changed since the run began: {key} was {} and is {}",
        words(then),
        words(now)
    );
    Err(Error::refused("resume", "the run", reason).with_remedy(Remedy::BeginHere))
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
    use crate::store::version::Build;

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
    fn a_run_goes_on_by_the_kilonet_that_began_it_and_by_no_other() {
        let of = |commit: &str| Version {
            number: "0.1.0".to_owned(),
            build: Some(Build {
                commit: Some(commit.to_owned()),
                ..Build::default()
            }),
        };
        assert!(check_version(&of("abc"), &of("abc")).is_ok());
        let error = check_version(&of("abc"), &of("def")).unwrap_err();
        assert_eq!(
            error.sentence(),
            "resume the run: it began with kilonet 0.1.0 (commit abc), and this is kilonet 0.1.0 (commit def)"
        );
        assert!(error.hint().unwrap().contains("--allow-other-version"));
        let unknown = Version {
            build: None,
            ..of("abc")
        };
        let error = check_version(&unknown, &of("def")).unwrap_err();
        assert!(error.sentence().contains("0.1.0 (of an unknown commit)"));
    }

    #[test]
    fn a_run_goes_on_by_the_settings_that_it_began_with_and_by_no_others() {
        let then = json!({"about": "A", "measure_ns": 300_000_000, "sysctls": {}});
        let mut now = then.clone();
        now["about"] = json!("B");
        now["again"] = json!("not said before");
        assert!(check_settings(&then, &now).is_ok());
        now["measure_ns"] = json!(400_000_000);
        let error = check_settings(&then, &now).unwrap_err();
        assert_eq!(
            error.sentence(),
            "resume the run: its scenario has changed since the run began: measure_ns was 300000000 and is 400000000"
        );
        assert!(error.hint().unwrap().starts_with("start another run"));
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
