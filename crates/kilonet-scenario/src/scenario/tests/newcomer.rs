//! A factor that has nothing but its entry is read, refused, described and told apart as all others are.

use super::*;
use kilonet_record::store::cell_id;
use kilonet_record::store::sample::newcomer::{WEATHER, Weather};

/// What a test comes to where the registry has one more factor.
fn with_weather(test: impl FnOnce()) {
    registry::with(&WEATHER, test);
}

#[test]
fn its_levels_make_cells_of_their_own() {
    with_weather(|| {
        let cells = parsed("axes = { containers = 2, weather = [\"calm\", \"windy\"] }").cells;
        let [calm, windy] = cells.as_slice() else {
            panic!("{cells:?}")
        };
        assert_eq!(
            (WEATHER.of(calm), WEATHER.of(windy)),
            (Weather::Calm, Weather::Windy)
        );
        assert_eq!(cell_id(windy), format!("{}-windy", cell_id(calm)));
        assert!(!calm.same_but(windy, &[]));
        assert!(calm.same_but(windy, &[|cell, other| cell.kept = other.kept.clone()]));
        let text = serde_json::to_value(windy).unwrap();
        assert_eq!(text["weather"], "windy");
        assert_eq!(serde_json::from_value::<Cell>(text).unwrap(), *windy);
    });
    assert!(refusal("axes = { containers = 2, weather = \"calm\" }").contains("unknown key"));
}

#[test]
fn what_is_no_level_and_what_no_cell_has_is_refused_where_it_stands() {
    with_weather(|| {
        let said = refusal("[axes]\ncontainers = 2\nweather = \"wndy\"");
        for words in [
            "`axes.weather`",
            "3:11",
            "did you mean \"windy\"?",
            "\"calm\"",
        ] {
            assert!(said.contains(words), "{said}");
        }
        let said = refusal("[axes]\ncontainers = 2\ntopology = \"loopback\"\nweather = \"windy\"");
        assert!(said.contains("no cell has cables"), "{said}");
        let said = refusal("[axes]\ncontainers = 2\ndriver = \"iperf3\"\nweather = \"windy\"");
        assert!(said.contains("iperf3 has no other weather"), "{said}");
        let flag = given(&[("containers", "2"), ("weather", "storm")]);
        let said = Scenario::from_overrides(&flag).unwrap_err().to_string();
        assert!(said.contains("`--weather`"), "{said}");
    });
}

#[test]
fn what_does_not_fit_others_is_refused_where_it_stands() {
    with_weather(|| {
        let text = "[axes]\ncontainers = 2\ndirection = \"both\"\nweather = [\"calm\", \"windy\"]";
        let said = refusal(text);
        for words in [
            "`axes.weather`: cables that swing carry one way only",
            "4:20",
            "allowed: \"calm\", or direction = \"one-way\"",
        ] {
            assert!(said.contains(words), "{said}");
        }
        parsed("axes = { containers = 2, direction = \"one-way\", weather = \"windy\" }");
    });
}

#[test]
fn it_is_described_to_editors_and_people() {
    with_weather(|| {
        let property = &schema()["$defs"]["Axes"]["properties"]["weather"];
        assert_eq!(property["default"], "calm");
        assert_eq!(property["description"], "Whether wind moves the cables.");
        let said = reference();
        for words in [
            "# Whether wind moves the cables.\n",
            "#   \"windy\": They swing.\n",
            "\nweather = \"calm\"\n",
        ] {
            assert!(said.contains(words), "{said}");
        }
    });
}
