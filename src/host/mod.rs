//! What kilonet knows of the machine: rights, limits, features, counters, fingerprint, noise.
//!
//! Must not know scenarios' meaning, labs, traffic or files of results. The invariant: nothing here changes the machine,
//! except [`sysctl`], which does so only on request and writes down first how to undo it, and [`cgroup::Nest`], whose name
//! says whose it is.
//!
//! The order at start, all on the main thread until the last step: [`signal::Blocked::new`],
//! [`limits::raise`], [`limits::Limits::probe`], [`counters::TcpMemory::thresholds`] and
//! [`fingerprint::Fingerprint::take`], [`counters::hold_neighbours`] and [`watching::Watching::open`], then [`privilege::acquire`], and only then what makes threads:
//! [`signal::Blocked::listen`] and [`features::probe`]. What is probed before rights are acquired is read in the
//! machine's own namespaces; a user namespace hides some of it.

#[cfg(test)]
pub(crate) mod alone;
pub mod canary;
pub mod cgroup;
pub mod confinement;
pub mod counters;
pub mod features;
pub mod fingerprint;
pub mod kin;
pub mod limits;
pub mod noise;
pub mod privilege;
mod pseudo;
pub mod relay;
pub mod signal;
pub mod sysctl;
pub mod watching;
