//! The run folder as reports have it: whatever is there, and nothing that is not.
//!
//! Must not know who is writing, if anybody is. The invariant: a record is returned exactly as its line says, or not at
//! all and a note says why.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use super::manifest::Manifest;
use super::names::{LARGEST_TRIALS, MANIFEST, TRIALS};
use super::tally;
use crate::error::{Error, Remedy, Result};
use crate::files;
use crate::store::TrialId;
use crate::store::record::bounds::Impossible;
use crate::store::record::{Record, SCHEMA, Status};
use crate::units::Bytes;

/// A run as its folder has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What was run, and where.
    pub manifest: Manifest,
    /// The last record of each trial, in the order in which trials were first recorded.
    pub records: Vec<Record>,
    /// What could not be read, each a sentence with file and line.
    pub notes: Vec<String>,
}

impl Run {
    /// Reads a run folder, also one that is being written to or was cut off, on the thread that asks.
    ///
    /// # Errors
    /// When `dir` has no manifest, or one that cannot be read, or the files cannot be opened. Lines of `trials.jsonl`
    /// that cannot be read are notes instead.
    pub fn read(dir: &Path) -> Result<Self> {
        Self::read_by(dir, |lines| {
            lines.iter().map(|line| Line::parse(line)).collect()
        })
    }

    /// The same where `parse` has [`Line::parse`] make what it makes of each of some lines, in their order: on as many
    /// threads as it likes. Who is to enter a user namespace yet may have no other than its own.
    ///
    /// # Errors
    /// As for [`Run::read`].
    pub fn read_by(dir: &Path, parse: impl Fn(&[&[u8]]) -> Vec<Line>) -> Result<Self> {
        let manifest = Manifest::read(dir)?;
        let path = dir.join(TRIALS);
        let mut lines = Lines::default();
        lines
            .read(&path, parse)
            .map_err(|error| files::refusal("read", &path, error))?;
        let mut notes = lines.notes();
        notes.extend(tally::beside(dir, &lines.records)?);
        Ok(Self {
            manifest,
            notes,
            records: lines.records,
        })
    }
}

impl Manifest {
    /// Reads `manifest.json`, which is what makes a folder a run folder, and nothing else of it.
    ///
    /// # Errors
    /// When `dir` has no manifest, or one that cannot be read.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(MANIFEST);
        let text = files::read(&path, LARGEST_MANIFEST).map_err(|error| no_run(dir, error))?;
        let malformed = |reason| Error::Malformed {
            object: path.display().to_string(),
            reason,
            remedy: None,
        };
        if let Some(schema) = newer_schema(&text) {
            let reason = format!("its schema {schema} is newer than this kilonet reads ({SCHEMA})");
            return Err(malformed(reason).with_remedy(Remedy::NewerKilonet));
        }
        serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))
    }
}

/// Bytes of a manifest at most: it holds a scenario, which is at most 1 MiB, a rule set, and the machine in some kilobytes.
const LARGEST_MANIFEST: u64 = 512 << 20;
/// Bytes of one record at most: one with a sample of each tenth of a second of an hour, and latencies, is a megabyte.
const LONGEST_LINE: u64 = 16 << 20;

fn no_run(dir: &Path, error: io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound if dir.is_dir() => {
            format!("it has no {MANIFEST}, so it is not a run folder")
        }
        io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => return files::refusal("read", &dir.join(MANIFEST), error),
    };
    Error::Malformed {
        object: dir.display().to_string(),
        reason,
        remedy: Some(Remedy::NameRunFolder),
    }
}

/// The version alone, which every layout has.
#[derive(Deserialize)]
struct Version {
    schema: u32,
}

fn newer_schema(text: &[u8]) -> Option<u32> {
    let version: Version = serde_json::from_slice(text).ok()?;
    (version.schema > SCHEMA).then_some(version.schema)
}

/// What the lines so far have given.
#[derive(Default)]
struct Lines {
    count: usize,
    records: Vec<Record>,
    places: HashMap<TrialId, usize>,
    /// Those that could not be read, by why, with what is said of the first.
    unread: HashMap<String, (Span, String)>,
    /// Those of trials that had been measured by an earlier line.
    again: Option<Span>,
}

/// Lines of which one thing is to be said.
#[derive(Clone, Copy)]
struct Span {
    first: usize,
    last: usize,
    number: usize,
}

impl Span {
    /// These lines and one more.
    fn and(span: Option<Self>, line: usize) -> Self {
        let first = span.map_or(line, |span| span.first);
        Self {
            first,
            last: line,
            number: span.map_or(1, |span| span.number + 1),
        }
    }

    /// What is said of the first, and that it holds for others.
    fn note(self, why: &str) -> String {
        let Self {
            first,
            last,
            number,
        } = self;
        let others = match number {
            1 => String::new(),
            2 => format!("; so is line {last}"),
            _ => format!("; so are {} more lines up to line {last}", number - 1),
        };
        format!("{TRIALS} line {first} {why}{others}")
    }
}

