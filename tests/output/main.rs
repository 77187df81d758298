//! What is printed, where it goes, and what becomes of a run when that is gone: hostile texts on a terminal, standard output
//! that cannot be written, a terminal that is closed.
//!
//! The witnesses are a terminal of our own, the kernel's `/dev/full`, and the files that a run leaves.

#[path = "../harness/mod.rs"]
mod harness;

mod hangup;
mod hostile;
mod unwritable;
mod verbs;
