//! What is wrong with a scenario, collected so that one reading reports all of it, and shown where it stands.
//!
//! Knows nothing of what is allowed. Invariant: every problem names its key, or the flag that stands for it.

use std::collections::HashSet;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::source::{Place, Source, Span};
use crate::error::Error;

/// Whoever has more mistakes than this in a file starts with these.
const MOST_SHOWN: usize = 20;

/// A longer line is not shown, only pointed to: nobody could read it, and laying it out takes minutes.
const LONGEST_SHOWN: usize = 400;

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Problem {
    /// The key, with its table: `axes.containers`; absent when the file as a whole is wrong.
    key: Option<String>,
    message: String,
    remedy: Option<String>,
    span: Option<Span>,
}

impl Problem {
    /// Something wrong with the value of `key`.
    pub(super) fn of(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..Self::of_file(message)
        }
    }

    /// Something wrong with the file as a whole.
    pub(super) fn of_file(message: impl Into<String>) -> Self {
        Self {
            key: None,
            message: message.into(),
            remedy: None,
            span: None,
        }
    }

    /// Where it stands; absent for a value that nobody wrote.
    pub(super) fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        self.span = span.into();
        self
    }

    /// What would be right.
    pub(super) fn remedy(mut self, text: impl Into<String>) -> Self {
        self.remedy = Some(text.into());
        self
    }
}

/// Everything that was found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one error, in the order of the file; of very many, the first.
    pub(super) fn into_error(mut self, source: &Source) -> Error {
        self.say_once(source);
        self.0
            .sort_by_key(|problem| problem.span.as_ref().map_or(usize::MAX, |span| span.start));
        let mut texts: Vec<_> = self
            .0
            .iter()
            .take(MOST_SHOWN)
            .map(|problem| render(problem, source))
            .collect();
        if self.0.len() > MOST_SHOWN {
            texts.push(format!("... and {} more", self.0.len() - MOST_SHOWN));
        }
        Error::Scenario(texts.join("\n\n"))
    }

    /// A flag stands in every table of its key, and what is beside several tables is held against each; what is wrong with it is wrong
    /// once.
    fn say_once(&mut self, source: &Source) {
        let mut said = HashSet::new();
        self.0.retain(|problem| {
            let Some(span) = problem.span.clone() else {
                return true;
            };
            let place = match source.place(span) {
                Place::Flag { flag, .. } => Err(flag),
                Place::File(span) => Ok((span.start, span.end)),
            };
            said.insert((place, problem.message.clone()))
        });
    }
}

fn render(problem: &Problem, source: &Source) -> String {
    let place = problem.span.clone().map(|span| source.place(span));
    let name = match &place {
        Some(Place::Flag { flag, .. }) => Some(flag.as_str()),
        _ => problem.key.as_deref(),
    };
    let title = match name {
        Some(name) => format!("`{name}`: {}", problem.message),
        None => problem.message.clone(),
    };
    let group = point(
        Group::with_title(Level::ERROR.primary_title(title)),
        place,
        source,
    );
    let group = match &problem.remedy {
        Some(text) => group.element(Level::HELP.message(text)),
        None => group,
    };
    Renderer::plain().render(&[group])
}

/// Adds the line the problem stands on, or just the path where it stands on none.
fn point<'a>(group: Group<'a>, place: Option<Place>, source: &'a Source) -> Group<'a> {
    match place {
        Some(Place::Flag { text, span, .. }) => group.element(
            Snippet::source(text)
                .path("command line")
                .annotation(AnnotationKind::Primary.span(span)),
        ),
        Some(Place::File(span)) => {
            let line = Line::around(&source.file, &span);
            if line.text.len() > LONGEST_SHOWN {
                let origin = Origin::path(&source.path).line(line.number);
                return group.element(origin.char_column(line.column()));
            }
            group.element(
                Snippet::source(line.text)
                    .path(&source.path)
                    .line_start(line.number)
                    .annotation(AnnotationKind::Primary.span(line.span)),
            )
        }
        None => group.element(Origin::path(&source.path)),
    }
}

/// The line on which a span begins.
struct Line<'a> {
    /// From 1.
    number: usize,
    text: &'a str,
    /// The part of the line that the span covers.
    span: Span,
}

impl<'a> Line<'a> {
    fn around(file: &'a str, span: &Span) -> Self {
        let (from, to) = (
            file.floor_char_boundary(span.start),
            file.ceil_char_boundary(span.end),
        );
        let start = file[..from].rfind('\n').map_or(0, |at| at + 1);
        let end = file[from..].find('\n').map_or(file.len(), |at| from + at);
        // Lines of other systems end in two characters, of which the first would show as a mark.
        let end = start + file[start..end].trim_end_matches('\r').len();
        let from = from.min(end);
        Self {
            number: file[..start].matches('\n').count() + 1,
            text: &file[start..end],
            span: from - start..to.clamp(from, end) - start,
        }
    }

    /// The column of the span, in characters from 1.
    fn column(&self) -> usize {
        self.text[..self.span.start].chars().count() + 1
    }
}
