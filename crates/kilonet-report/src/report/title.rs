//! The run and the machine in one line, which every form of a report begins with.

use serde_json::Value;

use crate::analysis::Analysis;
use crate::units::counted;

/// The run and the machine in one line: `quickstart · AMD EPYC 7B13, 2 CPUs · Linux 6.12.0 · 2026-11-23`.
///
/// What the fingerprint lacks is left out.
pub(super) fn machine(analysis: &Analysis) -> String {
    machine_of(&analysis.name, &analysis.manifest)
}

/// The same of a run that is not analysed by itself.
pub(super) fn machine_of(name: &str, manifest: &Value) -> String {
    let fingerprint = &manifest["fingerprint"];
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let cpus = fingerprint["cpu"]["online"].as_u64();
    let cpus = cpus.map(|cpus| counted(cpus, "CPU"));
    let cpu = [word(&fingerprint["cpu"]["model"]), cpus];
    let cpu: Vec<_> = cpu.into_iter().flatten().collect();
    let parts = [
        Some(name.to_owned()),
        (!cpu.is_empty()).then(|| cpu.join(", ")),
        word(&fingerprint["kernel"]["release"]).map(|release| format!("Linux {release}")),
        day(manifest),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn day(manifest: &Value) -> Option<String> {
    let started = manifest["started_unix_ns"].as_u64()?;
    let started = jiff::Timestamp::from_nanosecond(i128::from(started)).ok()?;
    Some(started.strftime("%Y-%m-%d").to_string())
}
