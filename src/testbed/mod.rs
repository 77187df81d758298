//! Where a trial happens: a lab is set up, measured and torn down.
//!
//! [`Machine`] is the real one, which takes each trial to [`Kernel`] or [`Docker`]; [`Model`] follows a known law, so that everything around it can be tested without a kernel.
//! Must not know files on disk.

mod attached;
mod bench;
mod blame;
mod docker;
mod engine_side;
mod generated;
mod kernel;
mod machine;
mod measurement;
pub mod model;
mod onlooker;
mod processes;
mod requirements;
mod scales;
pub mod search;
mod summary;
mod watched;

pub use docker::Docker;
pub use kernel::{Kernel, KernelLab, flows};
pub use machine::Machine;
pub use measurement::{Measurement, Phase, Testbed, TrialPlan, Watch};
pub use model::Model;
pub use requirements::Lacks;
