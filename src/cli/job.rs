//! What is to be measured, and where its records go.

use std::path::Path;

use super::progress::Asked;
use super::resume::Versions;
use crate::scenario::Scenario;

/// The folder in which records are kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Destination<'a> {
    /// A new folder in this one.
    New(&'a Path),
    /// The folder of a run that was cut off, with the versions of kilonet that may continue it.
    Old(&'a Path, Versions),
}

/// What is to be measured, and where.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) destination: Destination<'a>,
    /// The existing containers to attach to, as the user names them.
    pub(super) places: &'a [String],
    pub(super) asked: Asked,
}
