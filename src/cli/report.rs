//! `kilonet report`: what a run folder says, computed again from its records, in the forms asked for; and the end of every
//! run.
//!
//! The invariant: where Markdown or JSON goes to standard output, nothing does that is not asked for: paths of files go elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::out;
use crate::error::{Act, Error, Remedy, Result};
use crate::report::{self, Figures, Form, terminal};

/// Needs no privileges, nor the machine the run was made on.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Report {
    /// The run folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Formats to give, such as md or png,html [default: term, and svg and html in DIR]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    format: Vec<Format>,
    /// The file to write for md or json alone, otherwise the folder [default: standard output for md and json, otherwise DIR]
    #[arg(
        long,
        value_name = "PATH",
        visible_alias = "output",
        requires = "format"
    )]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  kilonet report results/20261123T120000Z-quickstart
  kilonet report results/20261123T120000Z-quickstart --format md > issue.md
  kilonet report results/20261123T120000Z-quickstart --format json | jq '.mechanisms[].id'
  kilonet report results/20261123T120000Z-quickstart --format json | jq -r '.answers[].words'
  kilonet report results/20261123T120000Z-quickstart --format png,html,card --out /tmp/quickstart";

/// What a report can be given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Answers, findings, tables and plots for the terminal, printed
    Term,
    /// Markdown for an issue: answers, findings, cells, warnings, the machine
    Md,
    /// JSON for programs: answers, findings, mechanisms, and all figures of the page
    Json,
    /// A figure for each question, as SVG
    Svg,
    /// The same figures as PNG, at two dots to a pixel
    Png,
    /// The page, report.html
    Html,
    /// The first answer with its figure, card.svg and card.png of 1200 by 630
    Card,
}

/// The forms that are one text each.
const TEXTS: &[(Format, Form)] = &[(Format::Md, Form::Markdown), (Format::Json, Form::Json)];

impl Report {
    pub(super) fn run(&self) -> Result<ExitCode> {
        if self.format.is_empty() {
            show(&self.dir)?;
        } else {
            self.give()?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn give(&self) -> Result<()> {
        let files = self.files();
        if self.out.is_some() && files.is_empty() {
            return Err(Error::Scenario(
                "error: --out is for md, json, svg, png, html and card: term is printed".to_owned(),
            ));
        }
        let analysis = report::read(&self.dir)?;
        let figures = Figures::of(&analysis);
        // Files are written also where nothing can be printed.
        let printed = if self.has(Format::Term) {
            print(&figures)
        } else {
            Ok(())
        };
        let alone = match files[..] {
            [form] => form.text(&analysis)?,
            _ => None,
        };
        match self.out.as_ref().zip(alone) {
            Some((file, text)) => report::save(file, text.as_bytes()),
            None => self.write(&figures, &files),
        }?;
        printed
    }

    /// Writes files, prints the texts that are none of these, and says which files there are.
    fn write(&self, figures: &Figures, files: &[Form]) -> Result<()> {
        let folder = self.out.as_deref().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(|error| {
            Error::kernel(
                Act::Keep("create folder"),
                folder.display().to_string(),
                error,
            )
        })?;
        let written = report::write(folder, figures, files)?;
        let texts = self.printed();
        for form in &texts {
            let text = form.text(figures.analysis)?.unwrap_or_default();
            out::data(text.as_bytes())?;
        }
        for path in &written {
            if texts.is_empty() {
                out::path(path)?;
            } else {
                out::say(path.display().to_string());
            }
        }
        Ok(())
    }

    /// The forms that become files.
    fn files(&self) -> Vec<Form> {
        let drawn = [
            (Format::Svg, Form::Svg),
            (Format::Png, Form::Png),
            (Format::Html, Form::Html),
            (Format::Card, Form::Card),
        ];
        let texts = if self.out.is_some() {
            TEXTS
        } else {
            [].as_slice()
        };
        self.asked(&[texts, &drawn].concat())
    }

    /// The forms that are printed where no place for them is given.
    fn printed(&self) -> Vec<Form> {
        let texts = if self.out.is_none() {
            TEXTS
        } else {
            [].as_slice()
        };
        self.asked(texts)
    }

    fn asked(&self, forms: &[(Format, Form)]) -> Vec<Form> {
        let asked = forms.iter().filter(|(format, _)| self.has(*format));
        asked.map(|(_, form)| *form).collect()
    }

    fn has(&self, format: Format) -> bool {
        self.format.contains(&format)
    }
}

/// Prints a run's table and plots, writes the figures and the page into its folder, and prints its path as the last line; gives what
/// the run fails for by its scenario's `[fail_if]`, in sentences.
/// Where the folder cannot be written to, the table has been printed all the same, and the other way round.
pub(super) fn show(dir: &Path) -> Result<Vec<String>> {
    let analysis = report::read(dir)?;
    let figures = Figures::of(&analysis);
    let printed = print(&figures);
    let whole = Remedy::RecordsKept(dir.display().to_string());
    report::write(dir, &figures, &Form::OF_A_RUN).map_err(|error| error.with_remedy(whole))?;
    let page = dir.join(report::PAGE);
    let pointer = format!("\nThe page with the curves: {}\n", page.display());
    let printed = printed.and_then(|()| out::page(pointer));
    let kept = Remedy::ReportKept(dir.display().to_string());
    printed
        .and_then(|()| out::path(dir))
        .map_err(|error| error.with_remedy(kept))?;
    Ok(report::failures(&analysis))
}

fn print(figures: &Figures) -> Result<()> {
    let view = terminal::View::of_stdout();
    out::page(terminal::render(figures, view))
}
