//! An iptables table, as `iptables-restore` reads it and `iptables-save` writes it.
//!
//! Must not know what the rules are for. The invariant: a built-in chain is declared once and first, with a policy.

use std::fmt;

/// A table with its chains and rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    name: &'static str,
    /// Each chain and its policy; `-` for one that is not built in.
    chains: Vec<(String, &'static str)>,
    rules: Vec<String>,
}

impl Table {
    /// The table `filter`, forwarding by the given policy.
    pub(super) fn filter(forward: &'static str) -> Self {
        Self::new(
            "filter",
            &[
                ("INPUT", "ACCEPT"),
                ("FORWARD", forward),
                ("OUTPUT", "ACCEPT"),
            ],
        )
    }

    /// The table `nat`.
    pub(super) fn nat() -> Self {
        let hooks = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"];
        Self::new("nat", &hooks.map(|hook| (hook, "ACCEPT")))
    }

    /// The table `raw`.
    pub(super) fn raw() -> Self {
        Self::new("raw", &[("PREROUTING", "ACCEPT"), ("OUTPUT", "ACCEPT")])
    }

    fn new(name: &'static str, hooks: &[(&str, &'static str)]) -> Self {
        Self {
            name,
            chains: hooks
                .iter()
                .map(|(hook, policy)| ((*hook).to_owned(), *policy))
                .collect(),
            rules: Vec::new(),
        }
    }

    /// The table's name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Declares a chain that is not built in.
    pub(super) fn chain(&mut self, name: impl Into<String>) {
        self.chains.push((name.into(), "-"));
    }

    /// Declares several.
    pub(super) fn chains<const N: usize>(&mut self, names: [&str; N]) {
        for name in names {
            self.chain(name);
        }
    }

    /// Appends a rule: chain, matches and target, as after `-A`.
    pub(super) fn rule(&mut self, text: impl Into<String>) {
        self.rules.push(text.into());
    }

    /// Appends several.
    pub(super) fn rules<const N: usize>(&mut self, texts: [&str; N]) {
        for text in texts {
            self.rule(text);
        }
    }

    /// Puts rules before those that are there.
    pub(super) fn put_first(&mut self, rules: impl IntoIterator<Item = String>) {
        self.rules.splice(0..0, rules);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "*{}", self.name)?;
        for (name, policy) in &self.chains {
            writeln!(out, ":{name} {policy} [0:0]")?;
        }
        for rule in &self.rules {
            writeln!(out, "-A {rule}")?;
        }
        writeln!(out, "COMMIT")
    }
}
