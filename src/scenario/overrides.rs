//! Flags that stand for keys of a scenario.
//!
//! Knows no command-line parser: each is the text that was given. Invariant: a flag is read by the very code that reads
//! the file, since it is put into the file's text first.

use super::source::Setting;

/// What was given on the command line in place of a scenario's keys; each text as the user wrote it (`bridge,veth`,
/// `2..4096`, `2,8,32`, `300ms`), absent where no flag was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--topology`, for `axes.topology`.
    pub topology: Option<String>,
    /// `--testbed`, for `axes.testbed`.
    pub testbed: Option<String>,
    /// `--family`, for `axes.family`.
    pub family: Option<String>,
    /// `--firewall`, for `axes.firewall`.
    pub firewall: Option<String>,
    /// `--backend`, for `axes.backend`.
    pub backend: Option<String>,
    /// `--path`, for `axes.path`.
    pub path: Option<String>,
    /// `--rules`, for `axes.rules`.
    pub rules: Option<String>,
    /// `--rule-shape`, for `axes.rule_shape`.
    pub rule_shape: Option<String>,
    /// `--rule-hook`, for `axes.rule_hook`.
    pub rule_hook: Option<String>,
    /// `--containers`, for `axes.containers`.
    pub containers: Option<String>,
    /// `--active`, for `axes.active`.
    pub active: Option<String>,
    /// `--driver`, for `axes.driver`.
    pub driver: Option<String>,
    /// `--workload`, for `axes.workload`.
    pub workload: Option<String>,
    /// `--pattern`, for `axes.pattern`.
    pub pattern: Option<String>,
    /// `--direction`, for `axes.direction`.
    pub direction: Option<String>,
    /// `--peers`, for `axes.peers`.
    pub peers: Option<String>,
    /// `--streams`, for `axes.streams`.
    pub streams: Option<String>,
    /// `--message`, for `axes.message`.
    pub message: Option<String>,
    /// `--congestion`, for `axes.congestion`.
    pub congestion: Option<String>,
    /// Flags for what is asked of flows beside their messages, and for how links and bridges are set: as they are written,
    /// the key of `axes` each stands for, and its text.
    pub others: Vec<(&'static str, &'static str, String)>,
    /// `--warmup`, for `trial.warmup`.
    pub warmup: Option<String>,
    /// `--measure`, for `trial.measure`.
    pub measure: Option<String>,
    /// `--repeats`, for `trial.repeats`.
    pub repeats: Option<String>,
    /// `--within`, for `trial.within`.
    pub within: Option<String>,
    /// `--metrics`, for `trial.metrics`.
    pub metrics: Option<String>,
    /// `--again`, for `trial.again`.
    pub again: Option<String>,
    /// `--seed`, for `trial.seed`.
    pub seed: Option<String>,
}

impl Overrides {
    /// The flags that were given.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        let rows = [
            ("--topology", "axes", "topology", &self.topology),
            ("--testbed", "axes", "testbed", &self.testbed),
            ("--family", "axes", "family", &self.family),
            ("--firewall", "axes", "firewall", &self.firewall),
            ("--backend", "axes", "backend", &self.backend),
            ("--path", "axes", "path", &self.path),
            ("--rules", "axes", "rules", &self.rules),
            ("--rule-shape", "axes", "rule_shape", &self.rule_shape),
            ("--rule-hook", "axes", "rule_hook", &self.rule_hook),
            ("--containers", "axes", "containers", &self.containers),
            ("--active", "axes", "active", &self.active),
            ("--driver", "axes", "driver", &self.driver),
            ("--workload", "axes", "workload", &self.workload),
            ("--pattern", "axes", "pattern", &self.pattern),
            ("--direction", "axes", "direction", &self.direction),
            ("--peers", "axes", "peers", &self.peers),
            ("--streams", "axes", "streams", &self.streams),
            ("--message", "axes", "message", &self.message),
            ("--congestion", "axes", "congestion", &self.congestion),
            ("--warmup", "trial", "warmup", &self.warmup),
            ("--measure", "trial", "measure", &self.measure),
            ("--repeats", "trial", "repeats", &self.repeats),
            ("--within", "trial", "within", &self.within),
            ("--metrics", "trial", "metrics", &self.metrics),
            ("--again", "trial", "again", &self.again),
            ("--seed", "trial", "seed", &self.seed),
        ];
        let given = rows.into_iter().filter_map(|(flag, table, key, text)| {
            Some(Setting {
                flag,
                table,
                key,
                text: text.as_deref()?,
            })
        });
        let others = self.others.iter().map(|(flag, key, text)| Setting {
            flag,
            table: "axes",
            key,
            text,
        });
        given.chain(others).collect()
    }
}
