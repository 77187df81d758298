//! Laws by which trials of the model testbed deviate, and what a run of them is: for benches of what is said of runs.
//!
//! Must not know what is said.

use kilonet::random::SplitMix;
use kilonet::store::Record;
use kilonet::store::folder::{Manifest, Run};
use kilonet::store::record::SCHEMA;
use kilonet::testbed::Watch;

use crate::noise::Shape;

/// How trials deviate from the law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Law {
    /// Each by itself, all alike.
    Of(Shape),
    /// Normally, and the first cell six times as much as the others.
    OneNoisy,
    /// Normally, and in one trial of twelve something else takes a good part.
    Disturbed,
    /// Normally, and all trials of a block together by as much again.
    Blocks,
}

impl Law {
    /// Every one.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let shapes = Shape::ALL.into_iter().map(Self::Of);
        shapes.chain([Self::OneNoisy, Self::Disturbed, Self::Blocks])
    }

    /// What it is called in a table.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Of(shape) => format!("{shape:?}"),
            other => format!("{other:?}"),
        }
    }

    /// How far one trial in a cell is off, in standard deviations of a usual one.
    pub(crate) fn deviation(self, cell: u32, random: &mut SplitMix) -> f64 {
        let normal = |random: &mut SplitMix| Shape::Normal.draw(random);
        match self {
            Self::Of(shape) => shape.draw(random),
            Self::OneNoisy if cell == 0 => 6.0 * normal(random),
            Self::Disturbed if random.share() < 1.0 / 12.0 => normal(random) - 4.0,
            Self::OneNoisy | Self::Disturbed | Self::Blocks => normal(random),
        }
    }

    /// The factor of all trials of a block.
    pub(crate) fn of_block(self, noise: f64, random: &mut SplitMix) -> f64 {
        match self {
            Self::Blocks => (noise * Shape::Normal.draw(random)).exp(),
            _ => 1.0,
        }
    }
}

/// Nobody: nothing is shown and nothing is interrupted.
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

/// A run of these records.
pub(crate) fn run_of(records: Vec<Record>) -> Run {
    let manifest = Manifest {
        schema: SCHEMA,
        name: "model".to_owned(),
        purpose: None,
        scenario_text: String::new(),
        ruleset_text: None,
        settings: serde_json::Value::Null,
        version: String::new(),
        build: None,
        seed: 1,
        planned: u32::try_from(records.len()).unwrap_or(u32::MAX),
        started_unix_ns: 0,
        fingerprint: serde_json::Value::Null,
        command: None,
    };
    Run {
        manifest,
        records,
        notes: Vec::new(),
    }
}
