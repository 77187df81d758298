//! What somebody else's generators cannot do, or would not be told apart by.

use std::fmt::Display;

use crate::scenario::beside::Beside;
use crate::scenario::cell::{Driver, Workload};
use crate::scenario::copying::{Receiving, Sending};
use crate::scenario::factor::Factor;
use crate::scenario::generator::Abilities;
use crate::scenario::load::{Arrivals, Batch, Search};
use crate::scenario::pattern::{Direction, Pattern};
use crate::scenario::placement::Pinning;
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::table::Axis;
use crate::scenario::topology::Topology;
use crate::scenario::value::Share;
use crate::scenario::wire::{Axes, Lab};
use crate::units::counted;

pub(super) fn check(axes: &Axes, lab: &Lab, problems: &mut Problems) {
    for driver in axes.driver.0.iter().map(|at| at.value) {
        if let Some(abilities) = driver.abilities() {
            let mut tool = Tool {
                driver,
                axes,
                problems,
            };
            tool.check_abilities(abilities);
            tool.check_messages(abilities);
            tool.check_parts();
            tool.check_places(abilities, lab);
        }
    }
}

/// A generator of a table, and where its problems go.
struct Tool<'a> {
    driver: Driver,
    axes: &'a Axes,
    problems: &'a mut Problems,
}

