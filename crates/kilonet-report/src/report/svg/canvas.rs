//! The text of an SVG file.
//!
//! Must not know what is drawn. The invariant: what is pushed is well formed, and text from outside is escaped.

use std::fmt;

use super::panel::Paper;
use crate::printable::is_unprintable;
use crate::report::look::{Look, Marker};

/// A length, to a tenth of a pixel.
#[derive(Clone, Copy)]
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns -0 into 0.
        write!(out, "{}", (self.0 * 10.0).round() / 10.0 + 0.0)
    }
}

/// Text as SVG has it.
#[derive(Clone, Copy)]
pub(in crate::report) struct Escaped<'a>(pub(in crate::report) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            // XML 1.0 has no way to write some of these, and others turn the writing after them round.
            c if is_unprintable(c) => out.write_str(" "),
            c => write!(out, "{c}"),
        })
    }
}

/// Where a text begins or ends.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A figure being drawn.
pub(super) struct Canvas {
    paper: Paper,
    body: String,
}

/// The fonts that texts ask for, and the colour of what has none of its own.
const FONT: &str =
    "font-family:Inter,'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;fill:#444";

/// A kind of text.
pub(in crate::report) struct TextClass {
    /// Its class.
    pub(in crate::report) name: &'static str,
    /// Its size in pixels.
    pub(in crate::report) size: f32,
    /// Whether it is set in the heavier weight.
    pub(in crate::report) is_bold: bool,
    /// Its colour and line; a label's colour is that of what it names.
    ink: &'static str,
}

/// The kinds of text.
pub(in crate::report) const TEXTS: &[TextClass] = &[
    class("title", 21.0, true, "fill:#111"),
    class("sub", 13.0, false, "fill:#666"),
    class("caption", 14.0, true, "fill:#222"),
    class("what", 13.0, false, "fill:#666"),
    class("tick", 12.0, false, "fill:#555"),
    class(
        "value",
        12.0,
        false,
        "fill:#222;paint-order:stroke;stroke:#fff;stroke-width:4px",
    ),
    class("label", 13.0, true, ""),
];

const fn class(name: &'static str, size: f32, is_bold: bool, ink: &'static str) -> TextClass {
    TextClass {
        name,
        size,
        is_bold,
        ink,
    }
}

impl fmt::Display for TextClass {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = if self.is_bold { 600 } else { 400 };
        let (name, size, ink) = (self.name, self.size, self.ink);
        write!(
            out,
            ".{name}{{font-size:{size}px;font-weight:{weight};{ink}}}"
        )
    }
}

/// Styles by class, so that elements carry only what is their own.
const STYLE: &str = "\
.grid{stroke:#e4e4e4;stroke-width:1}\
.axis{stroke:#888;stroke-width:1}\
.curve{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}\
.whisker{fill:none;stroke-width:1.3;stroke-opacity:.75}\
.leader{fill:none;stroke-width:1;stroke-opacity:.45}\
.band{fill-opacity:.09;stroke-opacity:.3;stroke-width:.8}\
.cross{fill:none;stroke-width:2}\
.peak,.knee{fill:none;stroke-width:1.6}\
.wall{fill:none;stroke-width:3;stroke-opacity:.55}\
.reference{stroke:#666;stroke-width:1;stroke-dasharray:5 4}";

impl Canvas {
    pub(super) fn new(paper: Paper) -> Self {
        Self {
            paper,
            body: String::new(),
        }
    }

    /// What it is drawn on.
    pub(super) fn paper(&self) -> Paper {
        self.paper
    }

    /// Adds an element, written out.
    pub(super) fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (Px(from.0), Px(from.1), Px(to.0), Px(to.1));
        self.push(&format!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let (x, y, text) = (Px(x), Px(y), Escaped(text));
        self.push(&format!(
            r#"<text class="{class}" x="{x}" y="{y}"{anchor}>{text}</text>"#
        ));
    }

    /// A label in the colour of what it names.
    pub(super) fn label(&mut self, (x, y): (f64, f64), colour: &str, text: &str) {
        let (x, y, text) = (Px(x), Px(y), Escaped(text));
        self.push(&format!(
            r#"<text class="label" x="{x}" y="{y}" style="fill:{colour}">{text}</text>"#
        ));
    }

