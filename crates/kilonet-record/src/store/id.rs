//! What a trial is called.
//!
//! Topology, family, rules and count always; every other factor only where it is not at its default, as its entry says, so that
//! ids stay short where little varies. Invariant: two cells of one scenario never share an id.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::factors::{Cell, registry};
use crate::files::FileName;

/// What the id of a trial ends in that is run as others disturbed another: for people, and for an id of its own. That it is one
/// of these only the trial itself says.
const AGAIN: &str = "-again";

/// The id of a trial, which is also a name for its files: only its checker makes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TrialId(FileName);

/// Characters of a cell's part of an id at most; what is longer is cut, and a number that its whole text comes to put behind.
const LONGEST: usize = 160;

impl TrialId {
    /// That of one repetition of a cell.
    #[must_use]
    pub fn of(cell: &Cell, repeat: u32) -> Self {
        let whole = of_cell(cell);
        let text = match whole.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}-{:016x}", &whole[..end], number_of(&whole)),
            None => whole,
        };
        Self(FileName::nearest(&format!("{text}-r{repeat}")))
    }

    /// That of the trial which is run where others disturbed this one.
    #[must_use]
    pub fn once_more(&self) -> Self {
        Self(self.0.with(AGAIN))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The repetition that it ends in; absent where it ends in none, as an id that is not of this kilonet's making may.
    #[must_use]
    pub(in crate::store) fn repeat(&self) -> Option<u32> {
        let text = self.as_str();
        let first = text.strip_suffix(AGAIN).unwrap_or(text);
        let (_, digits) = first.rsplit_once("-r")?;
        digits.parse().ok()
    }

    /// A file of the trial, by its ending.
    #[must_use]
    pub fn file(&self, ending: &'static str) -> FileName {
        self.0.with(ending)
    }
}

impl Deref for TrialId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self)
    }
}

impl From<TrialId> for String {
    fn from(id: TrialId) -> Self {
        id.as_str().to_owned()
    }
}

impl TryFrom<String> for TrialId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        FileName::checked(text).map(Self)
    }
}

impl FromStr for TrialId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_owned().try_into()
    }
}

impl PartialEq<str> for TrialId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<TrialId> for String {
    fn eq(&self, other: &TrialId) -> bool {
        self == other.as_str()
    }
}

/// The number that a text comes to, the same in every version (FNV-1a).
fn number_of(text: &str) -> u64 {
    let bytes = text.bytes().map(u64::from);
    bytes.fold(0xcbf2_9ce4_8422_2325, |number, byte| {
        (number ^ byte).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The id of a cell, which those of its repetitions begin with.
#[must_use]
pub fn of_cell(cell: &Cell) -> String {
    let mut parts: Vec<_> = registry::fields().filter_map(|field| field.id).collect();
    // Those of one place stay in their order.
    parts.sort_by_key(|part| part.place);
    let texts = parts.iter().filter_map(|part| (part.text)(cell));
    texts.collect::<Vec<_>>().join("-")
}
