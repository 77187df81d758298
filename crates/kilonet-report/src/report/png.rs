//! The figures as PNG: the SVG files, drawn at two dots to a pixel with a font that comes along.
//!
//! Must not know what is drawn. The invariant: a figure gives the same bytes on every machine, whichever fonts that has.

mod outline;

use rayon::prelude::*;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::error::{Error, Result};
use crate::files::FileName;
use outline::outlined;

/// Dots to a pixel of the figure, so that text stays sharp on screens with many.
const DENSITY: f32 = 2.0;

/// The figures as pictures, each under its name with another ending.
///
/// # Errors
/// [`Error::Refused`] when a figure cannot be drawn.
pub(super) fn pictures(figures: &[(&'static str, String)]) -> Result<Vec<(FileName, Vec<u8>)>> {
    let picture = |(file, svg): &(&'static str, String)| {
        let stem = file.strip_suffix(".svg").unwrap_or(file);
        let file = FileName::fixed(stem).with(".png");
        let drawn = drawn(svg, DENSITY).map_err(|reason| Error::refused("draw", &*file, reason))?;
        Ok((file, drawn))
    };
    figures.par_iter().map(picture).collect()
}

/// A file of vectors as a picture of its own size.
///
/// # Errors
/// [`Error::Refused`] when it cannot be drawn.
pub(super) fn picture(file: &'static str, svg: &str) -> Result<Vec<u8>> {
    drawn(svg, 1.0).map_err(|reason| Error::refused("draw", file, reason))
}

/// The text of an SVG file, drawn with so many dots to a pixel; or why not.
fn drawn(svg: &str, density: f32) -> Result<Vec<u8>, String> {
    let svg = outlined(svg)?;
    let tree = Tree::from_str(&svg, &Options::default()).map_err(|error| error.to_string())?;
    let size = tree.size().to_int_size();
    let size = size.scale_by(density).ok_or("it has no size")?;
    let mut sheet = Pixmap::new(size.width(), size.height()).ok_or("it is too large")?;
    let scale = Transform::from_scale(density, density);
    resvg::render(&tree, scale, &mut sheet.as_mut());
    sheet.encode_png().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
