//! Keys of what rules lead to, and of those that match nothing.

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::field::Place::Rules;
use crate::factors::field::Varies::{Anywhere, AtOneCount, ByItself};
use crate::factors::field::{Field, count_of, take, words_of};
use crate::factors::key::{Group, Key, Needs, Table, Usual};
use crate::factors::pairs::pairs_of;
use crate::factors::rules::{Backend, Firewall, MOST_PUBLISHED, RuleHook, RuleShape};
use crate::factors::value::Count;
use crate::units::{Unit, counted_text};

use super::fitting::{OWN_TABLE, has_engine, homeless, with_host_side};
use super::names::{self, BACKEND, FIREWALL, RuleCount};
use super::shown;

/// Published ports: as many as one address has beside those that the kernel takes for itself.
pub type PortCount = Count<0, { MOST_PUBLISHED }>;

pub static PUBLISHED: Key<PortCount> = Key::<PortCount>::axis(
    "published",
    Group::Rules,
    "Least number of ports that the host side publishes for containers; the paths `published` and `hairpin` need one for each \
     flow.",
)
.usual(Usual::Number("0"))
.once_in(Table::Lab)
.sets(|cell, ports| cell.rules.published = Some(ports.0).filter(|ports| *ports > 0))
.needs(Needs {
    applies: |cell| cell.firewall.publishes(),
    lacking: "rules that publish ports",
    allowed: "one of Docker's firewalls, \"kubernetes\" or \"kubernetes-nft\"",
})
.settles(publish_for_flows)
.shows(shown::published)
.fields(&[Field::integer(
    "published",
    Unit::Plain,
    "Ports of the host side that lead to containers; absent where there are none.",
    |cell| count_of(cell.rules.published),
    take!(rules.published),
)
.labelled(ByItself, |level| counted_text(level, "published port"))
.in_id(Rules, |cell| cell.rules.published.map(|ports| format!("p{ports}")))
.looked_past()]);

/// One port for each flow at least, where flows go by them.
fn publish_for_flows(cell: &mut Cell) {
    if cell.path.is_by_port() && cell.firewall.publishes() {
        let flows = pairs_of(cell) * u64::from(cell.streams);
        let flows = u32::try_from(flows).unwrap_or(u32::MAX);
        cell.rules.published = cell.rules.published.max(Some(flows));
    }
}

/// What a key of services takes.
const SERVICED: Needs = Needs {
    applies: |cell| cell.firewall.facts().has_services,
    lacking: "services",
    allowed: "firewall = \"kubernetes\" or \"kubernetes-nft\"",
};

pub static SERVICES: Key<Count<0, 10_000>> = Key::<Count<0, 10_000>>::axis(
    "services",
    Group::Rules,
    "Services of the firewalls `kubernetes` and `kubernetes-nft`.",
)
.usual(Usual::Number("10"))
.once_in(Table::Lab)
.sets(|cell, services| cell.rules.services = Some(services.0))
.needs(SERVICED)
.shows(shown::services)
.fields(&[Field::integer(
    "services",
    Unit::Plain,
    "Services of each host side; only for `kubernetes` and `kubernetes-nft`.",
    |cell| count_of(cell.rules.services),
    take!(rules.services),
)
.labelled(ByItself, |level| counted_text(level, "service"))
.in_id(Rules, |cell| {
    let services = cell.rules.services.zip(cell.rules.endpoints);
    let unusual = services.filter(|services| *services != (10, 2));
    unusual.map(|(services, endpoints)| format!("{services}x{endpoints}"))
})
.looked_past()]);

pub static ENDPOINTS: Key<Count<1, 1000>> = Key::<Count<1, 1000>>::axis(
    "endpoints",
    Group::Rules,
    "Endpoints of each service of the firewalls `kubernetes` and `kubernetes-nft`.",
)
.usual(Usual::Number("2"))
.once_in(Table::Lab)
.sets(|cell, endpoints| cell.rules.endpoints = Some(endpoints.0))
.needs(SERVICED)
.shows(shown::endpoints)
.fields(&[Field::integer(
    "endpoints",
    Unit::Plain,
    "Endpoints of each service; only for `kubernetes` and `kubernetes-nft`.",
    |cell| count_of(cell.rules.endpoints),
    take!(rules.endpoints),
)
.labelled(ByItself, |level| {
    format!("{} each", counted_text(level, "endpoint"))
})
.looked_past()]);

pub static RULES: Key<RuleCount> = Key::axis_of(names::RULES,
    Group::Rules,
    "Extra rules that match nothing, before the profile's. If set, even to 0, bridged frames pass the rules.",
)
.examples("`0..1000`")
.sets(|cell, rules| cell.rules.filler = Some(rules.0))
.or_else(|_| ())
    .fits(&[are_not_of_an_engine, have_a_host_side])
