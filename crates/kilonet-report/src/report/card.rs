//! The card in files: one sentence and one picture, for wherever people paste a result.
//!
//! Must not know how it is drawn. The invariant: both files show the same.

use super::figures::Figures;
use super::{png, svg};
use crate::Result;
use crate::files::FileName;

/// Its file of vectors.
const SVG: &str = "card.svg";
/// Its picture, 1,200 by 630.
const PNG: &str = "card.png";

/// Both files.
///
/// # Errors
/// When the picture cannot be drawn.
pub(super) fn files(figures: &Figures) -> Result<Vec<(FileName, Vec<u8>)>> {
    let vectors = svg::card(figures);
    let picture = png::picture(PNG, &vectors)?;
    Ok(vec![
        (FileName::fixed(SVG), vectors.into_bytes()),
        (FileName::fixed(PNG), picture),
    ])
}

#[cfg(test)]
mod tests {
    use resvg::tiny_skia::Pixmap;

    use super::*;
    use crate::analysis::Analysis;
    use crate::scenario::{Testbed, Topology, usual};
    use crate::store::folder::Run;
    use crate::store::record::Record;
    use crate::store::sample::{cell, failed, measured, run, sweep};

    fn at_one_count() -> Run {
        let topologies = [Topology::Loopback, Topology::Veth, Topology::Bridge];
        let records =
            topologies.map(|topology| measured(usual(topology, Testbed::Kernel).unwrap(), 0));
        run(records.to_vec())
    }

    fn without_figures() -> Run {
        run(vec![failed(cell(Topology::Bridge, 2), 0)])
    }

    /// Every number that stands behind `name="`.
    fn places(vectors: &str, name: &str) -> Vec<f64> {
        let begins = format!(" {name}=\"");
        let all = vectors.split(&begins).skip(1);
        let ends = all.filter_map(|rest| rest.split('"').next()?.parse().ok());
        ends.collect()
    }

    #[test]
    fn a_card_has_its_size_whatever_is_on_it_and_all_of_it_lies_inside() {
        let none: Vec<Record> = Vec::new();
        for run in [sweep(4096), at_one_count(), without_figures(), run(none)] {
            let analysis = Analysis::of(&run);
            let [vectors, picture] = files(&Figures::of(&analysis)).unwrap().try_into().unwrap();
            let picture = Pixmap::decode_png(&picture.1).unwrap();
            assert_eq!((picture.width(), picture.height()), (1200, 630));
            let vectors = String::from_utf8(vectors.1).unwrap();
            assert!(vectors.contains(r#"width="1200" height="630" viewBox="0 0 800 420""#));
            for (name, most) in [("x", 800.0), ("y", 420.0)] {
                let inside = places(&vectors, name).into_iter().all(|at| at <= most);
                assert!(inside, "{name}: {vectors}");
            }
        }
    }
}
