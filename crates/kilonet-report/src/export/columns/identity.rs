//! The columns of `trials` that say what a trial is, whether it failed, and why.

use std::borrow::Cow;

use serde::Serialize;

use super::super::column::Unit::Plain;
use super::super::column::{Column, integer, text, truth};
use crate::store::Record;

/// What a trial is, and whether it is to be believed.
pub(super) const COLUMNS: &[Column<Record>] = &[
    integer("schema", Plain, "Version of the record's layout.", |it| {
        Some(it.schema.into())
    }),
    text("trial", "The trial's id, unique in the run.", |it| {
        Some(it.trial.as_str().into())
    }),
    integer(
        "repeat",
        Plain,
        "Which repetition of the cell, from 0; also the number of its randomised block.",
        |it| Some(it.repeat.into()),
    ),
    text(
        "status",
        "`ok`, or `failed`: then there are `error_` columns and no figures.",
        |it| written(&it.status),
    ),
    text(
        "role",
        "`cell`, or `baseline`: put into the block for others to be compared with.",
        |it| written(&it.role),
    ),
    truth(
        "again",
        "Whether it was run as others had disturbed the first trial of its cell in the block.",
        |it| Some(it.again),
    ),
    text(
        "machine",
        "The machine and kernel it was run on; absent in records of earlier versions.",
        |it| it.machine.as_deref().map(Into::into),
    ),
    text(
        "version",
        "The version of kilonet that ran it; absent, as are the next five, in records of earlier versions.",
        |it| it.version.as_deref().map(Into::into),
    ),
    text(
        "build_commit",
        "The commit that it was built from; absent where that was an archive.",
        |it| it.build.as_ref()?.commit.as_deref().map(Into::into),
    ),
    truth(
        "build_modified",
        "Whether its source differed from that commit; absent likewise.",
        |it| it.build.as_ref()?.modified,
    ),
    text(
        "build_lock",
        "The first 12 digits of the SHA-256 of its lock file, `Cargo.lock`.",
        |it| it.build.as_ref()?.lock.as_deref().map(Into::into),
    ),
    text("build_source", "The same of its source.", |it| {
        it.build.as_ref()?.source.as_deref().map(Into::into)
    }),
    text("build_profile", "`release` or `debug`.", |it| {
        it.build.as_ref()?.profile.as_deref().map(Into::into)
    }),
    text(
        "error_act",
        "What was being done when the trial failed; absent, as are the next four, for others.",
        |it| it.error.as_ref().map(|error| error.act.as_str().into()),
    ),
    text("error_object", "To what.", |it| {
        it.error.as_ref().map(|error| error.object.as_str().into())
    }),
    text(
        "error_errno",
        "The kernel's error by name, where the kernel is who refused.",
        |it| it.error.as_ref()?.errno.as_deref().map(Into::into),
    ),
    text("error_reason", "Why, where kilonet is who refused.", |it| {
        it.error.as_ref()?.reason.as_deref().map(Into::into)
    }),
    text("error_hint", "What can be done about it.", |it| {
        it.error.as_ref()?.hint.as_deref().map(Into::into)
    }),
    truth(
        "checks_valid",
        "Whether the witnesses agree. Where they do not, the figures are no values to be shown.",
        |it| it.checks.map(|checks| checks.valid),
    ),
];

/// A word as a record has it; absent for what is no word.
pub(super) fn written<'a>(value: &impl Serialize) -> Option<Cow<'a, str>> {
    let value = serde_json::to_value(value).ok()?;
    value.as_str().map(|word| Cow::Owned(word.to_owned()))
}
