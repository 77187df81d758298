//! Keys of who talks to whom.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::{Anywhere, AtOneCount};
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Part, Usual};
use crate::factors::pattern::{Direction, Pattern, count};
use crate::factors::value::Share;
use crate::units::{Unit, counted_text};

use super::fitting::most_containers;
use super::names::{self, ACTIVE, CONTAINERS, PeerCount};
use super::sockets;

/// Pairs of one cell. All that sockets can be had for are fewer.
const MOST_PAIRS: u64 = 1_000_000;

pub static PATTERN: Key<Pattern> =
    Key::axis_of(names::PATTERN, Group::Traffic, "Who talks to whom.")
        .about(Part::Lab)
        .usual(Usual::Text("pairs"))
        .sets(|cell, pattern| cell.pattern = *pattern)
        .settles(|cell| {
            let drawn = cell.pattern == Pattern::Permutation || cell.talk.peers.is_some();
            cell.talk.pattern_seed = cell.talk.pattern_seed.filter(|_| drawn);
        })
        .fits(&[comes_to_a_number])
        .told_to(|_| false)
        .read_back("Who talks to whom is in the flows' rows, each counted at both ends.")
        .fields(&[
            Field::text(
                "pattern",
                "Who talks to whom.",
                |cell| words(&cell.pattern),
                take!(pattern),
            )
            .labelled(Anywhere, str::to_owned)
            .in_id(Traffic, |cell| {
                (cell.pattern != Pattern::Pairs).then(|| cell.pattern.to_string())
            }),
            Field::integer(
                "pattern_seed",
                Unit::Plain,
                "Seed of random pairs; absent where none are drawn.",
                |cell| count_of(cell.talk.pattern_seed),
                take!(talk.pattern_seed),
            ),
        ]);

fn comes_to_a_number(choice: &Choice) -> Vec<Misfit> {
    let Some(most) = most_containers(choice) else {
        return Vec::new();
    };
    let active = choice.values(ACTIVE).map(|active| active.of(most)).max();
    let peers = choice.values(names::PEERS).map(|peers| peers.0).max();
    let misfits = choice.levels(names::PATTERN).filter_map(|at| {
        let pairs = count(at.value, active.unwrap_or(most), peers);
        let too_many = pairs > MOST_PAIRS;
        too_many.then(|| {
            let message = format!("{} of {most} containers is {pairs} pairs", at.value);
            let remedy = format!(
                "allowed: up to {MOST_PAIRS}; peers = 10 has each container send to ten others"
            );
            at.misfit(message, remedy)
        })
    });
    misfits.collect()
}

pub static PEERS: Key<PeerCount> = Key::axis_of(
    names::PEERS,
    Group::Traffic,
    "How many others each container sends to in `all-to-all`, chosen at random; all of them if absent.",
)
.about(Part::Lab)
.examples("`1..8`")
.sets(|cell, peers| cell.talk.peers = Some(peers.0))
.or_else(|_| ())
.needs(Needs {
    applies: |cell| cell.pattern == Pattern::AllToAll,
    lacking: "a pattern that draws peers",
    allowed: "pattern = \"all-to-all\"",
})
.fits(&[are_others])
.told_to(|_| false)
.read_back("Who talks to whom is in the flows' rows, each counted at both ends.")
.fields(&[Field::integer(
    "peers",
    Unit::Plain,
    "Others that each container sends to in `all-to-all`; absent where that is all of them.",
    |cell| count_of(cell.talk.peers),
    take!(talk.peers),
)
.labelled(AtOneCount, |level| counted_text(level, "peer"))
.in_id(Traffic, |cell| {
    cell.talk.peers.map(|peers| format!("of{peers}"))
})]);

fn are_others(choice: &Choice) -> Vec<Misfit> {
    let containers = choice.values(CONTAINERS).map(|count| count.0).min();
    let active = choice.values(ACTIVE).filter_map(Share::count);
    let fewest = active.chain(containers).min().unwrap_or(u32::MAX);
    let peers = choice.levels(names::PEERS);
    let misfits = peers.filter(|at| at.value.0 >= fewest).map(|at| {
        let message = format!("{} peers among {fewest} containers", at.value.0);
        let remedy = format!(
            "allowed: 1 to {}, or leave the key out for all of them",
            fewest - 1
        );
        at.misfit(message, remedy)
    });
    misfits.collect()
}

pub static DIRECTION: Key<Direction> = Key::axis_of(
    names::DIRECTION,
    Group::Traffic,
    "Directions of a pair that have flows.",
)
.about(Part::Lab)
.also(&["bidir"])
.usual(Usual::Text("one-way"))
.sets(|cell, direction| cell.talk.direction = *direction)
// Where everybody sends to everybody, flows go both ways as it is.
.only_where(|cell| cell.pattern != Pattern::AllToAll || cell.talk.peers.is_some())
.told_to(|_| false)
.shows(sockets::ways)
.fields(&[Field::text(
    "direction",
    "Directions of a pair that have flows.",
    |cell| words(&cell.talk.direction),
    take!(talk.direction),
)
.labelled(Anywhere, |level| {
    if level == "both" { "both ways" } else { level }.to_owned()
})
.in_id(Traffic, |cell| {
    let direction = cell.talk.direction;
    (direction != Direction::OneWay).then(|| direction.to_string())
})]);