impl Tool<'_> {
    fn check_abilities(&mut self, abilities: Abilities) {
        let strange = |workload: &_| !abilities.workloads.contains(workload);
        let allowed = any_of(abilities.workloads);
        self.only("workload", &self.axes.workload, strange, &allowed);
        let strange = |family: &_| !abilities.families.contains(family);
        let allowed = any_of(abilities.families);
        self.only("family", &self.axes.family, strange, &allowed);
        let strange = |path: &_| !abilities.paths.contains(path);
        let allowed = any_of(abilities.paths);
        self.only("path", &self.axes.path, strange, &allowed);
        self.check_message(abilities.message);
        let most = abilities.most_streams;
        if let Some(at) = self.axes.streams.0.iter().find(|at| at.value.0 > most) {
            let allowed = format!("allowed with it: up to {most}");
            let what = format!("{} streams", at.value.0);
            self.refuse("streams", &what, (&at.span, &allowed));
        }
        let mut congestion = self.axes.congestion.0.iter();
        let written = congestion.find(|at| at.span.is_some() && !abilities.congestion);
        if let Some(at) = written {
            let what = "option for it; what the machine has is used, and recorded";
            self.refuse("congestion", what, (&at.span, "leave it out"));
        }
    }

    fn check_message(&mut self, (least, most): (u32, u32)) {
        let allowed = format!("allowed with it: {least} to {most} bytes");
        let fits = |bytes: u32| (least..=most).contains(&bytes);
        if let Some(sizes) = &self.axes.message {
            if let Some(at) = sizes.0.iter().find(|at| !fits(at.value.0)) {
                let what = format!("messages of {}", counted(at.value.0, "byte"));
                self.refuse("message", &what, (&at.span, &allowed));
            }
            return;
        }
        let workloads = self.axes.workload.0.iter().map(|at| at.value);
        let mut usual = workloads.map(Workload::usual_message_bytes);
        if let Some(bytes) = usual.find(|bytes| !fits(*bytes)) {
            let what = format!("messages of {bytes} bytes, which are usual");
            self.refuse("message", &what, (&None, &allowed));
        }
    }

    /// What there is to requests and datagrams beside their size: a tool's requests are answered one at a time, by as much, and
    /// its datagrams have a call each, and a rate that is even.
    fn check_messages(&mut self, abilities: Abilities) {
        let response = self.axes.response.iter().flat_map(|axis| &axis.0);
        let rate = self.axes.rate.iter().flat_map(|axis| &axis.0);
        let rate = rate.filter(|_| !abilities.rate);
        let outstanding = self.axes.outstanding.0.iter();
        let outstanding = outstanding.filter(|at| at.value.0 != 1);
        let given = [
            ("response", response.map(|at| &at.span).next()),
            ("rate", rate.map(|at| &at.span).next()),
            ("outstanding", outstanding.map(|at| &at.span).next()),
        ];
        for (key, span) in given {
            if let Some(span) = span {
                let what = format!("{key} of its own");
                self.refuse(key, &what, (span, "leave it out"));
            }
        }
        let uneven = |arrivals: &_| *arrivals != Arrivals::Constant;
        let allowed = "allowed with it: \"constant\"";
        self.only("arrivals", &self.axes.arrivals, uneven, allowed);
        let allowed = "allowed with it: \"none\"";
        let batched = |batch: &_| *batch != Batch::None;
        self.only("batch", &self.axes.batch, batched, allowed);
        let searched = |search: &_| *search != Search::None;
        self.only("search", &self.axes.search, searched, allowed);
    }

    /// Each pair is a server and a client, and what came in at a server's interface is its pair's.
    fn check_parts(&mut self) {
        let allowed = "allowed with it: \"pairs\"";
        let other = |pattern: &_| *pattern != Pattern::Pairs;
        self.only("pattern", &self.axes.pattern, other, allowed);
        let allowed = "allowed with it: \"one-way\"";
        let other = |direction: &_| *direction != Direction::OneWay;
        self.only("direction", &self.axes.direction, other, allowed);
        let beside = |beside: &Beside| *beside != Beside::default();
        let allowed = "allowed with it: \"none\"";
        self.only("beside", &self.axes.beside, beside, allowed);
        let pinned = |pinning: &_| *pinning != Pinning::None;
        self.only("pinning", &self.axes.pinning, pinned, allowed);
        let allowed = "allowed with it: \"copy\"";
        let otherwise = |send: &_| *send != Sending::Copy;
        self.only("send", &self.axes.send, otherwise, allowed);
        let otherwise = |receive: &_| *receive != Receiving::Copy;
        self.only("receive", &self.axes.receive, otherwise, allowed);
    }

    /// What several pairs send over one interface cannot be told apart.
    fn check_places(&mut self, abilities: Abilities, lab: &Lab) {
        let lo = |topology: &Topology| !topology.has_links();
        if !abilities.loopback && self.axes.topology.0.iter().any(|at| lo(&at.value)) {
            let allowed =
                "it finds no address where there is but that of lo; baselines are those of threads";
            return self.only("topology", &self.axes.topology, lo, allowed);
        }
        let most = self.axes.containers.0.iter().map(|at| at.value.0).max();
        if most.is_none_or(|most| most <= 2) {
            return;
        }
        let allowed =
            "allowed with it: 2 containers there; each table of [[axes]] may have its own";
        let one = |topology: &Topology| topology.is_one_namespace();
        self.only("topology", &self.axes.topology, one, allowed);
        let seats = &lab.per_namespace;
        if self.axes.topology.has(Topology::Shared) && seats.value != Share::Of(2) {
            let message = format!(
                "pairs of {} that share a namespace have one interface, and could not be told apart",
                self.driver
            );
            let problem = Problem::of("lab.per_namespace", message).at(seats.span.clone());
            self.problems.push(problem.remedy("allowed with it: 2"));
        }
    }

    /// Refuses the first level of an axis that is a stray.
    fn only<T: Display>(
        &mut self,
        key: &str,
        axis: &Axis<T>,
        stray: impl Fn(&T) -> bool,
        allowed: &str,
    ) {
        if let Some(at) = axis.0.iter().find(|at| stray(&at.value)) {
            let what = format!("{key} {}", at.value);
            self.refuse(key, &what, (&at.span, allowed));
        }
    }

    fn refuse(&mut self, key: &str, what: &str, (span, allowed): (&Option<Span>, &str)) {
        let message = format!("{} has no {what}", self.driver);
        let problem = Problem::of(self.axes.key(key), message).at(span.clone());
        self.problems.push(problem.remedy(allowed));
    }
}

/// The words of what is allowed.
fn any_of<F: Factor>(levels: &[F]) -> String {
    let words: Vec<_> = levels.iter().map(|level| level.word()).collect();
    format!("allowed with it: {}", words.join(", "))
}