impl Lines {
    /// Takes those of a file; none where it is not there.
    fn read(&mut self, path: &Path, parse: impl Fn(&[&[u8]]) -> Vec<Line>) -> io::Result<()> {
        let mut file = match files::open(path, LARGEST_TRIALS) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => BufReader::new(opened?),
        };
        let mut text = Vec::with_capacity(TOGETHER);
        while fill(&mut file, &mut text)? > 0 {
            let whole = match self.count {
                0 => files::without_mark(&text),
                _ => &text,
            };
            let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
            for line in parse(&lines) {
                self.take(line);
            }
            text.clear();
        }
        Ok(())
    }

    fn take(&mut self, Line(line): Line) {
        self.count += 1;
        match line {
            Ok(record) => self.keep(record),
            Err(Unread { kind, why }) => {
                let known = self.unread.remove(&kind);
                let span = Span::and(known.as_ref().map(|(span, _)| *span), self.count);
                let why = known.map_or(why, |(_, first)| first);
                self.unread.insert(kind, (span, why));
            }
        }
    }

    /// The last record of a trial stands: an earlier one is of an attempt that failed and was repeated. No run repeats what
    /// was measured, so that a second record of it is of another run.
    fn keep(&mut self, record: Record) {
        let Some(place) = self.places.get(&record.trial) else {
            self.places.insert(record.trial.clone(), self.records.len());
            self.records.push(record);
            return;
        };
        if self.records[*place].status == Status::Ok {
            self.again = Some(Span::and(self.again, self.count));
        }
        self.records[*place] = record;
    }

    /// In the order of the lines that they begin with.
    fn notes(&self) -> Vec<String> {
        let again = self.again.map(|span| (span, MEASURED_BEFORE));
        let unread = self.unread.values();
        let unread = unread.map(|(span, why)| (*span, why.as_str()));
        let mut said: Vec<_> = unread.chain(again).collect();
        said.sort_by_key(|(span, _)| span.first);
        let rest = said.split_off(said.len().min(TOLD));
        let rest: usize = rest.iter().map(|(span, _)| span.number).sum();
        let more = format!("{rest} more lines of {TRIALS} are left out, for other reasons");
        let notes = said.into_iter().map(|(span, why)| span.note(why));
        notes.chain((rest > 0).then_some(more)).collect()
    }
}

/// So many reasons for which lines are left out are told, and the lines of others counted: a file of anything may have one
/// for each of its lines.
const TOLD: usize = 20;

/// What is said of a record that nothing explains but a second run in the same folder.
const MEASURED_BEFORE: &str = "is of a trial that had been measured, and replaces that record: the folder may hold two runs, \
                               perhaps of two machines";

/// Bytes of lines that are parsed together: thousands of lines, and no more than a small part of what they become.
const TOGETHER: usize = 8 << 20;

/// Appends whole lines, as far as the file has them, until there are enough bytes; gives how many bytes there are. Of a
/// line that is too long for a record, the rest is passed over.
fn fill(file: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<usize> {
    file.by_ref().take(TOGETHER as u64).read_to_end(text)?;
    if !text.ends_with(b"\n") {
        file.by_ref().take(LONGEST_LINE).read_until(b'\n', text)?;
    }
    if text.len() as u64 >= LONGEST_LINE && !text.ends_with(b"\n") && file.skip_until(b'\n')? > 0 {
        text.push(b'\n');
    }
    Ok(text.len())
}

/// What a line of `trials.jsonl` is: a record, or why it is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Line(Result<Record, Unread>);

/// Why a line is none.
#[derive(Debug, Clone, PartialEq)]
struct Unread {
    /// The same for all lines of which the same is said.
    kind: String,
    /// What is said of it after its number.
    why: String,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        let kind = why.clone();
        Self { kind, why }
    }
}

impl From<Impossible> for Unread {
    fn from(Impossible { rule, sentence }: Impossible) -> Self {
        Self {
            kind: rule,
            why: sentence,
        }
    }
}

impl Line {
    /// A line is whole only with its end: one without was cut off, even if what is there happens to parse.
    #[must_use]
    pub fn parse(line: &[u8]) -> Self {
        Self(record(line))
    }
}

fn record(line: &[u8]) -> Result<Record, Unread> {
    let text = line
        .strip_suffix(b"\n")
        .ok_or_else(|| "is cut off; its trial counts as not run".to_owned())?;
    if text.len() as u64 >= LONGEST_LINE {
        let most = Bytes(LONGEST_LINE);
        return Err(
            format!("is skipped: it is longer than {most}, the most that a record has").into(),
        );
    }
    let parsed: Result<Record, _> = serde_json::from_slice(text);
    let newer = match &parsed {
        Ok(record) => Some(record.schema).filter(|schema| *schema > SCHEMA),
        Err(_) => newer_schema(text),
    };
    if let Some(schema) = newer {
        let reason = format!("its schema {schema} is newer than this kilonet reads ({SCHEMA})");
        return Err(format!("is skipped: {reason}").into());
    }
    let record = parsed.map_err(|error| {
        // serde_json counts lines within what it is given, which here is one.
        let error = error.to_string();
        format!(
            "is skipped: {}",
            error.replace(" at line 1 column ", " at column ")
        )
    })?;
    match record.impossible() {
        Some(impossible) => Err(impossible.into()),
        None => Ok(record),
    }
}
