//! One limit of the machine, and the part of a need that it bounds.
//!
//! Must not know where it was read.

use crate::store::record::Resource;

/// What happens beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// The kernel refuses, or kills.
    Hard,
    /// The kernel goes on, slower.
    Soft,
}

/// One limit of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The name an administrator knows it by: `kernel.pid_max`, `RLIMIT_NOFILE`.
    pub name: &'static str,
    /// What it limits.
    pub resource: Resource,
    /// What happens beyond it.
    pub strength: Strength,
    /// The limit, in pieces or bytes.
    pub have: u64,
    /// What is in use already, by anyone the limit counts; 0 where the kernel does not say.
    pub used: u64,
    /// Where it was read.
    pub source: String,
    /// How it is raised, with `{}` where the wanted figure belongs.
    pub(super) remedy: String,
    /// What one of the remedy's figure stands for, in units of `have`: a page where the sysctl counts pages.
    pub(super) remedy_unit: u64,
}

impl Limit {
    /// What is left.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.have.saturating_sub(self.used)
    }

    /// What raises this limit far enough for `need` more: a command, or a setting and where it stands.
    #[must_use]
    pub fn remedy(&self, need: u64) -> String {
        let wanted = self.used.saturating_add(need).max(self.have);
        self.remedy
            .replace("{}", &wanted.div_ceil(self.remedy_unit).to_string())
    }

    /// The part of the room that `need` takes; above 1 it does not fit.
    pub(super) fn share(&self, need: u64) -> f64 {
        need as f64 / self.room().max(1) as f64
    }
}
