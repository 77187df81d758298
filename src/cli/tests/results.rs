//! Folders of results that cannot be written, read, resumed or compared.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::dup2_stdout;

use super::{Case, as_nobody, in_a_copy, real, refused, told};
use crate::analysis::Metric;
use crate::analysis::compare::{Comparison, Folder, Terms};
use crate::error::{Error, Remedy};
use crate::report;
use crate::scenario::Topology;
use crate::store::folder::{Manifest, Run, Writer};
use crate::store::record::{Record, SCHEMA};
use crate::store::sample::{cell, failed, manifest, measured, run};
use crate::store::version::Build;
use crate::version;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        file_in_the_way(),
        link(),
        unwritable(),
        report(),
        file_size(),
        no_run(),
        newer(),
        writer(),
        elsewhere(),
        another_kilonet(),
        ruleset(),
        attached(),
    ];
    cases.extend(disks());
    cases.extend(strange_files());
    cases.extend(outputs());
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

/// Files that are there, and are none of ours.
fn strange_files() -> [Case; 3] {
    let read = |make: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        make(&dir.path().join("manifest.json"));
        Run::read(dir.path()).unwrap_err()
    };
    let out = tempfile::tempdir().unwrap();
    let writer = Writer::create(out.path(), &manifest(1)).unwrap();
    let trials = writer.dir().join("trials.jsonl");
    fs::remove_file(&trials).unwrap();
    symlink("/dev/null", &trials).unwrap();
    let dir = writer.dir().to_owned();
    drop(writer);
    let large = |path: &Path| File::create(path).unwrap().set_len(1 << 40).unwrap();
    [
        real(
            Remedy::RegularFile,
            &read(&|path| fs::create_dir(path).unwrap()),
        ),
        real(Remedy::SeeWhoWrote, &read(&large)),
        real(Remedy::ReplaceLink, &Writer::resume(&dir).unwrap_err()),
    ]
}

fn link() -> Case {
    let out = tempfile::tempdir().unwrap();
    let dir = Writer::create(out.path(), &manifest(1))
        .unwrap()
        .dir()
        .to_owned();
    symlink("/nowhere", dir.join("export")).unwrap();
    let error = refused(&["export", dir.to_str().unwrap(), "--format", "csv"]);
    real(Remedy::NoLink, &error)
}

/// Another user's run, which that one lets everybody read.
fn unwritable() -> Case {
    let out = tempfile::tempdir().unwrap();
    fs::set_permissions(out.path(), Permissions::from_mode(0o755)).unwrap();
    let dir = Writer::create(out.path(), &manifest(1))
        .unwrap()
        .dir()
        .to_owned();
    let said = as_nobody(|| Writer::resume(&dir).unwrap_err());
    told(Remedy::MakeWritable, said)
}

/// A folder in the place of the page.
fn report() -> Case {
    let out = tempfile::tempdir().unwrap();
    let dir = Writer::create(out.path(), &manifest(1))
        .unwrap()
        .dir()
        .to_owned();
    fs::create_dir(dir.join("report.html")).unwrap();
    let error = crate::cli::report::show(&dir).unwrap_err();
    real(Remedy::RecordsKept(dir.display().to_string()), &error)
}

fn file_size() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let said = in_a_copy(|| {
        // Blocked as in every run: it would end the process.
        SigSet::from_iter([Signal::SIGXFSZ]).thread_block().unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, 1, 1).unwrap();
        report::save(&folder.path().join("report.md"), b"text").unwrap_err()
    });
    told(Remedy::RaiseFileSize, said)
}

/// A standard output that takes nothing, of a copy of this process.
fn outputs() -> [Case; 2] {
    let unwritable = |act: &dyn Fn() -> crate::Result<()>| {
        in_a_copy(|| {
            dup2_stdout(File::options().write(true).open("/dev/full").unwrap()).unwrap();
            act().unwrap_err()
        })
    };
    let out = tempfile::tempdir().unwrap();
    let dir = Writer::create(out.path(), &manifest(1))
        .unwrap()
        .dir()
        .to_owned();
    let shown = unwritable(&|| crate::cli::report::show(&dir).map(drop));
    [
        told(
            Remedy::OtherOutput,
            unwritable(&|| crate::cli::out::page("text")),
        ),
        told(Remedy::ReportKept(dir.display().to_string()), shown),
    ]
}

fn file_in_the_way() -> Case {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("results");
    fs::write(&file, "").unwrap();
    let error = Writer::create(&file, &manifest(1)).unwrap_err();
    real(Remedy::FileInTheWay, &error)
}

fn attached() -> Case {
    let out = tempfile::tempdir().unwrap();
    let mut manifest = manifest(1);
    manifest.settings = serde_json::json!({"attached": true});
    let dir = Writer::create(out.path(), &manifest)
        .unwrap()
        .dir()
        .to_owned();
    let error = refused(&["run", "--resume", dir.to_str().unwrap()]);
    real(Remedy::AttachAgain, &error)
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
    real(Remedy::NewerKilonet, &error)
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

/// Of this machine, whose fingerprint says nothing that differs, and of another source.
fn another_kilonet() -> Case {
    let manifest = Manifest {
        scenario_text: "[axes]\ncontainers = 2\n".to_owned(),
        fingerprint: serde_json::json!({}),
        build: Some(Build {
            commit: Some("0123456789ab".to_owned()),
            ..version::build()
        }),
        ..manifest(1)
    };
    real(Remedy::SameKilonet, &resumed(&manifest))
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
