//! Standard output that is full, closed or has no reader; standard error likewise.

use std::fs::File;
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{TINY, binary, crate_dir, kernel_allows, kilonet, plainly, records, said};
use crate::verbs::lines;

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// `kilonet`, started by a shell that closes one of its descriptors.
fn with_closed(redirection: &str, arguments: &[String]) -> Command {
    let mut command = plainly("sh");
    let script = format!("exec \"$0\" \"$@\" {redirection}");
    command.args(["-c", &script]).arg(binary()).args(arguments);
    command.current_dir(crate_dir());
    command
}

/// What each line comes to with standard output made so: its exit code, and what it complains of.
fn walk(output: &str, command: impl Fn(&[String]) -> Command, errno: &str) {
    let out = tempfile::tempdir().unwrap();
    let kernel = kernel_allows();
    for line in lines(out.path()) {
        if line.runs && !kernel {
            continue;
        }
        let ended = command(&line.arguments).output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        let told = format!("{output}: {:?}: {:?}: {err}", line.arguments, ended.status);
        assert!(!err.contains("panicked"), "{told}");
        if line.prints {
            assert_eq!(ended.status.code(), Some(line.unwritable), "{told}");
            let act = format!("error: write standard output: {errno}");
            assert!(err.contains(&act), "{told}");
            assert!(err.contains("\nhint: "), "{told}");
        } else {
            assert_eq!(ended.status.code(), Some(0), "{told}");
        }
    }
}

#[test]
fn a_full_output_is_an_error_of_every_verb() {
    walk(
        "full",
        |arguments| {
            let mut command = kilonet(arguments);
            command.stdout(full());
            command
        },
        "No space left on device",
    );
}

#[test]
fn a_closed_output_is_an_error_of_every_verb() {
    walk(
        "closed",
        |arguments| with_closed(">&-", arguments),
        "Bad file descriptor",
    );
}

#[test]
fn an_output_that_cannot_be_written_to_is_an_error_and_dev_null_is_none() {
    let read_only = said(kilonet(["schema"]).stdout(File::open("/dev/null").unwrap()));
    assert_eq!(read_only.code, Some(1), "{read_only:?}");
    assert!(
        read_only.err.contains("Bad file descriptor"),
        "{read_only:?}"
    );
    for null in [
        File::options().write(true).open("/dev/null").unwrap(),
        // As Python's DEVNULL, and as what Rust opens in the place of a closed output.
        File::options()
            .read(true)
            .write(true)
            .open("/dev/null")
            .unwrap(),
    ] {
        let schema = said(kilonet(["schema"]).stdout(null));
        assert_eq!((schema.code, schema.err.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_reader_that_has_seen_enough_changes_nothing() {
    let out = tempfile::tempdir().unwrap();
    let kernel = kernel_allows();
    for line in lines(out.path()) {
        if line.runs && !kernel {
            continue;
        }
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ended = kilonet(&line.arguments).stdout(writer).output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{:?}: {err}", line.arguments);
        assert!(
            !err.contains("error") && !err.contains("panicked"),
            "{:?}: {err}",
            line.arguments
        );
    }
}

#[test]
fn a_standard_error_that_cannot_be_written_to_changes_nothing() {
    let out = tempfile::tempdir().unwrap();
    let kernel = kernel_allows();
    let mistakes = [
        (vec!["report".to_owned(), "nowhere".to_owned()], 1),
        (vec!["plan".to_owned(), "nowhere.toml".to_owned()], 2),
        (vec!["--nonsense".to_owned()], 2),
    ];
    let right = lines(out.path()).into_iter();
    let right = right.filter(|line| kernel || !line.runs);
    for (arguments, usual) in right.map(|line| (line.arguments, 0)).chain(mistakes) {
        let unheard = kilonet(&arguments).stderr(full()).output().unwrap();
        assert_eq!(unheard.status.code(), Some(usual), "{arguments:?}: full");
        let closed = with_closed("2>&-", &arguments).output().unwrap();
        assert_eq!(closed.status.code(), Some(usual), "{arguments:?}: closed");
    }
}

/// What was measured is there, and where it is has been said.
#[test]
fn a_run_whose_report_goes_nowhere_keeps_its_records_and_says_where() {
    if !kernel_allows() {
        return;
    }
    let sweep = |out: &Path| {
        let mut arguments: Vec<_> = ["sweep", "--out"].map(str::to_owned).to_vec();
        arguments.push(out.to_str().unwrap().to_owned());
        arguments.extend(TINY.iter().map(|word| (*word).to_owned()));
        arguments
    };
    for way in ["full", "closed"] {
        let out = tempfile::tempdir().unwrap();
        let mut command = if way == "full" {
            let mut command = kilonet(sweep(out.path()));
            command.stdout(full());
            command
        } else {
            with_closed(">&-", &sweep(out.path()))
        };
        let run = command.stdin(Stdio::null()).output().unwrap();
        let err = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(1), "{way}: {err}");
        let folder: PathBuf = std::fs::read_dir(out.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let hint = format!("hint: the records are kept in {}", folder.display());
        assert!(err.contains(&hint), "{way}: {err}");
        assert!(
            records(&folder).iter().all(|it| it["status"] == "ok"),
            "{way}"
        );
        assert!(folder.join("report.html").exists(), "{way}");
    }
}
