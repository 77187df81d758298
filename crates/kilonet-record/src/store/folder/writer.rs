//! The run folder as the runner has it: held by one writer at a time, and appended to.
//!
//! Must not know how the folder is read for a report. The invariant: between calls all files end at the end of a line,
//! and after `resume` the tables beside the records hold no row of a trial that is to be run again.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::manifest::Manifest;
use super::names::{CONTAINERS, FLOWS, LARGEST_TABLE, LARGEST_TRIALS, MANIFEST, OUTPUTS, TRIALS};
use super::reader::Run;
use crate::error::{Act, Error, Remedy, Result};
use crate::files::{self, FileName};
use crate::store::TrialId;
use crate::store::record::{ContainerRow, FlowRow, ProgramOutput, Record, Rows, Status};

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
        Self::take_up(dir).map_err(there)
    }

    fn take_up(dir: &Path) -> Result<(Self, Vec<Record>)> {
        let mut writer = Self::open(dir.to_owned())?;
        writer.trials.drop_torn_line()?;
        let mut done = Run::read(dir)?.records;
        done.retain(|record| record.status == Status::Ok);
        let ids: BTreeSet<_> = done.iter().map(|record| record.trial.as_str()).collect();
        FLOW_TABLE.keep(&dir.join(FLOWS), &ids)?;
        // The file was replaced: what is appended from here on must reach the new one.
        writer.flows = Appender::open(dir.join(FLOWS))?;
        let containers = dir.join(CONTAINERS);
        if containers.exists() {
            CONTAINER_TABLE.keep(&containers, &ids)?;
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
    pub fn keep(&self, trial: &TrialId, outputs: &[ProgramOutput]) -> Result<()> {
        if outputs.is_empty() {
            return Ok(());
        }
        let folder = self.dir.join(OUTPUTS);
        files::folder(&folder).map_err(|source| refusal("create folder", &folder, source))?;
        let path = folder.join(trial.file(".jsonl"));
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

    /// Has flows go to another file, whatever that is.
    #[cfg(test)]
    pub(super) fn put_flows_into(&mut self, path: &Path) {
        let file = fs::OpenOptions::new().append(true).open(path).unwrap();
        let path = path.to_owned();
        self.flows = Appender { path, file };
    }

    fn open(dir: PathBuf) -> Result<Self> {
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
        let file = files::append(&path).map_err(|source| refusal("open", &path, source))?;
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
        let whole =
            whole_lines(&self.path).map_err(|source| refusal("read", &self.path, source))?;
        self.file
            .set_len(whole)
            .map_err(|source| refusal("truncate", &self.path, source))
    }
}

/// The bytes of a file up to the end of its last line that has one.
fn whole_lines(path: &Path) -> io::Result<u64> {
    let mut file = BufReader::new(files::open(path, LARGEST_TRIALS)?);
    let (mut whole, mut seen) = (0, 0);
    loop {
        let text = file.fill_buf()?;
        if text.is_empty() {
            return Ok(whole);
        }
        let end = text.iter().rposition(|byte| *byte == b'\n');
        whole = end.map_or(whole, |end| seen + end as u64 + 1);
        let read = text.len();
        seen += read as u64;
        file.consume(read);
    }
}

fn folder_name(manifest: &Manifest) -> Result<FileName> {
    let started =
        Timestamp::from_nanosecond(i128::from(manifest.started_unix_ns)).map_err(|error| {
            Error::refused("name run folder for", &manifest.name, error.to_string())
        })?;
    let started = started.strftime("%Y%m%dT%H%M%SZ");
    Ok(FileName::nearest(&format!("{started}-{}", manifest.name)))
}

/// Makes the first of `name`, `name-2`, `name-3`, ... that is free.
fn claim(out: &Path, name: &FileName) -> Result<PathBuf> {
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
    replace_by(path, |mut file| file.write_all(text))
}

/// The same where `write` says what is in it.
fn replace_by(path: &Path, write: impl FnOnce(&File) -> io::Result<()>) -> Result<()> {
    let draft = path.with_extension("tmp");
    let written = files::create(&draft).and_then(|file| {
        write(&file)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|source| refusal("write", path, source))
}

/// A table beside the records: its columns, and which trial a row is of.
struct Table<Row, const COLUMNS: usize> {
    fields: [&'static str; COLUMNS],
    trial: fn(&Row) -> &str,
}

impl<Row: Serialize + DeserializeOwned, const COLUMNS: usize> Table<Row, COLUMNS> {
    /// Leaves only the rows of `done`: a trial that is run again writes all of its own.
    fn keep(&self, path: &Path, done: &BTreeSet<&str>) -> Result<()> {
        let table =
            files::open(path, LARGEST_TABLE).map_err(|source| refusal("read", path, source))?;
        replace_by(path, |file| {
            let mut file = BufWriter::new(file);
            file.write_all(&header(&self.fields))?;
            let mut kept = csv::WriterBuilder::new()
                .has_headers(false)
                .from_writer(file);
            for row in csv::Reader::from_reader(table).into_deserialize::<Row>() {
                match row {
                    Ok(row) if done.contains((self.trial)(&row)) => kept.serialize(row)?,
                    Err(error) if error.is_io_error() => return Err(error.into()),
                    // A row that cannot be parsed was cut off, and belongs to a trial without a record.
                    _ => {}
                }
            }
            kept.flush()
        })
    }
}

const FLOW_TABLE: Table<FlowRow, 21> = Table {
    fields: FLOW_FIELDS,
    trial: |row| &row.trial,
};

const CONTAINER_TABLE: Table<ContainerRow, 5> = Table {
    fields: CONTAINER_FIELDS,
    trial: |row| &row.trial,
};

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

/// The same refusal where the folder cannot be another.
fn there(error: Error) -> Error {
    let remedy = match error.remedy() {
        Some(Remedy::WritableFolder) => Remedy::MakeWritable,
        Some(Remedy::NoLink) => Remedy::ReplaceLink,
        _ => return error,
    };
    error.with_remedy(remedy)
}

/// The disk's refusal.
fn refusal(act: &'static str, path: &Path, source: io::Error) -> Error {
    files::refusal(Act::Keep(act), path, source)
}
