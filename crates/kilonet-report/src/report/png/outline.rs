//! Texts of a figure as outlines of the font that comes along.
//!
//! Must not know what is written. The invariant: all but texts stays as it is; a text keeps its place, its class and all else that is
//! said of it. Kerning and marks that are set apart from their letters are left out: labels and figures have few.

use resvg::usvg::roxmltree::{Attribute, Document, Node};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::report::svg::{Escaped, TEXTS, TextClass};

/// Inter, the first that the figures ask for, in the two weights that they use; `inter/README.md` says where from. A server often
/// has no font at all, and without one text would not be drawn.
const REGULAR: &[u8] = include_bytes!("inter/inter-regular.ttf");
const SEMIBOLD: &[u8] = include_bytes!("inter/inter-semibold.ttf");

/// What places a text, and so is told by its outlines.
const PLACING: [&str; 4] = ["x", "y", "dx", "text-anchor"];

/// The SVG file with its texts as outlines; or why it is none.
pub(super) fn outlined(svg: &str) -> Result<String, String> {
    let document = Document::parse(svg).map_err(|error| error.to_string())?;
    let faces = Faces {
        regular: face(REGULAR)?,
        semibold: face(SEMIBOLD)?,
    };
    let mut out = String::with_capacity(2 * svg.len());
    let mut done = 0;
    for text in document.descendants().filter(|it| it.has_tag_name("text")) {
        let range = text.range();
        out.push_str(&svg[done..range.start]);
        out.push_str(&faces.draw(text));
        done = range.end;
    }
    out.push_str(&svg[done..]);
    Ok(out)
}

fn face(font: &'static [u8]) -> Result<Face<'static>, String> {
    Face::parse(font, 0).map_err(|error| error.to_string())
}

/// The font's weights.
struct Faces {
    regular: Face<'static>,
    semibold: Face<'static>,
}

impl Faces {
    /// A text's paths, one for each part that is set alike.
    fn draw(&self, text: Node<'_, '_>) -> String {
        let mut end = 0.0;
        let parts = text.descendants().filter(Node::is_text);
        let paths = parts.filter_map(|part| {
            let (of, letters) = (part.parent()?, part.text()?);
            let pen = self.write(of, letters, end + number(of, "dx"));
            end = pen.x;
            let kept = of.attributes().filter(|it| !PLACING.contains(&it.name()));
            let kept: String = kept.map(written).collect();
            Some(format!(r#"<path{kept} d="{}"/>"#, pen.drawn))
        });
        let paths: String = paths.collect();
        let before = match text.attribute("text-anchor") {
            Some("middle") => end / 2.0,
            Some("end") => end,
            _ => 0.0,
        };
        let (x, y) = (number(text, "x") - before, number(text, "y"));
        format!(r#"<g transform="translate({x} {y})">{paths}</g>"#)
    }

    /// Letters as an element of their class has them, from `x` on.
    fn write(&self, of: Node<'_, '_>, letters: &str, x: f32) -> Pen {
        let class = class_of(of);
        let face = if class.is_bold {
            &self.semibold
        } else {
            &self.regular
        };
        let scale = class.size / f32::from(face.units_per_em());
        let drawn = String::new();
        let mut pen = Pen { x, scale, drawn };
        for letter in letters.chars() {
            // What the font lacks is its box for what it lacks.
            let glyph = face.glyph_index(letter).unwrap_or(GlyphId(0));
            face.outline_glyph(glyph, &mut pen);
            pen.x += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        }
        pen
    }
}

/// How a text is set: its class's row, or the first where it has no class of texts.
fn class_of(text: Node<'_, '_>) -> &'static TextClass {
    let is_its = |class: &&TextClass| text.attribute("class") == Some(class.name);
    TEXTS.iter().find(is_its).unwrap_or(&TEXTS[0])
}

/// A length of an element; none is zero, as in SVG.
fn number(of: Node<'_, '_>, name: &str) -> f32 {
    of.attribute(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0)
}

fn written(attribute: Attribute<'_, '_>) -> String {
    format!(r#" {}="{}""#, attribute.name(), Escaped(attribute.value()))
}

/// Where the next letter begins, and what is drawn so far.
struct Pen {
    x: f32,
    scale: f32,
    drawn: String,
}

impl Pen {
    /// A command with its points, from the font's units, which grow upwards.
    fn push(&mut self, command: char, points: &[(f32, f32)]) {
        self.drawn.push(command);
        for (x, y) in points {
            let (x, y) = (self.x + x * self.scale, -y * self.scale);
            self.drawn.extend([x, y].map(|it| format!("{it:.2} ")));
        }
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.push('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.push('L', &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.push('Q', &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.push('C', &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.push('Z', &[]);
    }
}
