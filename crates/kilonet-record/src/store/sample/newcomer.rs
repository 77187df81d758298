//! A factor that is there only in tests, and has nothing but its entry: by it each crate shows that no more is needed.

use crate::factors::choice::{Choice, Misfit};
use crate::factors::factor::factor;
use crate::factors::field::{Field, Place, Varies};
use crate::factors::key::{Group, Key, Needs, Part, Usual};
use crate::factors::registry::names::DIRECTION;
use crate::factors::{Direction, Kind, Requirement};

factor! {
    /// Whether wind moves the cables.
    Weather, "weather" {
        /// They hang still.
        Calm = "calm",
        /// They swing.
        Windy = "windy",
    }
}

/// The entry.
pub static WEATHER: Key<Weather> =
    Key::axis("weather", Group::Links, "Whether wind moves the cables.")
        .about(Part::Traffic)
        .usual(Usual::Text("calm"))
        .kept()
        .needs(Needs {
            applies: |cell| cell.topology.has_links(),
            lacking: "cables that wind could move",
            allowed: "a topology that has links",
        })
        .fits(&[swings_one_way])
        .requires(|cell| {
            let windy = WEATHER.of(cell) == Weather::Windy;
            Requirement::TwoCpus.when(windy)
        })
        .fields(&[Field::kept("weather", Kind::Text)
            .labelled(Varies::Anywhere, |level| format!("{level} cables"))
            .in_id(Place::Links, |cell| {
                (WEATHER.of(cell) != Weather::Calm).then(|| WEATHER.of(cell).to_string())
            })]);

fn swings_one_way(choice: &Choice) -> Vec<Misfit> {
    let windy = choice.find(WEATHER.named(), |weather| *weather == Weather::Windy);
    let both = choice.has(DIRECTION, &Direction::Both);
    let misfit = windy.filter(|_| both).map(|at| {
        at.misfit(
            "cables that swing carry one way only",
            "allowed: \"calm\", or direction = \"one-way\"",
        )
    });
    misfit.into_iter().collect()
}
