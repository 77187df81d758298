//! A factor that is there only in tests, and has nothing but its entry: by it each crate shows that no more is needed.

use crate::factors::Kind;
use crate::factors::factor::factor;
use crate::factors::field::{Field, Place, Varies};
use crate::factors::key::{Group, Key, Needs, Part, Usual};

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
        .fields(&[Field::kept("weather", Kind::Text)
            .labelled(Varies::Anywhere, |level| format!("{level} cables"))
            .in_id(Place::Links, |cell| {
                (WEATHER.of(cell) != Weather::Calm).then(|| WEATHER.of(cell).to_string())
            })]);
