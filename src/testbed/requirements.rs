//! What the cells of a run require of the machine, and what of it the machine lacks: known before anything is raised.
//!
//! Must not know how anything is probed; that is `host`'s. The invariant: a cell whose requirements are there may fail for other
//! reasons, one that lacks any cannot succeed.

use crate::error::{Error, Remedy, Result};
use crate::host::features::{self, Feature, State};
use crate::lab::firewall::{self, Frames};
use crate::scenario::{Backend, Cell, Requirement, registry};

/// What a cell requires: what the entries of its keys say, and what loads its rules.
///
/// # Errors
/// When its own rule set cannot be read.
fn of(cell: &Cell) -> Result<Vec<Requirement>> {
    let keys = registry::keys().filter_map(|key| key.facts().requires);
    let required = keys.flat_map(|requires| requires(cell));
    Ok(required.chain(of_rules(cell)?).collect())
}

fn of_rules(cell: &Cell) -> Result<Vec<Requirement>> {
    let loaders = firewall::loaders(cell)?.into_iter();
    let programs = loaders.map(|backend| match backend {
        Backend::Nft => Requirement::Nft,
        Backend::IptablesNft => Requirement::IptablesNft,
        Backend::IptablesLegacy => Requirement::IptablesLegacy,
    });
    let shown = cell.has_rules() && firewall::frames(cell) == Frames::Shown;
    let frames = shown.then_some(Requirement::BridgedFrames);
    Ok(programs.chain(frames).collect())
}

/// What a machine lacks of what a run requires.
#[derive(Debug, Default)]
pub struct Lacks(Vec<Feature>);

impl Lacks {
    /// Probes what these cells require, each requirement once. To be called after
    /// [`crate::host::privilege::acquire`].
    ///
    /// # Errors
    /// When no thread can be made to try on.
    pub fn probe<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Result<Self> {
        let mut wanted = Vec::new();
        // A rule set that cannot be read is refused with its cell.
        for requirement in cells
            .into_iter()
            .flat_map(|cell| of(cell).unwrap_or_default())
        {
            if !wanted.contains(&requirement) {
                wanted.push(requirement);
            }
        }
        let mut rows = features::probe(&wanted)?;
        rows.retain(|row| row.state == State::Missing);
        Ok(Self(rows))
    }

