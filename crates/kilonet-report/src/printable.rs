//! Text that a terminal shows and does not obey.
//!
//! Records, manifests, scenarios, paths, arguments and what other programs say are strangers' texts: a control character in one
//! of them would drive the terminal that it is printed on, and a character that turns the direction of writing would show
//! another text than is there. The invariant: what is in a [`Printable`] was escaped, or is a style that was put on here.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use owo_colors::Style;

/// Whether a terminal obeys the character, or shows what is around it in another order, in the place of showing it.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    // Embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX #9).
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

/// The text with an escape such as `\u{1b}` for each character that is not to be printed. Ends of lines and tabs stay.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    let stays = |c: char| matches!(c, '\n' | '\t') || !is_unprintable(c);
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if stays(character) {
            escaped.push(character);
        } else {
            escaped.extend(character.escape_unicode());
        }
    }
    Cow::Owned(escaped)
}

/// Text that may go to a terminal. It is made of strings, which are escaped, and of others of its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printable(String);

impl Printable {
    /// The same in a style.
    #[must_use]
    pub fn styled(self, style: Style) -> Self {
        Self(style.style(self.0).to_string())
    }

    /// Several, with the same between each two.
    #[must_use]
    pub fn joined(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let parts: Vec<_> = parts.into_iter().map(|part| part.0).collect();
        Self(parts.join(between))
    }

    /// Adds another at the end.
    pub fn push(&mut self, more: impl Into<Self>) {
        self.0.push_str(&more.into().0);
    }

    /// The same without the blanks at its end.
    #[must_use]
    pub fn trim_end(&self) -> Self {
        Self(self.0.trim_end().to_owned())
    }
}

impl From<&str> for Printable {
    fn from(text: &str) -> Self {
        Self(escaped(text).into_owned())
    }
}

impl From<String> for Printable {
    fn from(text: String) -> Self {
        match escaped(&text) {
            Cow::Borrowed(_) => Self(text),
            Cow::Owned(escaped) => Self(escaped),
        }
    }
}

/// One after the other, with nothing between them.
impl FromIterator<Printable> for Printable {
    fn from_iter<I: IntoIterator<Item = Printable>>(parts: I) -> Self {
        Self::joined(parts, "")
    }
}

impl Deref for Printable {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_all_else_is_as_it_was() {
        for (text, shown) in [
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}31m\u{7f}\r", "\\u{9b}31m\\u{7f}\\u{d}"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("zwei Zeilen:\n\tgrün, 水", "zwei Zeilen:\n\tgrün, 水"),
        ] {
            assert_eq!(&*Printable::from(text), shown);
        }
    }

    #[test]
    fn a_style_of_ours_stays_and_one_in_the_text_does_not() {
        let styled = Printable::from("\u{1b}[31mred").styled(Style::new().bold());
        assert_eq!(&*styled, "\u{1b}[1m\\u{1b}[31mred\u{1b}[0m");
    }

    proptest! {
        #[test]
        fn no_text_gets_through_with_a_character_that_is_obeyed(text in any::<String>()) {
            let printed = Printable::from(text);
            prop_assert!(printed.chars().all(|c| matches!(c, '\n' | '\t') || !is_unprintable(c)));
        }
    }
}
