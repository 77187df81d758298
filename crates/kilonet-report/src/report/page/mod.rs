//! The report page: one HTML file that opens from disk and loads nothing.
//!
//! The head of the page (title, question, answers, summary, machine, findings, notices) is set here, so that it is there without a script; curves,
//! bars and the table are drawn by the page's own script from what it carries (`data`): the analysis, and all that is to be drawn of
//! it with its axes, looks and texts, so that the script places and paints and computes no figure. Must not know kernel or sockets.
//! The invariant: every byte the page needs is in the page, and nothing from a record can end its script early.

mod closer;
mod data;
mod found;

use std::fmt::Write;

use askama::Template;

use crate::printable::{escaped, is_unprintable};
use crate::report::answers::{self, Answer};
use crate::report::figures::Figures;
use crate::report::findings::{self, Section};
use crate::report::head::{self, Fact};
use crate::report::look;
use crate::report::notice::{self, Notice};
use crate::report::title::machine;
use crate::{Error, Result};

use data::Data;
use found::Found;

/// The plotting library, whole and unchanged; its licence goes where it goes.
const UPLOT_SCRIPT: &str = include_str!("vendor/uplot/uPlot.iife.min.js");
const UPLOT_LICENCE: &str = include_str!("vendor/uplot/LICENSE");
const UPLOT_STYLE: &str = include_str!("vendor/uplot/uPlot.min.css");
const STYLE: &str = include_str!("assets/page.css");
/// The page's own script, one purpose a file; later files use what earlier ones define.
const SCRIPT: &[&str] = &[
    include_str!("assets/format.js"),
    include_str!("assets/model.js"),
    include_str!("assets/look.js"),
    include_str!("assets/figures.js"),
    include_str!("assets/scale.js"),
    include_str!("assets/paint.js"),
    include_str!("assets/vector.js"),
    include_str!("assets/sheet.js"),
    include_str!("assets/picture.js"),
    include_str!("assets/csv.js"),
    include_str!("assets/save.js"),
    include_str!("assets/readout.js"),
    include_str!("assets/controls.js"),
    include_str!("assets/curve.js"),
    include_str!("assets/bars.js"),
    include_str!("assets/panels.js"),
    include_str!("assets/ramp.js"),
    include_str!("assets/drawing.js"),
    include_str!("assets/multiples.js"),
    include_str!("assets/heat.js"),
    include_str!("assets/stacks.js"),
    include_str!("assets/spread.js"),
    include_str!("assets/moments.js"),
    include_str!("assets/closer.js"),
    include_str!("assets/table.js"),
    include_str!("assets/page.js"),
];

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    name: &'a str,
    question: Option<&'a str>,
    answers: Vec<Found>,
    summary: String,
    started: Option<String>,
    strip: Vec<Fact>,
    facts: Vec<Fact>,
    scenario: Option<&'a str>,
    notices: Vec<Notice>,
    found: Vec<Found>,
    how_sure: &'static str,
    sure: Vec<Found>,
    sections: Vec<Section>,
    machine: String,
    data: String,
    uplot_script: &'static str,
    uplot_licence: &'static str,
    uplot_style: &'static str,
    style: String,
    script: String,
}

/// The whole of `report.html` for one run.
///
/// # Errors
/// [`Error::Refused`] when the analysis cannot be written as JSON or the page cannot be set.
pub fn render(figures: &Figures) -> Result<String> {
    let analysis = figures.analysis;
    let facts = head::facts(&analysis.manifest);
    let answers = answers::answers(analysis);
    let page = Page {
        name: &analysis.name,
        question: head::question(&analysis.manifest),
        data: inline_json(figures, answers.first())?,
        answers: answers.into_iter().map(Found::answer).collect(),
        summary: head::summary(analysis),
        started: head::started(&analysis.manifest),
        strip: head::strip(&facts),
        facts,
        scenario: head::scenario_text(&analysis.manifest),
        notices: notice::notices(analysis),
        found: found::found(findings::findings(analysis)),
        how_sure: findings::HOW_SURE,
        sure: found::found(findings::sure(analysis)),
        sections: findings::sections(analysis),
        machine: machine(analysis),
        uplot_script: UPLOT_SCRIPT,
        uplot_licence: UPLOT_LICENCE,
        uplot_style: UPLOT_STYLE,
        style: [&look::style_sheet(), STYLE].join("\n"),
        script: SCRIPT.join("\n"),
    };
    page.render()
        .map(|page| escaped(&page).into_owned())
        .map_err(|source| Error::refused("render", "report page", source.to_string()))
}

/// JSON that may stand inside a `script` element: `<` and what is not to be printed can only occur in its strings, where the
/// escape means the same.
fn inline_json(figures: &Figures, first: Option<&Answer>) -> Result<String> {
    serde_json::to_string(&Data::of(figures, first))
        .map(|json| json_escaped(&json))
        .map_err(|source| Error::refused("serialize", "analysis", source.to_string()))
}

fn json_escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '<' || is_unprintable(character) {
            // None of these is beyond U+FFFF, where an escape ends.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}
