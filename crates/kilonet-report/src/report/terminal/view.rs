//! What a text is shown on: how wide that is, which characters and colours it has.
//!
//! Must not know what is shown. The invariant: text from elsewhere is shown with nothing that the view lacks.

use std::env;

use owo_colors::Style;

use crate::printable::{self, Printable};

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

    pub(in crate::report) fn columns(self) -> usize {
        usize::from(self.width.max(60))
    }

    /// The text in a style, where there are colours.
    pub(in crate::report) fn paint(self, style: Style, text: &str) -> Printable {
        let text = Printable::from(text);
        match self.colours {
            Colours::Plain => text,
            Colours::Ansi => text.styled(style),
        }
    }

    /// The text, or what stands for it where there is but ASCII.
    pub(in crate::report) fn glyph(
        self,
        unicode: &'static str,
        ascii: &'static str,
    ) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }

    /// Text from records and manifests in one line, with nothing that the view lacks or that a terminal would obey: as wide as
    /// it will be when it is printed.
    pub(in crate::report) fn plain(self, text: &str) -> String {
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
    pub(in crate::report) fn paragraph(self, style: Style, text: &str) -> Printable {
        let lines = self.broken(text, ["", "  "]);
        Printable::joined(lines.iter().map(|line| self.paint(style, line)), "\n")
    }

    /// A point under another, as a paragraph that is set in.
    pub(in crate::report) fn point_under(self, text: &str) -> Printable {
        let lines = self.broken(text, ["  - ", "    "]);
        Printable::joined(
            lines.iter().map(|line| self.paint(Style::new(), line)),
            "\n",
        )
    }

    /// Text in lines, broken between words; the first line begins with the one and each further one with the other.
    fn broken(self, text: &str, [first, further]: [&str; 2]) -> Vec<String> {
        let text = self.plain(text);
        let mut lines = vec![first.to_owned()];
        let mut is_empty = true;
        for word in text.split_whitespace() {
            let line = lines.last().map_or(0, |line| line.chars().count());
            if !is_empty && line + 1 + word.chars().count() > self.columns() {
                lines.push(further.to_owned());
                is_empty = true;
            }
            if let Some(line) = lines.last_mut() {
                if !is_empty {
                    line.push(' ');
                }
                line.push_str(word);
            }
            is_empty = false;
        }
        lines
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
