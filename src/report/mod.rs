//! What people read: one output format a file, each from the same analysis.
//!
//! Must not know kernel or sockets.

pub mod page;
