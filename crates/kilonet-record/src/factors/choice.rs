//! What a scenario has of each key, before any cell is made of it: levels, each of which meets every level of the others; and what is
//! said of a level that does not fit them.
//!
//! Knows no key, no text and no place in one. The invariant: a level that does not fit is named by its key and its number among the
//! key's levels, so that whoever has the text can point at it.

use std::any::Any;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;

use super::cell::Cell;

/// A level of some key.
pub type Level = Rc<dyn Any>;

/// The name of a key whose levels are `T`: by it the entries of other keys ask for those.
pub struct Name<T> {
    word: &'static str,
    levels: PhantomData<fn() -> T>,
}

impl<T> Clone for Name<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Name<T> {}

impl<T> Name<T> {
    /// What a key is called in a file.
    #[must_use]
    pub const fn new(word: &'static str) -> Self {
        let levels = PhantomData;
        Self { word, levels }
    }

    /// The same.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.word
    }
}

/// One of a key's levels.
#[derive(Debug, Clone)]
pub struct Chosen<T> {
    /// The level.
    pub value: T,
    /// What tells it from what was written elsewhere: the levels of a range have been written as one. Absent where nobody wrote it.
    pub written: Option<usize>,
    key: &'static str,
    nth: usize,
}

impl<T> Chosen<T> {
    /// What is said of it where it does not fit: what is wrong, and what would be right.
    pub fn misfit(&self, message: impl Into<String>, remedy: impl Into<String>) -> Misfit {
        Misfit {
            key: self.key,
            nth: Some(self.nth),
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

/// A level that does not fit the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The key that it is of.
    pub key: &'static str,
    /// Which of the key's levels it is, from 0; absent where it is one that nobody chose, and which follows from others.
    pub nth: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub remedy: String,
}

impl Misfit {
    /// What is said of a key without a level of its own.
    pub fn of<T>(key: Name<T>, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            key: key.word,
            nth: None,
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}

/// How a key's levels must fit those of the others.
pub type Fit = fn(&Choice) -> Vec<Misfit>;

/// How they must fit the cells of the scenario, which are made of those that fit each other.
pub type CellFit = fn(&Choice, &[Cell]) -> Vec<Misfit>;

/// The levels of every key: of a table of axes, and of the other tables.
#[derive(Default)]
pub struct Choice(BTreeMap<&'static str, Of>);

/// The levels of one key.
struct Of {
    /// As the file names it, with its table.
    path: String,
    /// Each, and what tells what was written from what was elsewhere.
    levels: Vec<(Level, Option<usize>)>,
}

impl Choice {
    /// Gives a key its levels, each with a number for where it was written; `path` is as the file names the key, with its table.
    pub fn give(
        &mut self,
        key: &'static str,
        path: String,
        levels: impl IntoIterator<Item = (Level, Option<usize>)>,
    ) {
        let levels = levels.into_iter().collect();
        self.0.insert(key, Of { path, levels });
    }

    /// The levels of a key; none where nobody wrote it and nothing is usual.
    ///
    /// # Panics
    /// For a name under which another key is.
    pub fn levels<T: Clone + 'static>(&self, key: Name<T>) -> impl Iterator<Item = Chosen<T>> {
        let levels = self.0.get(key.word).into_iter().flat_map(|of| &of.levels);
        levels.enumerate().map(move |(nth, (level, written))| {
            let value: Option<&T> = level.downcast_ref();
            Chosen {
                value: value.expect("a name is of the key that it names").clone(),
                written: *written,
                key: key.word,
                nth,
            }
        })
    }

    /// The same, as they are.
    pub fn values<T: Clone + 'static>(&self, key: Name<T>) -> impl Iterator<Item = T> {
        self.levels(key).map(|at| at.value)
    }

    /// The first level of a key that is such.
    pub fn find<T: Clone + 'static>(
        &self,
        key: Name<T>,
        is_such: impl Fn(&T) -> bool,
    ) -> Option<Chosen<T>> {
        self.levels(key).find(|at| is_such(&at.value))
    }

    /// Whether a key has this level.
    #[must_use]
    pub fn has<T: Clone + PartialEq + 'static>(&self, key: Name<T>, level: &T) -> bool {
        self.values(key).any(|value| value == *level)
    }

    /// The first level of a key.
    #[must_use]
    pub fn first<T: Clone + 'static>(&self, key: Name<T>) -> Option<Chosen<T>> {
        self.levels(key).next()
    }

    /// The one level of a key that has a usual one.
    ///
    /// # Panics
    /// For a key that has none.
    #[must_use]
    pub fn one<T: Clone + 'static>(&self, key: Name<T>) -> T {
        let first = self.first(key);
        first.expect("a key with a usual level has one").value
    }

    /// A key as the file names it, with its table.
    #[must_use]
    pub fn path<T>(&self, key: Name<T>) -> &str {
        self.0.get(key.word).map_or(key.word, |of| &of.path)
    }
}
