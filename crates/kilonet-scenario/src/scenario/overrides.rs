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
    /// Flags for what is asked of flows beside their messages: as they are written, the key of `axes` each stands for, and its
    /// text.
    pub load: Vec<(&'static str, &'static str, String)>,
    /// Likewise for what each container may use.
    pub limits: Vec<(&'static str, &'static str, String)>,
    /// Likewise for how links and bridges are set.
    pub wiring: Vec<(&'static str, &'static str, String)>,
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

/// What a flag is about, by which a verb knows whether it has any use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The lab: its shape, who is in it, and who of them are to talk.
    Lab,
    /// What flows do in it.
    Traffic,
    /// What each container may use, where it is a process of kilonet's own.
    Limits,
    /// Both: the lab is made for what flows do.
    Both,
    /// How often trials are made, in which order, and how long they are.
    Trial,
}

impl Part {
    /// That of the flag for a key, of those that have a place of their own in [`Overrides`].
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        let none = Overrides::default();
        let mut rows = none.rows().into_iter();
        rows.find_map(|row| (row.key == key).then_some(row.part))
    }
}

/// A flag that has a place of its own.
struct Row<'a> {
    part: Part,
    flag: &'static str,
    table: &'static str,
    key: &'static str,
    text: &'a Option<String>,
}

impl Overrides {
    /// The flags that were given, as they are written, with what each is about.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, Part)> {
        let rows = self.rows().into_iter();
        let own = rows.filter_map(|row| row.text.as_ref().map(|_| (row.flag, row.part)));
        let load = self.load.iter().map(|(flag, ..)| (*flag, Part::Traffic));
        let limits = self.limits.iter().map(|(flag, ..)| (*flag, Part::Limits));
        let wiring = self.wiring.iter().map(|(flag, ..)| (*flag, Part::Lab));
        own.chain(load).chain(limits).chain(wiring)
    }

    /// The same flags with so many containers.
    #[must_use]
    pub fn grown_to(&self, containers: u32) -> Self {
        Self {
            containers: Some(containers.to_string()),
            ..self.clone()
        }
    }

    fn rows(&self) -> [Row<'_>; 26] {
        let row = |part, (flag, table, key), text| Row {
            part,
            flag,
            table,
            key,
            text,
        };
        let axis = |part, flag: &'static str, key, text| row(part, (flag, "axes", key), text);
        let trial = |part, flag: &'static str, key, text| row(part, (flag, "trial", key), text);
        [
            axis(Part::Lab, "--topology", "topology", &self.topology),
            axis(Part::Lab, "--testbed", "testbed", &self.testbed),
            axis(Part::Both, "--family", "family", &self.family),
            axis(Part::Lab, "--firewall", "firewall", &self.firewall),
            axis(Part::Lab, "--backend", "backend", &self.backend),
            axis(Part::Lab, "--path", "path", &self.path),
            axis(Part::Lab, "--rules", "rules", &self.rules),
            axis(Part::Lab, "--rule-shape", "rule_shape", &self.rule_shape),
            axis(Part::Lab, "--rule-hook", "rule_hook", &self.rule_hook),
            axis(Part::Lab, "--containers", "containers", &self.containers),
            axis(Part::Lab, "--active", "active", &self.active),
            axis(Part::Traffic, "--driver", "driver", &self.driver),
            axis(Part::Traffic, "--workload", "workload", &self.workload),
            axis(Part::Lab, "--pattern", "pattern", &self.pattern),
            axis(Part::Lab, "--direction", "direction", &self.direction),
            axis(Part::Lab, "--peers", "peers", &self.peers),
            // Each stream that goes by a published port has one of its own.
            axis(Part::Both, "--streams", "streams", &self.streams),
            axis(Part::Traffic, "--message", "message", &self.message),
            axis(
                Part::Traffic,
                "--congestion",
                "congestion",
                &self.congestion,
            ),
            trial(Part::Trial, "--warmup", "warmup", &self.warmup),
            trial(Part::Trial, "--measure", "measure", &self.measure),
            trial(Part::Trial, "--repeats", "repeats", &self.repeats),
            trial(Part::Trial, "--within", "within", &self.within),
            trial(Part::Trial, "--metrics", "metrics", &self.metrics),
            trial(Part::Trial, "--again", "again", &self.again),
            // Patterns are drawn by it too.
            trial(Part::Both, "--seed", "seed", &self.seed),
        ]
    }

    /// The flags as they are put into a text.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        let own = self.rows().into_iter().filter_map(|row| {
            Some(Setting {
                flag: row.flag,
                table: row.table,
                key: row.key,
                text: row.text.as_deref()?,
            })
        });
        let others = self.load.iter().chain(&self.limits).chain(&self.wiring);
        let others = others.map(|(flag, key, text)| Setting {
            flag,
            table: "axes",
            key,
            text,
        });
        own.chain(others).collect()
    }
}
