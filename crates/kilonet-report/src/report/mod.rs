//! What a run says, in the forms people read: the terminal, SVG files and a page.
//!
//! Must not know how anything was measured, nor where the records lie beyond the folder it is given. The invariant: every
//! figure shown is an estimate of the analysis, or of a run that goes on (`live`); nothing is computed here but places and
//! words.

mod answers;
mod card;
mod cells;
pub mod compare;
mod figure;
mod figures;
mod findings;
mod head;
pub mod json;
pub mod live;
mod look;
pub mod markdown;
mod marks;
mod notice;
pub mod page;
mod png;
mod scale;
mod svg;
pub mod terminal;
mod title;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::analysis::Analysis;
use crate::error::{Act, Error, Remedy, Result};
use crate::files::{self, FileName};
use crate::store::folder::{self, Line, Run, TRIALS};

pub use figures::Figures;

/// The page, beside the records it was made from.
pub const PAGE: &str = "report.html";

/// Reads the run in `dir` and computes everything that is shown of it.
///
/// # Errors
/// When `dir` is no run folder, or has lost its records: a report of none would replace what is left of the run, its page.
pub fn read(dir: &Path) -> Result<Analysis> {
    let parse = |lines: &[&[u8]]| lines.par_iter().map(|line| Line::parse(line)).collect();
    let run = Run::read_by(dir, parse)?;
    if dir.join(TRIALS).exists() {
        Ok(Analysis::of(&run))
    } else {
        Err(Error::Malformed {
            object: dir.display().to_string(),
            reason: format!("it has no {TRIALS}, so nothing that the run measured can be read"),
            remedy: Some(Remedy::NameRunFolder),
        })
    }
}

/// What the run fails for by its scenario's `[fail_if]`: a sentence for each cell and condition.
#[must_use]
pub fn failures(analysis: &Analysis) -> Vec<String> {
    findings::failures(analysis)
}

/// A form of a report that is kept in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A figure for each question that the run answers.
    Svg,
    /// The same figures as pictures.
    Png,
    /// The page, which has all there is to see.
    Html,
    /// The first sentence with its figure, as a vector and as a picture, for wherever people paste one.
    Card,
    /// What the run says, for an issue.
    Markdown,
    /// The same for programs, with all that it rests on.
    Json,
}

impl Form {
    /// What a run leaves behind beside its records.
    pub const OF_A_RUN: [Self; 2] = [Self::Svg, Self::Html];

    /// Its text, where it is one text that can be printed.
    ///
    /// # Errors
    /// When the analysis cannot be written so.
    pub fn text(self, analysis: &Analysis) -> Result<Option<String>> {
        match self {
            Self::Markdown => Ok(Some(markdown::render(analysis))),
            Self::Json => json::render(analysis).map(Some),
            Self::Svg | Self::Png | Self::Html | Self::Card => Ok(None),
        }
    }

    /// Its files, each with its name.
    fn files(self, figures: &Figures) -> Result<Vec<(FileName, Vec<u8>)>> {
        let named =
            |(name, text): (&'static str, String)| (FileName::fixed(name), text.into_bytes());
        Ok(match self {
            Self::Svg => svg::files(figures).into_iter().map(named).collect(),
            Self::Png => png::pictures(&svg::files(figures))?,
            Self::Html => vec![named((PAGE, page::render(figures)?))],
            Self::Card => card::files(figures)?,
            Self::Markdown => vec![named((markdown::FILE, markdown::render(figures.analysis)))],
            Self::Json => vec![named((json::FILE, json::render(figures.analysis)?))],
        })
    }
}

/// Writes a run in these forms into `dir`, and gives the files: form by form, figures in the order of the questions they
/// answer.
///
/// A figure of an earlier call for which there are no longer data is left where it is.
///
/// # Errors
/// When `dir` cannot be written to, or a figure cannot be drawn.
pub fn write(dir: &Path, figures: &Figures, forms: &[Form]) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for form in forms {
        for (name, content) in form.files(figures)? {
            let path = dir.join(name);
            files::create(&path)
                .and_then(|mut file| file.write_all(&content))
                .map_err(|source| files::refusal(Act::Keep("write"), &path, source))?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Writes a report that is one file.
///
/// # Errors
/// When the file cannot be written, or is one of a run's own.
pub fn save(path: &Path, content: &[u8]) -> Result<()> {
    folder::spare(path)?;
    fs::write(path, content)
        .map_err(|source| Error::kernel(Act::Keep("write"), path.display().to_string(), source))
}

#[cfg(test)]
mod tests;