    /// Why a cell cannot be measured here; none where nothing that it requires is known to be lacking.
    #[must_use]
    pub fn refusal(&self, cell: &Cell) -> Option<Error> {
        let required = match of(cell) {
            Ok(required) => required,
            Err(error) => return Some(error),
        };
        let mut missing = self.0.iter();
        let first = missing.find(|row| required.contains(&row.requirement))?;
        let error = Error::refused("use", first.requirement.to_string(), &first.meaning);
        Some(match &first.remedy {
            Some(remedy) => error.with_remedy(Remedy::Requirement(remedy.clone())),
            None => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use nix::sched::{CpuSet, sched_setaffinity};
    use nix::unistd::Pid;

    use super::*;
    use crate::cpu;
    use crate::scenario::Scenario;
    use crate::store::sample::newcomer::WEATHER;

    fn cells(axes: &str) -> Vec<Cell> {
        let text = format!("[axes]\ncontainers = 2\n{axes}");
        let scenario = Scenario::parse(&text, "test").unwrap_or_else(|error| panic!("{error}"));
        scenario.cells
    }

    fn required(axes: &str) -> Vec<String> {
        let [cell] = &cells(axes)[..] else {
            panic!("one cell expected: {axes}")
        };
        let required = of(cell).unwrap();
        required.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_cell_requires_what_its_keys_say() {
        let cubic = "congestion control cubic";
        for (axes, expected) in [
            (
                "topology = \"loopback\"",
                &["network namespaces", cubic][..],
            ),
            ("", &["network namespaces", "veth", "bridge", cubic]),
            (
                "topology = \"macvlan\"\nworkload = \"udp-stream\"",
                &["network namespaces", "macvlan"],
            ),
            (
                "topology = \"netkit\"\nfamily = \"ipv6\"",
                &["network namespaces", "netkit", "ifb", "IPv6", cubic],
            ),
            (
                "topology = \"tc-redirect\"",
                &["network namespaces", "veth", "tc redirect", cubic],
            ),
            ("testbed = \"docker\"", &["Docker engine", cubic]),
            (
                "topology = \"veth\"\nnapi = \"threaded\"\nrps = \"all\"\ngso_max = \"256KiB\"",
                &[
                    "network namespaces",
                    "veth",
                    cubic,
                    "BIG TCP",
                    "threaded NAPI",
                    "RPS",
                ],
            ),
            (
                "topology = \"veth\"\npinning = \"apart\"\nrps = \"0xf0\"",
                &[
                    "network namespaces",
                    "veth",
                    "two CPUs",
                    cubic,
                    "RPS",
                    "the CPUs of the mask 0xf0",
                ],
            ),
            (
                "topology = \"shared\"\ndriver = \"processes\"",
                &["network namespaces", "control groups", cubic],
            ),
            (
                "topology = \"veth\"\ndriver = \"sockperf\"\nworkload = \"udp-rr\"\nmessage = 16",
                &["network namespaces", "veth", "sockperf"],
            ),
            (
                "firewall = \"docker-29\"",
                &[
                    "network namespaces",
                    "veth",
                    "bridge",
                    cubic,
                    "iptables-nft",
                ],
            ),
            (
                "firewall = \"docker-1.12\"\nbackend = \"iptables-legacy\"",
                &[
                    "network namespaces",
                    "veth",
                    "bridge",
                    cubic,
                    "iptables-legacy",
                    "br_netfilter",
                ],
            ),
            (
                "rules = 10",
                &[
                    "network namespaces",
                    "veth",
                    "bridge",
                    cubic,
                    "nft",
                    "br_netfilter",
                ],
            ),
            (
                "firewall = \"conntrack\"",
                &["network namespaces", "veth", "bridge", cubic],
            ),
        ] {
            assert_eq!(required(axes), expected, "{axes}");
        }
    }

    /// A factor that has nothing but its entry.
    #[test]
    fn a_newcomers_level_requires_what_its_entry_says() {
        registry::with(&WEATHER, || {
            let calm = required("topology = \"veth\"\nweather = \"calm\"");
            assert_eq!(calm, required("topology = \"veth\""));
            let windy = required("topology = \"veth\"\nweather = \"windy\"");
            assert_eq!(windy, [calm, vec!["two CPUs".to_owned()]].concat());
        });
    }

    #[test]
    fn only_cells_that_require_what_is_lacking_are_refused() {
        let lacks = Lacks(vec![Feature {
            requirement: Requirement::Netkit,
            state: State::Missing,
            meaning: "Operation not supported".to_owned(),
            remedy: Some("Linux 6.7".to_owned()),
        }]);
        let cells = cells("topology = [\"netkit\", \"veth\"]");
        let refused: Vec<_> = cells.iter().map(|cell| lacks.refusal(cell)).collect();
        let [Some(error), None] = &refused[..] else {
            panic!("{refused:?}")
        };
        assert_eq!(error.sentence(), "use netkit: Operation not supported");
        assert_eq!(error.hint(), Some("Linux 6.7".to_owned()));
    }

    /// No machine has CPU 8,191, and a thread that may use one CPU has no second.
    #[test]
    fn cpus_that_are_not_there_are_known_before_anything_is_raised() {
        let mask = format!("0x8{}", "0".repeat(2047));
        let axes = format!("topology = \"veth\"\npinning = \"apart\"\nrps = \"{mask}\"");
        let cells = cells(&axes);
        let refusals = |wanted: &[Requirement]| {
            let rows = features::probe(wanted).unwrap();
            Lacks(
                rows.into_iter()
                    .filter(|row| row.state == State::Missing)
                    .collect(),
            )
            .refusal(&cells[0])
        };
        let wide = Requirement::CpusOfMask(mask.trim_start_matches("0x").to_owned());
        let error = refusals(&[wide]).unwrap();
        assert!(
            error.sentence().contains("those that are online are 0x"),
            "{error}"
        );
        assert_eq!(error.hint(), Some(Remedy::RpsMaskTooWide.to_string()));
        let one = thread::spawn(|| {
            let mut only = CpuSet::new();
            only.set(cpu::usable().unwrap()[0]).unwrap();
            sched_setaffinity(Pid::from_raw(0), &only).unwrap();
            features::probe(&[Requirement::TwoCpus]).unwrap()
        });
        let row = one.join().unwrap().remove(0);
        assert_eq!(
            (row.state, &*row.meaning),
            (State::Missing, "kilonet may use 1 CPU")
        );
    }

    #[test]
    fn rule_sets_that_no_packet_would_meet_are_known_before_anything_is_raised() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refusal = |rules: &str, stack: &str| {
            std::fs::write(file.path(), rules).unwrap();
            let text = format!(
                "[axes]\ncontainers = 2\nfirewall = \"custom\"\n[lab]\nstack = \"{stack}\"\nruleset = {:?}",
                file.path()
            );
            let scenario = Scenario::parse(&text, "test").unwrap();
            let error = Lacks::default().refusal(&scenario.cells[0]);
            error.map(|error| error.sentence().split_once(": ").unwrap().1.to_owned())
        };
        let none = Some("it has no rules".to_owned());
        assert_eq!(refusal("*filter\nCOMMIT\n", "dual"), none);
        assert_eq!(refusal("table inet x {}\n", "dual"), none);
        assert_eq!(refusal("# chain\ntable ip x {\n}\n", "dual"), none);
        assert_eq!(
            refusal("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", "dual"),
            None
        );
        let chain = |line: &str| format!("table ip x {{\nchain c {{\n{line}\n}}\n}}\n");
        assert_eq!(refusal(&chain("ip saddr {{subnet}} accept"), "dual"), None);
        let behind = |name: &str| Some(format!("line 3: nothing stands behind {name}"));
        assert_eq!(
            refusal(&chain("ip saddr {{nope}} accept"), "dual"),
            behind("{{nope}}")
        );
        let six = chain("ip6 saddr {{subnet6}} accept");
        assert_eq!(refusal(&six, "single"), behind("{{subnet6}}"));
    }

    #[test]
    fn a_rule_set_that_is_not_there_is_known_before_anything_is_raised() {
        let text =
            "[axes]\ncontainers = 2\nfirewall = \"custom\"\n[lab]\nruleset = \"/nowhere/rules\"";
        let scenario = Scenario::parse(text, "test").unwrap();
        let error = Lacks::default().refusal(&scenario.cells[0]).unwrap();
        assert!(
            error
                .sentence()
                .starts_with("read rule set /nowhere/rules: ")
        );
    }
}
