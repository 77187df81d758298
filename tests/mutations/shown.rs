//! An independent reader of what was shown: what no figure can be, and what no text may carry.
//!
//! Must not know how any of it was made: tables are read by their headings, and columns by the page that documents them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// What is wrong with what was shown, each a sentence.
pub(crate) type Wrongs = Vec<String>;

/// Text for people may have line breaks and tabs; else no control character, and nothing that turns writing round.
pub(crate) fn controls(place: &str, text: &str, wrongs: &mut Wrongs) {
    let turns = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let bad = |c: &char| (c.is_control() && !matches!(c, '\n' | '\t')) || turns(c);
    if let Some(c) = text.chars().find(bad) {
        wrongs.push(format!("{place} has a raw {}", c.escape_unicode()));
    }
}

/// Figures of tables in Markdown: a table's first line has its headings.
pub(crate) fn markdown(text: &str, wrongs: &mut Wrongs) {
    let mut headings: Option<Vec<String>> = None;
    for line in text.lines() {
        let Some(row) = line.strip_prefix('|') else {
            headings = None;
            continue;
        };
        let row = row.replace("\\|", "/");
        let cells: Vec<_> = row.split('|').map(|it| it.trim().to_owned()).collect();
        if let Some(headings) = &headings {
            for (heading, cell) in headings.iter().zip(&cells) {
                figure(heading, cell, wrongs);
            }
        } else {
            headings = Some(cells);
        }
    }
}

/// A figure as it is written in a table.
fn figure(heading: &str, cell: &str, wrongs: &mut Wrongs) {
    let first = cell.split(['(', '±', '%']).next().unwrap_or_default();
    let number = first.split_whitespace().next().unwrap_or_default();
    let is_none = number
        .parse::<f64>()
        .is_ok_and(|number| !number.is_finite());
    let measures = [
        "aggregate",
        "requests",
        "datagrams",
        "lost",
        "p50",
        "p99",
        "CPU each",
        "pair p50 (p5-p95)",
        "Jain",
        "x lo",
        "ns/B",
        "set-up",
    ];
    if !measures.contains(&heading) {
        return;
    }
    if is_none {
        wrongs.push(format!("a table shows {number} as {heading}"));
    }
    if number.parse::<f64>().is_ok_and(|number| number < 0.0) {
        wrongs.push(format!("a table shows a negative {heading}"));
    }
    if heading == "Jain"
        && number
            .parse::<f64>()
            .is_ok_and(|number| !(0.0..=1.0).contains(&number))
    {
        wrongs.push("a table shows a fairness outside 0 to 1".to_owned());
    }
}

/// Figures with a unit, in any text: a number that is none, or less than none where nothing can be.
pub(crate) fn units(place: &str, text: &str, wrongs: &mut Wrongs) {
    for line in text.lines() {
        let words: Vec<_> = line.split([' ', '\u{a0}', '(', ')', '\u{2009}']).collect();
        for pair in words.windows(2) {
            let [number, unit] = pair else { continue };
            let is_rate = [
                "b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s", "ns/B", "/s", "k/s", "M/s",
            ]
            .contains(unit);
            let is_figure = is_rate || ["ns", "us", "ms", "s", "%"].contains(unit);
            if is_figure && ["NaN", "inf", "-inf", "+inf"].contains(number) {
                wrongs.push(format!("{place} shows {number} {unit}"));
            }
        }
    }
}

/// A picture's places are numbers.
pub(crate) fn picture(text: &str, wrongs: &mut Wrongs) {
    let attributes = text
        .split('<')
        .filter_map(|part| Some(part.split_once('>')?.0));
    for attribute in attributes.flat_map(|tag| tag.split('"').skip(1).step_by(2)) {
        let mut words = attribute.split([' ', ',', '(', ')', 'M', 'L', 'H', 'V', 'Z']);
        if words.any(|word| ["NaN", "inf", "-inf"].contains(&word)) {
            wrongs.push("a picture has a place that is no number".to_owned());
            return;
        }
    }
}

