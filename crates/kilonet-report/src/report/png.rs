//! The figures as PNG: the SVG files, drawn at two dots to a pixel with a font that comes along.
//!
//! Must not know what is drawn. The invariant: a figure gives the same bytes on every machine, whichever fonts that has.

use std::sync::{Arc, LazyLock};

use rayon::prelude::*;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use crate::error::{Error, Result};
use crate::files::FileName;

/// Dots to a pixel of the figure, so that text stays sharp on screens with many.
const DENSITY: f32 = 2.0;

/// Inter, the first that the figures ask for, in the two weights that they use; `png/inter/README.md` says where from. A
/// server often has no font at all, and without one text would not be drawn.
const FONTS: [&[u8]; 2] = [
    include_bytes!("png/inter/inter-regular.ttf"),
    include_bytes!("png/inter/inter-semibold.ttf"),
];

static FONT_DATABASE: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for font in FONTS {
        database.load_font_source(Source::Binary(Arc::new(font)));
    }
    Arc::new(database)
});

/// The figures as pictures, each under its name with another ending.
///
/// # Errors
/// [`Error::Refused`] when a figure cannot be drawn.
pub(super) fn pictures(figures: &[(&'static str, String)]) -> Result<Vec<(FileName, Vec<u8>)>> {
    let picture = |(file, svg): &(&'static str, String)| {
        let stem = file.strip_suffix(".svg").unwrap_or(file);
        let file = FileName::fixed(stem).with(".png");
        let drawn = drawn(svg).map_err(|reason| Error::refused("draw", &*file, reason))?;
        Ok((file, drawn))
    };
    figures.par_iter().map(picture).collect()
}

/// The text of an SVG file, drawn; or why not.
fn drawn(svg: &str) -> Result<Vec<u8>, String> {
    let options = Options {
        fontdb: Arc::clone(&FONT_DATABASE),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let size = tree.size().to_int_size();
    let size = size.scale_by(DENSITY).ok_or("it has no size")?;
    let mut sheet = Pixmap::new(size.width(), size.height()).ok_or("it is too large")?;
    let scale = Transform::from_scale(DENSITY, DENSITY);
    resvg::render(&tree, scale, &mut sheet.as_mut());
    sheet.encode_png().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
