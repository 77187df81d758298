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
        "`cell`, or `baseline`: the trial of the block with which the others are compared.",
        |it| written(&it.role),
    ),
    truth(
        "again",
        "Whether it was run because the first trial of its cell in the block was disturbed.",
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
        "The act that failed; absent, as are the next four, for trials that did not fail.",
        |it| it.error.as_ref().map(|error| error.act.as_str().into()),
    ),
    text("error_object", "The object of that act.", |it| {
        it.error.as_ref().map(|error| error.object.as_str().into())
    }),
    text(
        "error_errno",
        "The kernel's error by name, where the kernel refused.",
        |it| it.error.as_ref()?.errno.as_deref().map(Into::into),
    ),
    text("error_reason", "The reason, where kilonet refused.", |it| {
        it.error.as_ref()?.reason.as_deref().map(Into::into)
    }),
    text("error_hint", "The remedy.", |it| {
        it.error.as_ref()?.hint.as_deref().map(Into::into)
    }),
    truth(
        "checks_valid",
        "Whether the witnesses agree. Where they do not, its figures must not be shown as values.",
        |it| it.checks.map(|checks| checks.valid),
    ),
];

/// A word as a record has it; absent for what is no word.
pub(super) fn written<'a>(value: &impl Serialize) -> Option<Cow<'a, str>> {
    let value = serde_json::to_value(value).ok()?;
    value.as_str().map(|word| Cow::Owned(word.to_owned()))
}
