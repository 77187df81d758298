//! Labs: what containers, links and addresses there are, and how they come into being and go.
//!
//! Must not know traffic. The invariant: everything a lab made is held by descriptors of this process and by nothing
//! else, so that it is gone when the process is.

pub mod netns;
