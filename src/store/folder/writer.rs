//! The run folder as the runner has it: held by one writer at a time, and appended to.
//!
//! Must not know how the folder is read for a report. The invariant: between calls all files end at the end of a line,
//! and after `resume` the tables beside the records hold no row of a trial that is to be run again.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use serde::Serialize;

use super::{CONTAINERS, FLOWS, MANIFEST, Manifest, OUTPUTS, Run, TRIALS};
use crate::error::{Act, Error, Remedy, Result};
use crate::store::record::{ProgramOutput, Record, Rows, Status};

/// The only hand that writes to a run folder; the lock it holds ends with it.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    trials: Appender,
    flows: Appender,
    /// Once there is something to be put there.
    containers: Option<Appender>,
}

impl Writer {
    /// Makes `<out>/<utc>-<name>/` (with `-2`, `-3`, ... behind it when that is taken) and writes the manifest.
    ///
    /// # Errors
    /// When the folder or its files cannot be made: read-only, full, not allowed, or a file in the way.
    pub fn create(out: &Path, manifest: &Manifest) -> Result<Self> {
        fs::create_dir_all(out).map_err(|source| refusal("create folder", out, source))?;
        let dir = claim(out, &folder_name(manifest)?)?;
        let mut writer = Self::open(dir)?;
        writer.flows.append(&header(&FLOW_FIELDS))?;
        // Last, for it is what makes the folder a run folder: nobody resumes one that is half made.
        write_manifest(&writer.dir, manifest)?;
        Ok(writer)
    }

    /// Takes a folder up again, and gives the records of the trials that need not be run: those whose last one is `ok`.
    ///
    /// A last line that was cut off is removed, and so are the flow rows of trials that will be run again.
    ///
    /// # Errors
    /// When `dir` is no run folder, another process is writing to it, or the disk refuses.
    pub fn resume(dir: &Path) -> Result<(Self, Vec<Record>)> {
        // Before anything is opened, so that a mistyped path is not littered with empty files.
        Manifest::read(dir)?;
        let mut writer = Self::open(dir.to_owned())?;
        writer.trials.drop_torn_line()?;
        let mut done = Run::read(dir)?.records;
        done.retain(|record| record.status == Status::Ok);
        let ids: BTreeSet<_> = done.iter().map(|record| record.trial.as_str()).collect();
        keep_rows(&dir.join(FLOWS), &FLOW_FIELDS, &ids)?;
        // The file was replaced: what is appended from here on must reach the new one.
        writer.flows = Appender::open(dir.join(FLOWS))?;
        let containers = dir.join(CONTAINERS);
        if containers.exists() {
            keep_rows(&containers, &CONTAINER_FIELDS, &ids)?;
        }
        Ok((writer, done))
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Appends a trial: its rows, then its record. When this returns `Ok`, the record is on the disk.
    ///
    /// # Errors
    /// When the disk refuses. No file then ends in a part of a line, and the trial counts as not run.
    pub fn append(&mut self, record: &Record, rows: &Rows) -> Result<()> {
        let mut line = serde_json::to_vec(record)
            .map_err(|error| refusal("serialize record for", &self.trials.path, error.into()))?;
        line.push(b'\n');
        self.flows.append_rows(&rows.flows)?;
        if !rows.containers.is_empty() {
            self.containers()?.append_rows(&rows.containers)?;
        }
        self.trials.append(&line)?;
        self.trials.sync()
    }

    /// Keeps what somebody else's programs printed in a trial, one line for each, in place of what an earlier try at it left.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep(&self, trial: &str, outputs: &[ProgramOutput]) -> Result<()> {
        if outputs.is_empty() {
            return Ok(());
        }
        let folder = self.dir.join(OUTPUTS);
        fs::create_dir_all(&folder).map_err(|source| refusal("create folder", &folder, source))?;
        let path = folder.join(format!("{trial}.jsonl"));
        let mut text = Vec::new();
        for output in outputs {
            serde_json::to_writer(&mut text, output)
                .map_err(|error| refusal("serialize", &path, error.into()))?;
            text.push(b'\n');
        }
        replace(&path, &text)
    }

    /// Most runs have nothing to put there: the file is made with its first row.
    fn containers(&mut self) -> Result<&mut Appender> {
        let file = if let Some(file) = self.containers.take() {
            file
        } else {
            let mut file = Appender::open(self.dir.join(CONTAINERS))?;
            if file.length()? == 0 {
                file.append(&header(&CONTAINER_FIELDS))?;
            }
            file
        };
        Ok(self.containers.insert(file))
    }

    pub(super) fn open(dir: PathBuf) -> Result<Self> {
        let trials = Appender::open(dir.join(TRIALS))?;
        lock(&trials, &dir)?;
        let flows = Appender::open(dir.join(FLOWS))?;
        Ok(Self {
            dir,
            trials,
            flows,
            containers: None,
        })
    }
}

/// A file that only grows, by whole pieces.
#[derive(Debug)]
struct Appender {
    path: PathBuf,
    file: File,
}

