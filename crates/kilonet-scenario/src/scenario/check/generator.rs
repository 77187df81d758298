//! What somebody else's generators cannot do, or would not be told apart by.

use std::fmt::Display;

use super::unused::unusual;
use crate::scenario::factor::Factor;
use crate::scenario::generator::Abilities;
use crate::scenario::key::{AnyKey, Key, KeyValue, Part, Table};
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry;
use crate::scenario::registry::driver::DRIVER;
use crate::scenario::registry::lab::{CONTAINERS, PER_NAMESPACE, TOPOLOGY};
use crate::scenario::registry::load::RATE;
use crate::scenario::registry::traffic::{
    BUFFERS, CONGESTION, DIRECTION, FAMILY, MESSAGE, PATH, PATTERN, PEERS, STREAMS, WORKLOAD,
};
use crate::scenario::source::Span;
use crate::scenario::topology::{Joined, Topology};
use crate::scenario::value::Share;
use crate::scenario::values::Values;
use crate::scenario::{Driver, Workload};
use crate::units::counted;

pub(super) fn check(axes: &Values, lab: &Values, problems: &mut Problems) {
    for driver in axes.levels(&DRIVER).map(|at| at.value) {
        if let Some(abilities) = driver.abilities() {
            let mut tool = Tool {
                driver,
                axes,
                problems,
            };
            tool.check_abilities(abilities);
            tool.check_usual(abilities);
            tool.check_places(abilities, lab);
        }
    }
}

/// What there is to flows that a generator may be told, or that is said of it elsewhere.
const TOLD: &[&dyn AnyKey] = &[
    &FAMILY,
    &WORKLOAD,
    &DRIVER,
    &STREAMS,
    &MESSAGE,
    &CONGESTION,
    &BUFFERS,
];

/// What there is to a lab that is between its pairs: what came in at a server's interface is its pair's.
const BETWEEN: &[&dyn AnyKey] = &[&PATTERN, &DIRECTION, &PEERS];

/// A generator of a table, and where its problems go.
struct Tool<'a> {
    driver: Driver,
    axes: &'a Values,
    problems: &'a mut Problems,
}

