//! The run folder as reports have it: whatever is there, and nothing that is not.
//!
//! Must not know who is writing, if anybody is. The invariant: a record is returned exactly as its line says, or not at
//! all and a note says why.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use super::{MANIFEST, Manifest, TRIALS};
use crate::error::{Error, Remedy, Result};
use crate::store::record::{Record, SCHEMA, Status};

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
            .map_err(|error| Error::kernel("read", path.display().to_string(), error))?;
        Ok(Self {
            manifest,
            notes: lines.notes(),
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
        let text = fs::read(&path).map_err(|error| no_run(dir, error))?;
        serde_json::from_slice(&text).map_err(|error| Error::Malformed {
            object: path.display().to_string(),
            reason: error.to_string(),
            remedy: newer_schema(&text).map(|schema| Remedy::NewerKilonet(schema, SCHEMA)),
        })
    }
}

fn no_run(dir: &Path, error: io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound if dir.is_dir() => {
            format!("it has no {MANIFEST}, so it is no run folder")
        }
        io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => return Error::kernel("read", dir.join(MANIFEST).display().to_string(), error),
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
    places: HashMap<String, usize>,
    /// Those that could not be read, by why.
    unread: HashMap<String, Span>,
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
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => BufReader::new(opened?),
        };
        let mut text = Vec::with_capacity(TOGETHER);
        while fill(&mut file, &mut text)? > 0 {
            let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
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
            Err(why) => {
                let span = Span::and(self.unread.get(&why).copied(), self.count);
                self.unread.insert(why, span);
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
        let unread = self.unread.iter().map(|(why, span)| (*span, why.as_str()));
        let mut said: Vec<_> = unread.chain(again).collect();
        said.sort_by_key(|(span, _)| span.first);
        said.into_iter().map(|(span, why)| span.note(why)).collect()
    }
}

/// What is said of a record that nothing explains but a second run in the same folder.
const MEASURED_BEFORE: &str = "is of a trial that had been measured, and stands in the place of that record: the folder may \
                               hold two runs, and these may be of two machines";

/// Bytes of lines that are parsed together: thousands of lines, and no more than a small part of what they become.
const TOGETHER: usize = 8 << 20;

/// Appends whole lines, as far as the file has them, until there are enough bytes; gives how many bytes there are.
fn fill(file: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<usize> {
    file.by_ref().take(TOGETHER as u64).read_to_end(text)?;
    if !text.ends_with(b"\n") {
        file.read_until(b'\n', text)?;
    }
    Ok(text.len())
}

/// What a line of `trials.jsonl` is: a record, or why it is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Line(Result<Record, String>);

impl Line {
    /// A line is whole only with its end: one without was cut off, even if what is there happens to parse.
    #[must_use]
    pub fn parse(line: &[u8]) -> Self {
        Self(record(line))
    }
}

fn record(line: &[u8]) -> Result<Record, String> {
    let text = line
        .strip_suffix(b"\n")
        .ok_or("is cut off; its trial counts as not run")?;
    let parsed: Result<Record, _> = serde_json::from_slice(text);
    let newer = match &parsed {
        Ok(record) => Some(record.schema).filter(|schema| *schema > SCHEMA),
        Err(_) => newer_schema(text),
    };
    if let Some(schema) = newer {
        return Err(format!(
            "is skipped: its schema {schema} is newer than this kilonet reads ({SCHEMA})"
        ));
    }
    parsed.map_err(|error| {
        // serde_json counts lines within what it is given, which here is one.
        let error = error.to_string();
        format!(
            "is skipped: {}",
            error.replace(" at line 1 column ", " at column ")
        )
    })
}