impl Appender {
    fn open(path: PathBuf) -> Result<Self> {
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let file = opened.map_err(|source| refusal("open", &path, source))?;
        Ok(Self { path, file })
    }

    /// Writes all of `bytes`, or takes back what part of them a full disk let through.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let before = self.length()?;
        self.file.write_all(bytes).map_err(|source| {
            // Were this to fail too, the next reader still drops the torn line.
            let _ = self.file.set_len(before);
            refusal("append to", &self.path, source)
        })
    }

    fn append_rows(&mut self, rows: &[impl Serialize]) -> Result<()> {
        let text =
            lines(rows).map_err(|source| refusal("serialize rows for", &self.path, source))?;
        self.append(&text)
    }

    fn sync(&self) -> Result<()> {
        self.file
            .sync_data()
            .map_err(|source| refusal("flush", &self.path, source))
    }

    fn length(&self) -> Result<u64> {
        let data = self
            .file
            .metadata()
            .map_err(|source| refusal("look at", &self.path, source))?;
        Ok(data.len())
    }

    fn drop_torn_line(&mut self) -> Result<()> {
        let text = fs::read(&self.path).map_err(|source| refusal("read", &self.path, source))?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        self.file
            .set_len(whole as u64)
            .map_err(|source| refusal("truncate", &self.path, source))
    }
}

fn folder_name(manifest: &Manifest) -> Result<String> {
    let started =
        Timestamp::from_nanosecond(i128::from(manifest.started_unix_ns)).map_err(|error| {
            Error::refused("name run folder for", &manifest.name, error.to_string())
        })?;
    let name: String = manifest
        .name
        .chars()
        .map(|c| if is_plain(c) { c } else { '-' })
        .collect();
    Ok(format!("{}-{name}", started.strftime("%Y%m%dT%H%M%SZ")))
}

/// What may stand in a file name everywhere and be typed without quoting.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Makes the first of `name`, `name-2`, `name-3`, ... that is free.
fn claim(out: &Path, name: &str) -> Result<PathBuf> {
    let mut nth = 1;
    loop {
        let dir = match nth {
            1 => out.join(name),
            _ => out.join(format!("{name}-{nth}")),
        };
        match fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => nth += 1,
            Err(error) => return Err(refusal("create folder", &dir, error)),
        }
    }
}

fn lock(trials: &Appender, dir: &Path) -> Result<()> {
    trials.file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Error::refused(
            "append to",
            dir.display().to_string(),
            "another run is writing to it",
        )
        .with_remedy(Remedy::AwaitWriter),
        TryLockError::Error(source) => refusal("lock", &trials.path, source),
    })
}

/// Readers see no manifest or the whole of it.
fn write_manifest(dir: &Path, manifest: &Manifest) -> Result<()> {
    let path = dir.join(MANIFEST);
    let mut text = serde_json::to_vec_pretty(manifest)
        .map_err(|error| refusal("serialize", &path, error.into()))?;
    text.push(b'\n');
    replace(&path, &text)
}

/// Writes a new file beside `path`, and puts it in its place once it is on the disk.
fn replace(path: &Path, text: &[u8]) -> Result<()> {
    let draft = path.with_extension("tmp");
    let written = File::create(&draft).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|source| refusal("write", path, source))
}

/// Leaves in a table only the rows of `done`: a trial that is run again writes all of its own.
fn keep_rows(path: &Path, fields: &[&str], done: &BTreeSet<&str>) -> Result<()> {
    let text = fs::read(path).map_err(|source| refusal("read", path, source))?;
    let mut kept = csv::Writer::from_writer(header(fields));
    // A row that cannot be parsed was cut off, and belongs to a trial without a record.
    for row in csv::Reader::from_reader(text.as_slice())
        .records()
        .flatten()
    {
        if row.get(0).is_some_and(|trial| done.contains(trial)) {
            kept.write_record(&row)
                .map_err(|error| refusal("filter", path, error.into()))?;
        }
    }
    let kept = kept
        .into_inner()
        .map_err(|error| refusal("filter", path, error.into_error()))?;
    replace(path, &kept)
}

/// The fields of a row of flows, as they are declared there.
const FLOW_FIELDS: [&str; 21] = [
    "trial",
    "pair",
    "stream",
    "client",
    "server",
    "status",
    "bytes",
    "goodput_bps",
    "retransmits",
    "transactions",
    "p50_ns",
    "p99_ns",
    "max_ns",
    "datagrams_sent",
    "datagrams_received",
    "lost_datagrams",
    "reordered",
    "duplicates",
    "error",
    "generator_bps",
    "generator_transactions_per_s",
];

/// The fields of a row of containers, likewise.
const CONTAINER_FIELDS: [&str; 5] = [
    "trial",
    "container",
    "cpu_user_ns",
    "cpu_system_ns",
    "memory_peak_bytes",
];

fn header(fields: &[&str]) -> Vec<u8> {
    format!("{}\n", fields.join(",")).into_bytes()
}

fn lines(rows: &[impl Serialize]) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The disk's refusal.
fn refusal(act: &'static str, path: &Path, source: io::Error) -> Error {
    Error::kernel(Act::Keep(act), path.display().to_string(), source)
}
