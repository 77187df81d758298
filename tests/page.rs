//! The report page as a file: complete in itself, and honest about what failed. What it does in a browser is checked by
//! `scripts/test-page`.

#[path = "page/sample.rs"]
mod sample;

use kilonet::report::{Figures, page};

const CURVES: &[u32] = &[2, 64, 512, 4096];

fn rendered(counts: &[u32]) -> String {
    page::render(&Figures::of(&sample::analysis(counts))).expect("the sample renders")
}

/// The analysis as a browser would read it back out of the page.
fn carried_data(html: &str) -> serde_json::Value {
    let (_, rest) = html
        .split_once(r#"<script type="application/json" id="data">"#)
        .expect("a data element");
    let (json, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(json).expect("the data is JSON")
}

#[test]
fn the_page_loads_nothing() {
    // A clip that is named by its place in the same drawing is not loaded.
    let html = rendered(CURVES).replace("url(#", "");
    for loader in [
        "src=\"",
        "src='",
        "<link",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
        "WebSocket(",
    ] {
        assert!(!html.contains(loader), "the page contains `{loader}`");
    }
}

#[test]
fn the_page_knows_which_counts_are_lost_and_says_nothing_where_none_is() {
    let html = page::render(&Figures::of(&sample::with_lost_cells())).expect("it renders");
    let data = carried_data(&html);
    let series = data["series"].as_array().expect("series");
    let bridges = series
        .iter()
        .filter(|one| one["factors"]["topology"] == "bridge");
    assert!(
        bridges
            .clone()
            .all(|one| one["lost"] == serde_json::json!([16, 64]))
    );
    assert_eq!(bridges.count(), 2);
    assert_eq!(
        carried_data(&rendered(CURVES))["series"][0].get("lost"),
        None
    );
}

#[test]
fn a_warning_cannot_end_the_script() {
    let mut analysis = sample::analysis(CURVES);
    let hostile = "</script><script>alert('<!--')</script>";
    analysis.cells[0].warnings.push(hostile.to_owned());
    let html = page::render(&Figures::of(&analysis)).expect("it renders");
    assert!(!html.contains(hostile));
    assert_eq!(carried_data(&html)["cells"][0]["warnings"][0], hostile);
    let plain = rendered(CURVES);
    assert_eq!(
        html.matches("<script").count(),
        plain.matches("<script").count()
    );
}

#[test]
fn no_text_turns_the_writing_round_or_has_a_control_character() {
    let mut analysis = sample::analysis(CURVES);
    let hostile = "\u{9b}31m\u{202e}\u{7f}\rred".to_owned();
    analysis.name.push_str(&hostile);
    analysis.cells[0].warnings.push(hostile.clone());
    let html = page::render(&Figures::of(&analysis)).expect("it renders");
    let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert_eq!(html.find(obeyed), None);
    assert_eq!(carried_data(&html)["cells"][0]["warnings"][0], hostile);
}

#[test]
fn failed_and_invalid_trials_are_told_before_any_script_runs() {
    let html = rendered(CURVES);
    let (body, _) = html.split_once("<script").expect("a script");
    for words in [
        "create namespace c00417: ENOSPC",
        "raise sysctl user.max_net_namespaces",
        "veth ipv6 at 512",
        "bridge ipv6 at 64",
    ] {
        assert!(body.contains(words), "`{words}` is not in the body");
    }
    assert!(
        body.contains("91 of 98 planned trials measured, 3 failed, 2 invalid, 2 not run."),
        "{body}"
    );
}

#[test]
fn the_question_and_its_answer_stand_above_the_machine_and_the_findings() {
    let html = rendered(CURVES);
    let (body, _) = html.split_once("<script").expect("a script");
    let words = [
        "four networks degrade",
        "each 1,000 containers add",
        "id=\"lead\"",
        "8 configurations at 4 counts",
        "What was found",
    ];
    let places = words.map(|words| body.find(words).expect(words));
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn findings_are_told_before_any_script_runs() {
    let html = rendered(CURVES);
    let (body, _) = html.split_once("<script").expect("a script");
    for words in [
        "0 to 1,000 containers, relative to",
        "<th scope=\"row\">bridge</th><td>2</td><td>0.900 (0.850 to 0.950)</td>",
        "congestion control was reno in real containers",
        "veth pair, IPv4, modelled: 10.0 times the post",
    ] {
        assert!(body.contains(words), "`{words}` is not in the body");
    }
}

#[test]
fn a_run_without_findings_has_no_sections_of_them() {
    let mut analysis = sample::analysis(CURVES);
    (analysis.slopes, analysis.realities, analysis.post) = (Vec::new(), Vec::new(), None);
    let html = page::render(&Figures::of(&analysis)).expect("it renders");
    assert!(!html.contains("class=\"findings\""));
}

#[test]
fn a_failed_cell_has_no_value_in_the_data() {
    let data = carried_data(&rendered(CURVES));
    let failed = data["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .find(|cell| cell["measured"] == 0)
        .expect("the failed cell");
    assert_eq!(failed["metrics"], serde_json::json!({}));
}

#[test]
fn the_machine_is_shown_with_its_units() {
    let html = rendered(CURVES);
    for words in [
        "AMD EPYC 7B13",
        "8 GiB",
        "limits pid max",
        "retpoline, ibpb",
    ] {
        assert!(html.contains(words), "`{words}` is not in the page");
    }
}

#[test]
fn a_run_without_a_manifest_or_a_record_still_renders() {
    let mut analysis = sample::analysis(&[]);
    analysis.manifest = serde_json::Value::Null;
    analysis.series.clear();
    let html = page::render(&Figures::of(&analysis)).expect("it renders");
    assert!(html.contains("No cell has a record."));
}

#[test]
fn a_run_over_rules_says_so() {
    let html = page::render(&Figures::of(&sample::over_rules())).expect("it renders");
    assert!(html.contains("8 configurations at 4 counts, 0 to 1,000 rules."));
}

#[test]
fn the_page_stays_light_however_many_cells_it_has() {
    for (streams, cells, megabytes) in [(2, 192, 2), (21, 2016, 10)] {
        let analysis = sample::large(streams);
        assert_eq!(analysis.cells.len(), cells);
        let length = page::render(&Figures::of(&analysis))
            .expect("it renders")
            .len();
        assert!(
            length < megabytes << 20,
            "{cells} cells make {length} bytes"
        );
    }
}

#[test]
fn a_run_over_existing_and_active_containers_is_one_of_curves() {
    let html = page::render(&Figures::of(&sample::over_two_counts())).expect("it renders");
    assert!(html.contains("6 configurations at 5 counts, 8 to 2,048 containers."));
    let cells = &carried_data(&html)["cells"];
    assert_eq!(cells[0]["cell"]["active"], 8);
}

#[test]
fn what_lies_beside_the_estimates_is_carried_where_there_is_any() {
    let requests = page::render(&Figures::of(&sample::of_requests())).expect("it renders");
    let detail = &carried_data(&requests)["cells"][0]["detail"];
    assert_eq!(detail["latency"][4][0], 1.0);
    let detail = &carried_data(&rendered(CURVES))["cells"][0]["detail"];
    assert!(detail.get("latency").is_none());
    assert_eq!(detail["cpu"]["of_window"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_run_without_a_measured_trial_is_told_all_the_same() {
    let html = page::render(&Figures::of(&sample::all_failed())).expect("it renders");
    assert!(html.contains("0 of 50 planned trials measured, 48 failed, 2 not run."));
    assert!(html.contains("create namespace c00417: ENOSPC"));
}
