//! A scenario's text: the file as it was read, with what the flags put in its place.
//!
//! Knows neither TOML nor a key of a scenario. Invariant: every byte of the edited text came either from the file or
//! from one flag, and [`Source::place`] says which.

use std::ops::Range;

/// Bytes of the text that was parsed.
pub(super) type Span = Range<usize>;

/// Where a problem stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// These bytes of the file.
    File(Span),
    /// These bytes of what was given on the command line.
    Flag {
        /// The flag with its dashes.
        flag: String,
        /// The flag and what was given.
        text: String,
        /// The part of it that was given.
        span: Span,
    },
}

/// The text of a scenario and where it came from.
#[derive(Debug)]
pub(super) struct Source {
    /// How errors name the file.
    pub(super) path: String,
    /// What the file holds.
    pub(super) file: String,
    /// What is parsed: the file with the flags' values in place.
    pub(super) text: String,
    /// The pieces of the file that flags replaced, first to last.
    pub(super) edits: Vec<Edit>,
}

/// A piece of the file that a flag replaced.
#[derive(Debug)]
pub(super) struct Edit {
    /// The flag with its dashes.
    pub(super) flag: String,
    /// What was given to it.
    pub(super) given: String,
    /// The piece of the file.
    pub(super) old: Span,
    /// What stands before the value, for a key that was not there.
    pub(super) before: String,
    /// What was given, as TOML writes it.
    pub(super) value: String,
    /// What stands after it, likewise.
    pub(super) after: &'static str,
}

impl Edit {
    fn length(&self) -> usize {
        self.before.len() + self.value.len() + self.after.len()
    }
}

impl Source {
    /// A text that is not from a file, under the name that errors give it.
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let file = text.into();
        Self {
            path: path.into(),
            text: file.clone(),
            file,
            edits: Vec::new(),
        }
    }

    /// Where bytes of the parsed text came from.
    pub(super) fn place(&self, span: Span) -> Place {
        // Up to where both texts have been walked through.
        let (mut text, mut file) = (0, 0);
        for edit in &self.edits {
            let start = text + (edit.old.start - file);
            if span.start < start {
                break;
            }
            if span.start < start + edit.length() {
                return edit.place();
            }
            (text, file) = (start + edit.length(), edit.old.end);
        }
        // A table appended for a flag lies beyond the file's end.
        let in_file = |at: usize| (at - text + file).min(self.file.len());
        Place::File(in_file(span.start)..in_file(span.end))
    }
}

impl Edit {
    fn place(&self) -> Place {
        let text = format!("{} {}", self.flag, self.given);
        Place::Flag {
            flag: self.flag.clone(),
            span: self.flag.len() + 1..text.len(),
            text,
        }
    }
}
