//! Keys of rules: whose, what loads them, and how many more there are that match nothing.

use crate::factors::field::Place::{Front, Rules};
use crate::factors::field::Varies::{Anywhere, AtOneCount, OnOneTestbed};
use crate::factors::field::{Field, count_of, take, words, words_of};
use crate::factors::key::{Group, Key, Needs, Table, Usual};
use crate::factors::rules::{Backend, Firewall, MOST_PUBLISHED, RuleHook, RuleShape};
use crate::factors::topology::Testbed;
use crate::factors::value::Count;
use crate::units::{Unit, counted_text};

/// Rules that match nothing: more would take longer to load than labs take to raise.
pub type RuleCount = Count<0, 100_000>;

/// Published ports: as many as one address has beside those that the kernel takes for itself.
pub type PortCount = Count<0, { MOST_PUBLISHED }>;

pub static FIREWALL: Key<Firewall> =
    Key::axis("firewall", Group::Rules, "Rules loaded into the lab.")
        .also(&["iptables", "nftables"])
        .usual(Usual::Text("none"))
        .sets(|cell, firewall| cell.firewall = *firewall)
        .fields(&[Field::text(
            "firewall",
            "Profile of the rules that are loaded.",
            |cell| words(&cell.firewall),
            take!(firewall),
        )
        .labelled(OnOneTestbed, |level| {
            if level == "none" { "no rules" } else { level }.to_owned()
        })
        .level(|cell| match cell.testbed {
            Testbed::Kernel => Some(cell.firewall.to_string()),
            Testbed::Docker => None,
        })
        .in_id(Front, |cell| Some(cell.firewall.to_string()))
        .looked_past()]);

pub static BACKEND: Key<Backend> = Key::axis(
    "backend",
    Group::Rules,
    "What rules are loaded by; the profile's own if absent.",
)
.sets(|cell, backend| cell.rules.backend = Some(*backend))
.or_else(|_| ())
.needs(Needs {
    applies: |cell| cell.rules.backend.is_some(),
    lacking: "rules to load",
    allowed: "a firewall other than \"none\", or `rules`",
})
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

pub static PUBLISHED: Key<PortCount> = Key::single(
    Table::Lab,
    "published",
    Group::Rules,
    "Ports that the host side publishes for containers, at least; the paths `published` and `hairpin` need one for each flow.",
)
.usual(Usual::Number("0"))
.needs(Needs {
    applies: |cell| cell.firewall.publishes(),
    lacking: "rules that publish ports",
    allowed: "one of Docker's firewalls, \"kubernetes\" or \"kubernetes-nft\"",
})
.fields(&[Field::integer(
    "published",
    Unit::Plain,
    "Ports of the host side that lead to containers; absent where there are none.",
    |cell| count_of(cell.rules.published),
    take!(rules.published),
)
.in_id(Rules, |cell| cell.rules.published.map(|ports| format!("p{ports}")))
.looked_past()]);

/// What a key of services takes.
const SERVICED: Needs = Needs {
    applies: |cell| cell.firewall.facts().has_services,
    lacking: "services",
    allowed: "firewall = \"kubernetes\" or \"kubernetes-nft\"",
};

pub static SERVICES: Key<Count<0, 10_000>> = Key::<Count<0, 10_000>>::single(
    Table::Lab,
    "services",
    Group::Rules,
    "Services of the firewalls `kubernetes` and `kubernetes-nft`.",
)
.usual(Usual::Number("10"))
.sets(|cell, services| cell.rules.services = Some(services.0))
.needs(SERVICED)
.fields(&[Field::integer(
    "services",
    Unit::Plain,
    "Services of each host side; only for `kubernetes` and `kubernetes-nft`.",
    |cell| count_of(cell.rules.services),
    take!(rules.services),
)
.in_id(Rules, |cell| {
    let services = cell.rules.services.zip(cell.rules.endpoints);
    let unusual = services.filter(|services| *services != (10, 2));
    unusual.map(|(services, endpoints)| format!("{services}x{endpoints}"))
})
.looked_past()]);

pub static ENDPOINTS: Key<Count<1, 1000>> = Key::<Count<1, 1000>>::single(
    Table::Lab,
    "endpoints",
    Group::Rules,
    "Endpoints of each service of the firewalls `kubernetes` and `kubernetes-nft`.",
)
.usual(Usual::Number("2"))
.sets(|cell, endpoints| cell.rules.endpoints = Some(endpoints.0))
.needs(SERVICED)
.fields(&[Field::integer(
    "endpoints",
    Unit::Plain,
    "Endpoints of each service; only for `kubernetes` and `kubernetes-nft`.",
    |cell| count_of(cell.rules.endpoints),
    take!(rules.endpoints),
)
.looked_past()]);

pub static RULESET: Key<String> = Key::<String>::single(
    Table::Lab,
    "ruleset",
    Group::Rules,
    "File of the firewall `custom`: for nft, or what iptables-save writes.",
)
.examples("`my.nft`")
.sets(|cell, file| cell.rules.ruleset = Some(file.clone()))
.or_else(|_| ())
.needs(Needs {
    applies: |cell| cell.firewall == Firewall::Custom,
    lacking: "rules of your own",
    allowed: "firewall = \"custom\"",
})
.fields(&[Field::text(
    "ruleset",
    "File of the rule set; only for `custom`.",
    |cell| words_of(cell.rules.ruleset.as_ref()),
    take!(rules.ruleset),
)
.looked_past()]);

pub static RULES: Key<RuleCount> = Key::<RuleCount>::axis(
    "rules",
    Group::Rules,
    "Extra rules that match nothing, ahead of the profile's. Setting this, even to 0, shows bridged frames to rules.",
)
.examples("`0..1000`")
.sets(|cell, rules| cell.rules.filler = Some(rules.0))
.or_else(|_| ())
.fields(&[Field::integer(
    "rules",
    Unit::Plain,
    "Rules that match nothing, ahead of the profile's; absent where none were asked for.",
    |cell| count_of(cell.rules.filler),
    take!(rules.filler),
)
.labelled(Anywhere, |level| counted_text(level, "rule"))
.in_id(Rules, |cell| cell.rules.filler.map(|rules| format!("rules{rules}")))
.looked_past()]);

/// What a key of the rules that match nothing takes.
const FILLER: Needs = Needs {
    applies: |cell| cell.rules.filler.is_some(),
    lacking: "rules that match nothing",
    allowed: "`rules`",
};

pub static RULE_SHAPE: Key<RuleShape> = Key::axis(
    "rule_shape",
    Group::Rules,
    "What the rules that match nothing are written as.",
)
.usual(Usual::Text("linear"))
.sets(|cell, shape| cell.rules.rule_shape = Some(*shape))
.needs(FILLER)
.fields(&[Field::text(
    "rule_shape",
    "What those are written as; absent likewise.",
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

pub static RULE_HOOK: Key<RuleHook> = Key::axis(
    "rule_hook",
    Group::Rules,
    "Where the rules that match nothing stand.",
)
.usual(Usual::Text("raw"))
.sets(|cell, hook| cell.rules.rule_hook = Some(*hook))
.needs(FILLER)
.fields(&[Field::text(
    "rule_hook",
    "Where those stand; absent likewise.",
    |cell| words_of(cell.rules.rule_hook.as_ref()),
    take!(rules.rule_hook),
)
.labelled(AtOneCount, |level| format!("at {level}"))
.in_id(Rules, |cell| {
    let unusual = cell.rules.rule_hook.filter(|hook| *hook != RuleHook::Raw);
    unusual.map(|hook| hook.to_string())
})
.looked_past()]);
