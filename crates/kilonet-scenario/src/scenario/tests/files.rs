//! Files, whatever is in them.

use std::cell;
use std::fs;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

#[test]
fn what_is_no_scenario_file_is_refused_without_reading_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let huge = folder.path().join("huge.toml");
    fs::File::create(&huge).unwrap().set_len(50 << 20).unwrap();
    let table = [
        (write("text.toml", b"hello there\n"), "not TOML"),
        (write("twice.toml", b"[axes]\n[axes]\n"), "not TOML"),
        (write("empty.toml", b" \n"), "empty"),
        (
            write("latin.toml", b"name = 1\nabout = \"\xe9\"\n"),
            "not UTF-8, from line 2 on",
        ),
        (huge, "and kilonet reads at most 1 MiB"),
        (
            folder.path().to_owned(),
            "it is a folder, not a regular file",
        ),
        (folder.path().join("absent.toml"), "No such file"),
    ];
    for (path, reason) in table {
        let error = Scenario::load(&path, &Overrides::default()).unwrap_err();
        assert!(error.is_usage());
        let said = error.to_string();
        assert!(
            said.contains(reason) && said.contains(&*path.to_string_lossy()),
            "{reason}\n{said}"
        );
    }
}

#[test]
fn the_name_is_that_of_the_file_unless_it_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text, name) in [
        ("my sweep.toml", "axes.containers = 2", "my-sweep"),
        (".toml", "axes.containers = 2", "scenario.toml"),
        ("a.toml", "name = \"b\"\naxes.containers = 2", "b"),
    ] {
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        assert_eq!(
            Scenario::load(&path, &Overrides::default()).unwrap().name,
            name
        );
    }
    assert!(refusal("name = \"../x\"\naxes.containers = 2").contains("does not fit"));
}

/// A scenario with a few of its characters replaced, taken out or put in.
fn damaged_scenario() -> impl Strategy<Value = String> {
    const WHOLE: &str = concat!(
        "about = \"näme\"\nlab = { macs = 'random' }\r\n[axes]\ncontainers = [2, \"4..64 x2\"] # é\n",
        "topology = [\"veth\",\n \"bridge\"]\nmtu = 1_500\n",
        "[trial]\nmeasure = \"2s\"\n[sysctls]\n\"net.core.rmem_max\" = 5\n",
    );
    let piece = prop_oneof![
        "[\\[\\]{}=,.\"'#\n é-]",
        "[0-9x+]{1,12}",
        Just(String::new()),
        any::<String>()
    ];
    let damage = (any::<prop::sample::Index>(), 0..6_usize, piece);
    prop::collection::vec(damage, 0..4).prop_map(|damages| {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (at, length, piece) in damages {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

/// What a flag says: nothing, something that it may say, or whatever comes.
fn said(sound: &'static str) -> impl Strategy<Value = Option<String>> {
    let any = "[0-9a-z.,x +\"é-]{0,8}".prop_map(Some);
    prop_oneof![Just(None), Just(Some(sound.to_owned())), any]
}

/// Some are read, and some refused: else what is held of these would be held of none.
#[test]
fn whatever_is_in_a_file_it_is_read_or_refused() {
    let (read, refused) = (cell::Cell::new(0), cell::Cell::new(0));
    let case = (damaged_scenario(), said("4..16 x2"), said("500ms"));
    let held = TestRunner::default().run(&case, |(text, containers, measure)| {
        let flags = [("containers", &containers), ("measure", &measure)].into_iter();
        let flags = flags.filter_map(|(name, text)| Some((name, text.as_deref()?)));
        let overrides = given(&flags.collect::<Vec<_>>());
        if let Err(error) = Scenario::parse(&text, "test") {
            refused.set(refused.get() + 1);
            prop_assert!(error.to_string().contains("test.toml"), "{}", error);
        }
        let edited = Source::new("test.toml", text).with(&overrides.settings());
        if let Ok(scenario) = edited.and_then(|source| believe(&source, "test")) {
            read.set(read.get() + 1);
            prop_assert_eq!(&Scenario::parse(&scenario.text, "test").unwrap(), &scenario);
        }
        Ok(())
    });
    held.unwrap_or_else(|error| panic!("{error}"));
    let (read, refused) = (read.get(), refused.get());
    assert!(
        read > 10 && refused > 10,
        "{read} were read, {refused} refused"
    );
}
