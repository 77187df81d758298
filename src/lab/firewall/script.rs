//! A batch of rules for one tool, and what takes it away again.
//!
//! Must not know whose the rules are.

use crate::scenario::Family;

/// A batch for one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// For `nft`.
    Nft(String),
    /// For `iptables-restore`, or `ip6tables-restore`.
    Restore(Family, String),
}

impl Script {
    /// What the tool reads.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Nft(text) | Self::Restore(_, text) => text,
        }
    }

    /// What takes the script's rules away again, and lets everything pass.
    pub(super) fn lifted(&self) -> Self {
        match self {
            Self::Nft(_) => Self::Nft("flush ruleset\n".to_owned()),
            Self::Restore(family, text) => Self::Restore(*family, emptied(text)),
        }
    }
}

/// The tables of a text with their own chains and nothing in them: a restore empties what it names.
fn emptied(text: &str) -> String {
    let kept = text
        .lines()
        .filter_map(|line| match line.strip_prefix(':') {
            Some(chain) => {
                let (name, policy) = chain.split_once(' ')?;
                (!policy.starts_with('-')).then(|| format!(":{name} ACCEPT [0:0]\n"))
            }
            None => (line.starts_with('*') || line == "COMMIT").then(|| format!("{line}\n")),
        });
    kept.collect()
}
