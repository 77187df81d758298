//! What Markdown is written with: tables, lists, folded parts and text that stays text.
//!
//! Must not know what is written. The invariant: no text of a record or a manifest is taken for markup.

use crate::printable::is_unprintable;

/// A table; nothing without a row. `rule` is the line below its headings.
pub(in crate::report) fn table<R: AsRef<[String]>>(
    headings: &[&str],
    rule: &str,
    rows: impl Iterator<Item = R>,
) -> String {
    let rows: Vec<_> = rows
        .map(|row| format!("| {} |", row.as_ref().join(" | ")))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("| {} |\n{rule}\n{}", headings.join(" | "), rows.join("\n"))
}

/// A list of sentences.
pub(in crate::report) fn list<'a>(sentences: impl Iterator<Item = &'a str>) -> String {
    let points: Vec<_> = sentences
        .map(|text| format!("- {}", escaped(text)))
        .collect();
    points.join("\n")
}

/// A part that opens at a click; nothing where there is nothing in it.
pub(in crate::report) fn folded(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("<details><summary>{title}</summary>\n\n{body}\n\n</details>")
}

/// Text with nothing in it that Markdown or HTML would take for its own.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => escaped.extend(['\\', character]),
            other if is_unprintable(other) => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A path between backticks, of which it then has none.
pub(in crate::report) fn code(text: &str) -> String {
    let plain = |c: char| {
        if c == '`' || is_unprintable(c) {
            '?'
        } else {
            c
        }
    };
    format!("`{}`", text.chars().map(plain).collect::<String>())
}

/// Lines as they are: set in by four blanks, which no text can end as it could end a fence.
pub(in crate::report) fn verbatim(text: &str) -> String {
    let plain = |c: char| if is_unprintable(c) { ' ' } else { c };
    let line = |line: &str| format!("    {}", line.chars().map(plain).collect::<String>());
    let lines: Vec<_> = text.trim_end().lines().map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escaped("a|b*c_<i>\u{7}\u{202e}"), r"a\|b\*c\_&lt;i>  ");
        assert_eq!(code("a`b\nc\u{202e}"), "`a?b?c?`");
        assert_eq!(verbatim("```\n</details>\n"), "    ```\n    </details>");
    }

    #[test]
    fn what_is_empty_is_not_there() {
        let none = std::iter::empty::<[String; 1]>();
        assert_eq!(table(&["a"], "|---|", none), "");
        assert_eq!(folded("more", ""), "");
    }
}