/// What the page carries for its script.
pub(crate) fn page(text: &str, wrongs: &mut Wrongs) {
    let data = text.split_once(r#"<script type="application/json" id="data">"#);
    let data = data.and_then(|(_, rest)| rest.split_once("</script>"));
    let Some((json, _)) = data else {
        return wrongs.push("the page has no data".to_owned());
    };
    let Ok(data) = serde_json::from_str::<Value>(json) else {
        return wrongs.push("the page's data are no JSON".to_owned());
    };
    for cell in data["cells"].as_array().into_iter().flatten() {
        for (name, metric) in cell["metrics"].as_object().into_iter().flatten() {
            numbers(name, metric, wrongs);
        }
    }
}

/// No figure of a metric is below nothing, and no fairness above 1.
fn numbers(name: &str, value: &Value, wrongs: &mut Wrongs) {
    let most = if name.contains("jain") || name.contains("fairness") {
        1.0
    } else {
        f64::INFINITY
    };
    if value["median"]
        .as_f64()
        .is_some_and(|number| !(0.0..=most).contains(&number))
    {
        wrongs.push(format!("the page has {name} out of its range"));
    }
}

/// Everything of a comparison that is a median.
pub(crate) fn comparison(text: &str, wrongs: &mut Wrongs) {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return wrongs.push("a comparison is no JSON".to_owned());
    };
    for new in value["news"].as_array().into_iter().flatten() {
        for cell in new["cells"].as_array().into_iter().flatten() {
            for figure in cell["figures"].as_array().into_iter().flatten() {
                let name = figure["metric"].as_str().unwrap_or_default();
                for side in ["base", "new"] {
                    numbers(name, &figure[side], wrongs);
                }
                let ratio = &figure["change"]["ratio"];
                if ratio.as_f64().is_some_and(|ratio| ratio < 0.0) {
                    wrongs.push("a comparison has a negative ratio".to_owned());
                }
            }
        }
    }
}

/// The columns of exported tables, as `results/COLUMNS.md` documents them: those that hold numbers.
pub(crate) struct Columns(HashMap<String, Unit>);

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Share,
    Other,
}

impl Columns {
    pub(crate) fn read() -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/COLUMNS.md");
        let page = fs::read_to_string(page).unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let columns = rows.filter_map(|row| {
            let (name, rest) = row.split_once("` | ")?;
            let kind = rest.split(" | ").next()?;
            let share = ["per_pair_jain", "aggregate_loss_ratio"].contains(&name);
            let unit = if share { Unit::Share } else { Unit::Other };
            ["integer", "number"]
                .contains(&kind)
                .then(|| (name.to_owned(), unit))
        });
        let columns: HashMap<_, _> = columns.collect();
        assert!(columns.len() > 100, "only {}", columns.len());
        Self(columns)
    }

    /// The numbers of a table that was exported.
    pub(crate) fn table(&self, text: &[u8], wrongs: &mut Wrongs) {
        let mut rows = csv::Reader::from_reader(text);
        let Ok(names) = rows.headers().cloned() else {
            return wrongs.push("an exported table cannot be read".to_owned());
        };
        for row in rows.records() {
            let Ok(row) = row else {
                return wrongs.push("an exported row cannot be read".to_owned());
            };
            for (name, field) in names
                .iter()
                .zip(&row)
                .filter(|(_, field)| !field.is_empty())
            {
                if let Some(unit) = self.0.get(name) {
                    number(name, field, *unit, wrongs);
                }
            }
        }
    }
}

fn number(name: &str, field: &str, unit: Unit, wrongs: &mut Wrongs) {
    let most = if unit == Unit::Share { 1.0 } else { f64::MAX };
    if !field
        .parse::<f64>()
        .is_ok_and(|number| (0.0..=most).contains(&number))
    {
        wrongs.push(format!("{name} is exported outside its range"));
    }
}

/// The samples of `OpenMetrics`: the number is what follows the labels.
pub(crate) fn openmetrics(text: &str, wrongs: &mut Wrongs) {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let rest = line.rsplit_once("} ").map_or(line, |(_, rest)| rest);
        let number = rest.split(' ').next().unwrap_or_default();
        let name = line.split('{').next().unwrap_or_default();
        let most = if name.ends_with("jain_ratio") {
            1.0
        } else {
            f64::MAX
        };
        if !number
            .parse::<f64>()
            .is_ok_and(|number| (0.0..=most).contains(&number))
        {
            wrongs.push(format!("{name} is exported outside its range"));
        }
    }
}

/// The rows of k8s-netperf: a mean and its latency; the lower end of an interval may lie anywhere.
pub(crate) fn k8s_netperf(text: &[u8], wrongs: &mut Wrongs) {
    let mut rows = csv::Reader::from_reader(text);
    for row in rows.deserialize::<HashMap<String, String>>() {
        let Ok(row) = row else {
            return wrongs.push("an exported row cannot be read".to_owned());
        };
        for name in [
            "Avg Throughput",
            "99%tile Observed Latency",
            "Duration",
            "Parallelism",
        ] {
            if !row[name].is_empty() {
                number(name, &row[name], Unit::Other, wrongs);
            }
        }
    }
}

/// What iperf3 would have printed.
pub(crate) fn iperf3(text: &str, wrongs: &mut Wrongs) {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return wrongs.push("an export is no JSON".to_owned());
    };
    for sum in ["sum", "sum_sent", "sum_received"] {
        for name in ["bytes", "bits_per_second", "seconds"] {
            let number = &value["end"][sum][name];
            if number.as_f64().is_some_and(|number| number < 0.0) {
                wrongs.push(format!("{sum}.{name} is exported below 0"));
            }
        }
    }
}
