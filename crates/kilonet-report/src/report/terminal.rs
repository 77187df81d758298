//! The report as text: a table of cells, two plots over the count, and what is to be known beside them.
//!
//! Must not know where the text goes: it is told how wide that is, which glyphs it has and whether it has colours. The
//! invariant: no line of the table or of a plot is wider than the view, as long as that has 60 columns.

mod bars;
mod findings;
mod legend;
mod notes;
mod plot;

mod table;

use std::env;

use owo_colors::Style;

use super::machine;
use crate::analysis::Analysis;
use crate::printable::{self, Printable};
pub(super) use plot::{COLOURS, marker, whole};

/// What the text is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Columns; fewer than 60 are treated as 60.
    pub width: u16,
    /// What can be shown.
    pub glyphs: Glyphs,
    /// Whether escape sequences are understood.
    pub colours: Colours,
}

/// The characters a view has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Any.
    Unicode,
    /// ASCII alone.
    Ascii,
}

/// The colours a view has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// None: no escape sequence is written.
    Plain,
    /// The terminal's sixteen.
    Ansi,
}

/// What a text has where nobody tells it otherwise, as in a file.
const PLAIN_WIDTH: u16 = 80;
/// Wider than this, a line is hard to follow.
const WIDEST: u16 = 120;

impl View {
    /// 80 columns of ASCII without colours.
    pub const PLAIN: Self = Self {
        width: PLAIN_WIDTH,
        glyphs: Glyphs::Ascii,
        colours: Colours::Plain,
    };

    /// The view that standard output is: plain when it is no terminal, without colours when `NO_COLOR` is set, and in
    /// ASCII unless the locale says UTF-8.
    #[must_use]
    pub fn of_stdout() -> Self {
        Self::of(&console::Term::stdout())
    }

    /// The same of standard error.
    #[must_use]
    pub fn of_stderr() -> Self {
        Self::of(&console::Term::stderr())
    }

    fn of(terminal: &console::Term) -> Self {
        if !terminal.is_term() {
            return Self::PLAIN;
        }
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = terminal
            .size_checked()
            .map_or(PLAIN_WIDTH, |(_, columns)| columns);
        Self {
            width: columns.min(WIDEST),
            glyphs: if locale_is_utf8() {
                Glyphs::Unicode
            } else {
                Glyphs::Ascii
            },
            colours: if no_colour {
                Colours::Plain
            } else {
                Colours::Ansi
            },
        }
    }

    pub(super) fn columns(self) -> usize {
        usize::from(self.width.max(60))
    }

    /// The text in a style, where there are colours.
    pub(super) fn paint(self, style: Style, text: &str) -> Printable {
        let text = Printable::from(text);
        match self.colours {
            Colours::Plain => text,
            Colours::Ansi => text.styled(style),
        }
    }

    /// The text, or what stands for it where there is but ASCII.
    pub(super) fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// Text from records and manifests in one line, with nothing that the view lacks or that a terminal would obey: as wide as
    /// it will be when it is printed.
    pub(super) fn plain(self, text: &str) -> String {
        let text = printable::escaped(&text.replace(['\n', '\t'], " ")).into_owned();
        match self.glyphs {
            Glyphs::Unicode => text,
            Glyphs::Ascii => text
                .replace('·', "-")
                .replace('±', "+-")
                .replace(|c: char| !c.is_ascii(), "?"),
        }
    }

    /// Text broken between words, its further lines set in.
    pub(super) fn paragraph(self, style: Style, text: &str) -> Printable {
        let text = self.plain(text);
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let line = lines.last().map_or(0, |line| line.chars().count());
            if line > 0 && line + 1 + word.chars().count() > self.columns() {
                lines.push("  ".to_owned());
            }
            if let Some(line) = lines.last_mut() {
                if !line.trim().is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        Printable::joined(lines.iter().map(|line| self.paint(style, line)), "\n")
    }
}

/// The locale as the C library decides on it: the first of the three that is set.
fn locale_is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok());
    let locale = locale
        .into_iter()
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    locale.ends_with("utf-8") || locale.ends_with("utf8")
}

/// The report of a run as text, ending in a line end.
#[must_use]
pub fn render(analysis: &Analysis, view: View) -> Printable {
    let title = view.paragraph(Style::new().bold(), &machine(analysis));
    let figures = [
        title,
        findings::first(analysis, view),
        table::render(analysis, view),
        plot::render(analysis, view),
    ];
    let parts = figures
        .into_iter()
        .chain(findings::render(analysis, view))
        .chain([notes::render(analysis, view)]);
    let mut report = Printable::joined(parts.filter(|part| !part.is_empty()), "\n\n");
    report.push("\n");
    report
}

#[cfg(test)]
mod tests;
