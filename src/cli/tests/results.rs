//! Folders of results that cannot be written, read, resumed or compared.

use std::fs;
use std::path::Path;

use super::{Case, real, refused};
use crate::analysis::Metric;
use crate::analysis::compare::{Comparison, Folder, Terms};
use crate::error::{Error, Remedy};
use crate::report;
use crate::scenario::Topology;
use crate::store::folder::{Manifest, Run, Writer};
use crate::store::record::{Record, SCHEMA};
use crate::store::sample::{cell, failed, manifest, measured, run};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        file_in_the_way(),
        no_run(),
        newer(),
        writer(),
        elsewhere(),
        ruleset(),
    ];
    cases.extend(disks());
    cases.extend(comparisons());
    cases
}

fn disks() -> [Case; 2] {
    let created = Writer::create(Path::new("/proc/nowhere/results"), &manifest(1));
    [
        real(
            Remedy::FreeSpace,
            &report::save(Path::new("/dev/full"), b"text").unwrap_err(),
        ),
        real(Remedy::OtherFolder, &created.unwrap_err()),
    ]
}

fn file_in_the_way() -> Case {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("results");
    fs::write(&file, "").unwrap();
    let error = Writer::create(&file, &manifest(1)).unwrap_err();
    real(Remedy::FileInTheWay, &error)
}

fn no_run() -> Case {
    let empty = tempfile::tempdir().unwrap();
    real(Remedy::NameRunFolder, &Run::read(empty.path()).unwrap_err())
}

fn newer() -> Case {
    let dir = tempfile::tempdir().unwrap();
    let schema = SCHEMA + 8;
    let text = format!("{{\"schema\":{schema},\"title\":\"?\"}}");
    fs::write(dir.path().join("manifest.json"), text).unwrap();
    let error = Run::read(dir.path()).unwrap_err();
    real(Remedy::NewerKilonet(schema, SCHEMA), &error)
}

fn writer() -> Case {
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), &manifest(1)).unwrap();
    real(
        Remedy::AwaitWriter,
        &Writer::resume(writer.dir()).unwrap_err(),
    )
}

/// What is said to who goes on with a run of this manifest.
fn resumed(manifest: &Manifest) -> Error {
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), manifest).unwrap();
    let dir = writer.dir().to_owned();
    drop(writer);
    refused(&["run", "--quiet", "--resume", dir.to_str().unwrap()])
}

fn elsewhere() -> Case {
    let manifest = Manifest {
        scenario_text: "[axes]\ncontainers = 2\n".to_owned(),
        ..manifest(1)
    };
    real(Remedy::BeginHere, &resumed(&manifest))
}

fn ruleset() -> Case {
    let rules = "[axes]\ncontainers = 2\nfirewall = \"custom\"\n[lab]\nruleset = \"gone.nft\"\n";
    let manifest = Manifest {
        scenario_text: rules.to_owned(),
        ruleset_text: Some("table ip mine {}\n".to_owned()),
        ..manifest(1)
    };
    real(Remedy::PutRulesetBack, &resumed(&manifest))
}

fn comparisons() -> [Case; 3] {
    let compared = |base: Vec<Record>, new: Vec<Record>, metric| {
        let folder = |name: &str, records| Folder {
            name: name.to_owned(),
            run: run(records),
        };
        let terms = Terms {
            metrics: vec![metric],
            threshold: 0.05,
            same_within: 0.02,
        };
        Comparison::of(&folder("BASE", base), &[folder("NEW", new)], terms).unwrap_err()
    };
    let good = |count| vec![measured(cell(Topology::Bridge, count), 0)];
    let bad = || vec![failed(cell(Topology::Bridge, 2), 0)];
    let pair = || good(2);
    [
        real(
            Remedy::CompareAlike,
            &compared(pair(), good(8), Metric::Goodput),
        ),
        real(
            Remedy::CompareUsual,
            &compared(pair(), pair(), Metric::LatencyP99),
        ),
        real(
            Remedy::ReadReports,
            &compared(bad(), bad(), Metric::Goodput),
        ),
    ]
}