impl Tool<'_> {
    fn check_abilities(&mut self, abilities: Abilities) {
        let tool = self.driver;
        let strange = |workload: &Workload| workload.name_in(tool).is_none();
        let allowed = any_of(&tool.workloads().collect::<Vec<_>>());
        self.only(&WORKLOAD, strange, &allowed);
        let strange = |family: &_| !abilities.families.contains(family);
        let allowed = any_of(abilities.families);
        self.only(&FAMILY, strange, &allowed);
        let strange = |path: &_| !abilities.paths.contains(path);
        let allowed = any_of(abilities.paths);
        self.only(&PATH, strange, &allowed);
        self.check_message(abilities.message);
        let most = abilities.most_streams;
        if let Some(at) = self.axes.levels(&STREAMS).find(|at| at.value.0 > most) {
            let allowed = format!("allowed with it: up to {most}");
            let what = format!("{} streams", at.value.0);
            self.refuse(&STREAMS, &what, (&at.span, &allowed));
        }
        let mut congestion = self.axes.levels(&CONGESTION);
        let written = congestion.find(|at| at.span.is_some() && !abilities.congestion);
        if let Some(at) = written {
            let what = "option for it; what the machine has is used, and recorded";
            self.refuse(&CONGESTION, what, (&at.span, "leave it out"));
        }
    }

    fn check_message(&mut self, (least, most): (u32, u32)) {
        let allowed = format!("allowed with it: {least} to {most} bytes");
        let fits = |bytes: u32| (least..=most).contains(&bytes);
        if self.axes.given(&MESSAGE).is_some() {
            if let Some(at) = self.axes.find(&MESSAGE, |size| !fits(size.0)) {
                let what = format!("messages of {}", counted(at.value.0, "byte"));
                self.refuse(&MESSAGE, &what, (&at.span, &allowed));
            }
            return;
        }
        let workloads = self.axes.levels(&WORKLOAD).map(|at| at.value);
        let usual = workloads.map(Workload::usual_message_bytes);
        let strange = usual.into_iter().find(|bytes| !fits(*bytes));
        if let Some(bytes) = strange {
            let what = format!("messages of {bytes} bytes, which are usual");
            self.refuse(&MESSAGE, &what, (&None, &allowed));
        }
    }

    /// What it cannot be told has to be as usual: each pair is a server and a client of its own, its requests are answered one at
    /// a time, by as much, and its datagrams have a call each, and a rate that is even.
    fn check_usual(&mut self, abilities: Abilities) {
        let is_told =
            |key: &dyn AnyKey| is_among(key, TOLD) || abilities.rate && is_among(key, &[&RATE]);
        let keys = registry::keys_of(Table::Axes).filter(|key| match key.facts().part {
            Part::Traffic | Part::Both => !is_told(*key),
            Part::Lab => is_among(*key, BETWEEN),
            // They say themselves whose containers they are of.
            Part::Limits | Part::Trial => false,
        });
        for key in keys {
            if let Some(at) = unusual(key, self.axes.of(key)) {
                let name = key.facts().name;
                let (what, allowed) = match key.facts().usual.toml() {
                    Some(usual) => (format!("other {name}"), format!("allowed with it: {usual}")),
                    None => (format!("{name} of its own"), "leave it out".to_owned()),
                };
                self.refuse(key, &what, (&at.span, &allowed));
            }
        }
    }

    /// What several pairs send over one interface cannot be told apart.
    fn check_places(&mut self, abilities: Abilities, lab: &Values) {
        let lo = |topology: &Topology| !topology.has_links();
        if !abilities.loopback && self.axes.levels(&TOPOLOGY).any(|at| lo(&at.value)) {
            let allowed =
                "it finds no address where there is but that of lo; baselines are those of threads";
            return self.only(&TOPOLOGY, lo, allowed);
        }
        let most = self.axes.levels(&CONTAINERS).map(|at| at.value.0).max();
        if most.is_none_or(|most| most <= 2) {
            return;
        }
        let allowed =
            "allowed with it: 2 containers there; each table of [[axes]] may have its own";
        let one = |topology: &Topology| topology.is_one_namespace();
        self.only(&TOPOLOGY, one, allowed);
        let seats = lab.find(&PER_NAMESPACE, |seats| *seats != Share::Of(2));
        let shares = |topology: &Topology| topology.joined() == Joined::Seats;
        if let Some(seats) = seats.filter(|_| self.axes.find(&TOPOLOGY, shares).is_some()) {
            let message = format!(
                "pairs of {} that share a namespace have one interface, and could not be told apart",
                self.driver
            );
            let problem = Problem::of(lab.key(&PER_NAMESPACE), message).at(seats.span);
            self.problems.push(problem.remedy("allowed with it: 2"));
        }
    }

    /// Refuses the first level of an axis that is a stray.
    fn only<T: KeyValue + Display>(
        &mut self,
        key: &Key<T>,
        stray: impl Fn(&T) -> bool,
        allowed: &str,
    ) {
        if let Some(at) = self.axes.find(key, stray) {
            let what = format!("{} {}", key.name(), at.value);
            self.refuse(key, &what, (&at.span, allowed));
        }
    }

    fn refuse(&mut self, key: &dyn AnyKey, what: &str, (span, allowed): (&Option<Span>, &str)) {
        let message = format!("{} has no {what}", self.driver);
        let problem = Problem::of(self.axes.key(key), message).at(span.clone());
        self.problems.push(problem.remedy(allowed));
    }
}

fn is_among(key: &dyn AnyKey, keys: &[&dyn AnyKey]) -> bool {
    keys.iter().any(|it| it.facts().name == key.facts().name)
}

/// The words of what is allowed.
fn any_of<F: Factor>(levels: &[F]) -> String {
    let words: Vec<_> = levels.iter().map(|level| level.word()).collect();
    format!("allowed with it: {}", words.join(", "))
}