.shows(shown::passed)
.fields(&[Field::integer(
    "rules",
    Unit::Plain,
    "Rules that match nothing, before the profile's; absent where none were asked for.",
    |cell| count_of(cell.rules.filler),
    take!(rules.filler),
)
.labelled(Anywhere, |level| counted_text(level, "rule"))
.in_id(Rules, |cell| cell.rules.filler.map(|rules| format!("rules{rules}")))
.looked_past()]);

/// An engine's host side has the engine's rules, and none of ours.
fn are_not_of_an_engine(choice: &Choice) -> Vec<Misfit> {
    let stray = choice.first(names::RULES).filter(|_| has_engine(choice));
    let remedy = format!("allowed: testbed = \"kernel\"; {OWN_TABLE}");
    let misfit = stray.map(|at| at.misfit("the host side of an engine is not changed", remedy));
    misfit.into_iter().collect()
}

fn have_a_host_side(choice: &Choice) -> Vec<Misfit> {
    let both = choice.first(names::RULES).zip(homeless(choice));
    let misfit = both.map(|(at, topology)| {
        let message = format!("the topology {topology} has no host side for rules");
        let remedy = format!(
            "allowed with them: topology = {}; {OWN_TABLE}",
            with_host_side()
        );
        at.misfit(message, remedy)
    });
    misfit.into_iter().collect()
}

/// What a key of the rules that match nothing takes.
const FILLER: Needs = Needs {
    applies: |cell| cell.rules.filler.is_some(),
    lacking: "rules that match nothing",
    allowed: "`rules`",
};

pub static RULE_SHAPE: Key<RuleShape> = Key::axis(
    "rule_shape",
    Group::Rules,
    "Form of the rules that match nothing.",
)
.usual(Usual::Text("linear"))
.sets(|cell, shape| cell.rules.rule_shape = Some(*shape))
.needs(FILLER)
.fits(&[can_be_loaded])
.fits_cells(has_a_rule)
.shows(shown::passed)
.fields(&[Field::text(
    "rule_shape",
    "Their form; absent likewise.",
    |cell| words_of(cell.rules.rule_shape.as_ref()),
    take!(rules.rule_shape),
)
.labelled(AtOneCount, |level| match level {
    "linear" => "one by one".to_owned(),
    level => format!("in a {level}"),
})
.in_id(Rules, |cell| {
    let shape = cell.rules.rule_shape;
    let unusual = shape.filter(|shape| *shape != RuleShape::Linear);
    unusual.map(|shape| shape.to_string())
})
.looked_past()]);

/// The shape of no rule is nothing that could show.
fn has_a_rule(choice: &Choice, cells: &[Cell]) -> Vec<Misfit> {
    let some = cells.iter().any(|cell| cell.rules.filler > Some(0));
    let shape = choice.find(RULE_SHAPE.named(), |shape| *shape != RuleShape::Linear);
    let misfit = shape.filter(|_| !some).map(|at| {
        let message = format!("no cell has a rule that could be in a {}", at.value);
        at.misfit(message, "allowed with it: `rules` of 1 and more")
    });
    misfit.into_iter().collect()
}

/// Sets and maps are nft's own: iptables would need ipset.
fn can_be_loaded(choice: &Choice) -> Vec<Misfit> {
    if choice.first(names::RULES).is_none() {
        return Vec::new();
    }
    let given: Vec<_> = choice.values(BACKEND).collect();
    let by_nft = |firewall: &Firewall| match given.as_slice() {
        [] => firewall
            .usual_backend()
            .is_none_or(|usual| usual == Backend::Nft),
        given => given.iter().all(|backend| *backend == Backend::Nft),
    };
    let Some(firewall) = choice.find(FIREWALL, |firewall| !by_nft(firewall)) else {
        return Vec::new();
    };
    let shapes = choice.levels(RULE_SHAPE.named());
    let misfits = shapes.filter(|at| at.value != RuleShape::Linear).map(|at| {
        let (loads, shape) = (firewall.value, at.value);
        let message = format!("iptables loads the rules of {loads} here, and has no shape \"{shape}\"");
        at.misfit(
            message,
            format!(
                "allowed: \"linear\", or backend = \"nft\" for a firewall that nft can load; {OWN_TABLE}"
            ),
        )
    });
    misfits.collect()
}

pub static RULE_HOOK: Key<RuleHook> = Key::axis(
    "rule_hook",
    Group::Rules,
    "Hook of the rules that match nothing.",
)
.usual(Usual::Text("raw"))
.sets(|cell, hook| cell.rules.rule_hook = Some(*hook))
.needs(FILLER)
.shows(shown::hooked)
.fields(&[Field::text(
    "rule_hook",
    "Their hook; absent likewise.",
    |cell| words_of(cell.rules.rule_hook.as_ref()),
    take!(rules.rule_hook),
)
.labelled(AtOneCount, |level| format!("at {level}"))
.in_id(Rules, |cell| {
    let unusual = cell.rules.rule_hook.filter(|hook| *hook != RuleHook::Raw);
    unusual.map(|hook| hook.to_string())
})
.looked_past()]);
