//! Keys of whose rules a lab has, and of what loads them.

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::factor::Factor;
use crate::factors::field::Place::{Front, Rules};
use crate::factors::field::Varies::{AtOneCount, OnOneTestbed};
use crate::factors::field::{Field, take, words, words_of};
use crate::factors::key::{Group, Key, Needs, Table, Usual};
use crate::factors::rules::{Backend, Firewall, Stand};
use crate::factors::topology::Testbed;
use crate::factors::wiring::Stack;

use super::fitting::{OWN_TABLE, bridgeless, homeless, not_of_engine, quoted, with_host_side};
use super::names::{self, FAMILY, PATH, STACK};
use super::shown;

pub static FIREWALL: Key<Firewall> =
    Key::axis_of(names::FIREWALL, Group::Rules, "Rules loaded into the lab.")
        .also(&["iptables", "nftables"])
        .usual(Usual::Text("none"))
        .sets(|cell, firewall| cell.firewall = *firewall)
        .fits(&[
            is_not_of_an_engine,
            has_a_host_side,
            has_a_bridge,
            is_of_the_protocols,
            has_a_file,
        ])
        .shows(shown::of_profile)
        .fields(&[Field::text(
            "firewall",
            "Profile of the rules that are loaded.",
            |cell| words(&cell.firewall),
            take!(firewall),
        )
        .labelled(OnOneTestbed, |level| {
            if level == "none" { "no rules" } else { level }.to_owned()
        })
        .told(|level| match level {
            "none" => "without rules".to_owned(),
            profile => format!("with {profile}'s rules"),
        })
        .level(|cell| match cell.testbed {
            Testbed::Kernel => Some(cell.firewall.to_string()),
            Testbed::Docker => None,
        })
        .in_id(Front, |cell| Some(cell.firewall.to_string()))
        .looked_past()]);

fn is_not_of_an_engine(choice: &Choice) -> Vec<Misfit> {
    let stray = choice.find(names::FIREWALL, |firewall| *firewall != Firewall::None);
    let what = |level: &Firewall| format!("{level} beside the rules that an engine brings");
    let remedy = "allowed with it: none; each table of [[axes]] may have rules of its own";
    not_of_engine(choice, stray, what, remedy)
}

fn has_a_host_side(choice: &Choice) -> Vec<Misfit> {
    let Some(topology) = homeless(choice) else {
        return Vec::new();
    };
    let levels = choice.levels(names::FIREWALL);
    let misfits = levels.filter(|at| at.value.needs_host_side()).map(|at| {
        let message = format!(
            "the topology {topology} has no host side for the rules of {}",
            at.value
        );
        let remedy = format!(
            "allowed with it: topology = {}; {OWN_TABLE}",
            with_host_side()
        );
        at.misfit(message, remedy)
    });
    misfits.collect()
}

fn has_a_bridge(choice: &Choice) -> Vec<Misfit> {
    let needs = |firewall: Firewall| firewall.facts().stand == Stand::Bridge;
    bridgeless(choice, names::FIREWALL, needs)
}

/// What leads to a published port are rules of the traffic's own protocol; and a lab of one protocol has no rules at all if the
/// profile has none of it.
fn is_of_the_protocols(choice: &Choice) -> Vec<Misfit> {
    let by_port = choice.find(PATH, |path| path.is_by_port());
    let why = match (&by_port, choice.one(STACK)) {
        (Some(at), _) => format!("which path = \"{}\" goes by", at.value),
        (None, Stack::Single) => "the only protocol of the lab with stack = \"single\"".to_owned(),
        (None, Stack::Dual) => return Vec::new(),
    };
    let mut misfits = Vec::new();
    for family in choice.values(FAMILY) {
        let has = |firewall: Firewall| firewall.families().contains(&family);
        for at in choice.levels(names::FIREWALL).filter(|at| !has(at.value)) {
            let message = format!("{} has no rules for {family}, {why}", at.value);
            let fits = |one: &Firewall| {
                has(*one) && one.needs_host_side() && (by_port.is_none() || one.publishes())
            };
            let others = quoted(Firewall::ALL.iter().copied().filter(fits));
            let families = quoted(at.value.families().iter().copied());
            let remedy =
                format!("allowed: family = {families}, or firewall = {others}; {OWN_TABLE}");
            misfits.push(at.misfit(message, remedy));
        }
    }
    misfits
}

fn has_a_file(choice: &Choice) -> Vec<Misfit> {
    let no_file = choice.first(names::RULESET).is_none();
    let custom = choice.find(names::FIREWALL, |firewall| *firewall == Firewall::Custom);
    let misfit = custom.filter(|_| no_file).map(|at| {
        at.misfit(
            "no file is given for the rules of custom",
            "set `lab.ruleset` to the path of a file for nft, or of what iptables-save writes",
        )
    });
    misfit.into_iter().collect()
}

pub static BACKEND: Key<Backend> = Key::axis_of(
    names::BACKEND,
    Group::Rules,
    "What loads the rules; the profile's default if absent.",
)
.sets(|cell, backend| cell.rules.backend = Some(*backend))
.or_else(|_| ())
.needs(Needs {
    applies: Cell::has_rules,
    lacking: "rules to load",
    allowed: "a firewall other than \"none\", or `rules`",
})
.settles(|cell| {
    if cell.has_rules() {
        let usual = cell.firewall.usual_backend();
        cell.rules.backend = cell.rules.backend.or(usual);
    }
})
.fits(&[loads_all])
.shows(shown::loaded)
.fields(&[Field::text(
    "backend",
    "What loads them; absent without rules.",
    |cell| words_of(cell.rules.backend.as_ref()),
    take!(rules.backend),
)
.labelled(AtOneCount, |level| format!("by {level}"))
.level(|cell| cell.unusual_backend().map(|backend| backend.to_string()))
.in_id(Rules, |cell| {
    cell.unusual_backend().map(|backend| backend.to_string())
})
.looked_past()]);

fn loads_all(choice: &Choice) -> Vec<Misfit> {
    let misfits = choice.levels(names::BACKEND).filter_map(|at| {
        let refuses = |firewall: &Firewall| !firewall.backends().contains(&at.value);
        let firewall = choice.find(names::FIREWALL, refuses)?.value;
        let message = format!("{firewall} cannot be loaded by {}", at.value);
        let allowed = quoted(firewall.backends().iter().copied());
        Some(at.misfit(message, format!("allowed with it: {allowed}; {OWN_TABLE}")))
    });
    misfits.collect()
}

pub static RULESET: Key<String> = Key::single_of(
    Table::Lab,
    names::RULESET,
    Group::Rules,
    "File with the rules of the firewall `custom`: input of nft, or output of iptables-save.",
)
.examples("`my.nft`")
.sets(|cell, file| cell.rules.ruleset = Some(file.clone()))
.or_else(|_| ())
.needs(Needs {
    applies: |cell| cell.firewall == Firewall::Custom,
    lacking: "rules of your own",
    allowed: "firewall = \"custom\"",
})
.read_back("The file is loaded whole, or the trial fails; `firewall` says what its rules show.")
.fields(&[Field::text(
    "ruleset",
    "File of the rule set; only for `custom`.",
    |cell| words_of(cell.rules.ruleset.as_ref()),
    take!(rules.ruleset),
)
.looked_past()]);