    /// A point with what it says when pointed at.
    pub(super) fn marker(&mut self, look: Look, (x, y): (f64, f64), says: &str) {
        let colour = look.colour();
        let (fill, stroke, width) = if look.hollow {
            ("#fff", colour, 1.6)
        } else {
            (colour, "#fff", 1.2)
        };
        let says = Escaped(says);
        let ink = format!(
            r#"fill="{fill}" stroke="{stroke}" stroke-width="{width}"><title>{says}</title>"#
        );
        self.push(&match outline(look.marker, (x, y)) {
            Some(path) => format!(r#"<path d="{path}" {ink}</path>"#),
            None => format!(
                r#"<circle cx="{}" cy="{}" r="{RADIUS}" {ink}</circle>"#,
                Px(x),
                Px(y)
            ),
        });
    }

    /// A heading, and what it heads in a sentence.
    ///
    /// Where the sentence has no room it is left out.
    pub(super) fn caption(&mut self, (x, y): (f64, f64), title: &str, caption: &str) {
        let letters = title.chars().count() + caption.chars().count();
        let has_room = x + letters as f64 * SMALL < self.paper.width;
        let caption = if has_room { caption } else { "" };
        let (x, y, title, caption) = (Px(x), Px(y), Escaped(title), Escaped(caption));
        self.push(&format!(
            r#"<text class="caption" x="{x}" y="{y}">{title} <tspan class="what" dx="6">{caption}</tspan></text>"#
        ));
    }

    /// A trial, with what it says when pointed at.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), colour: &str, says: &str) {
        let (x, y, says) = (Px(x), Px(y), Escaped(says));
        self.push(&format!(
            r#"<circle cx="{x}" cy="{y}" r="3" fill="{colour}" fill-opacity=".45"><title>{says}</title></circle>"#
        ));
    }

    /// A cross for what failed, with the reason when pointed at.
    pub(super) fn cross(&mut self, (x, y): (f64, f64), colour: &str, says: &str) {
        let (x, y, says) = (Px(x - 4.0), Px(y - 4.0), Escaped(says));
        self.push(&format!(
            r#"<path class="cross" stroke="{colour}" d="M{x} {y}l8 8m0 -8l-8 8"><title>{says}</title></path>"#
        ));
    }

    /// The file, once all is drawn and the height is known.
    pub(super) fn finish(self, height: f64, title: &str) -> String {
        let scale = self.paper.scale;
        let (wide, high) = (Px(self.paper.width * scale), Px(height * scale));
        let (width, height, title) = (Px(self.paper.width), Px(height), Escaped(title));
        let body = self.body;
        let texts: String = TEXTS.iter().map(ToString::to_string).collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n<style>text{{{FONT}}}{texts}{STYLE}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n{body}</svg>\n"
        )
    }
}

/// The radius of a point's marker.
const RADIUS: f64 = 4.2;

/// The path around a marker at a place; none for a circle, which has no corners.
fn outline(marker: Marker, (x, y): (f64, f64)) -> Option<String> {
    let corner = |(right, down): &(f64, f64)| {
        format!("{} {}", Px(x + right * RADIUS), Px(y + down * RADIUS))
    };
    let corners: Vec<_> = marker.0.iter().map(corner).collect();
    (!corners.is_empty()).then(|| format!("M{}z", corners.join("L")))
}

/// How wide a letter of a caption is.
const SMALL: f64 = 6.6;

/// The width of a label's text, near enough to leave room for it: an SVG file cannot measure its reader's font.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 7.4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_become_markup() {
        assert_eq!(Escaped("<b>&\"\u{7}").to_string(), "&lt;b&gt;&amp;&quot; ");
    }

    #[test]
    fn lengths_have_a_tenth_of_a_pixel() {
        assert_eq!(
            [Px(1.26), Px(-0.01), Px(3.0)].map(|px| px.to_string()),
            ["1.3", "0", "3"]
        );
    }
}
