//! What is said where there is no engine, or none that can be used.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::daemon::{Daemon, allowed};
use crate::harness::{Said, binary, kilonet, said};

/// `kilonet clean`, which asks for nothing but an engine.
fn clean(host: &str) -> Said {
    said(kilonet(["clean"]).env("DOCKER_HOST", host))
}

#[test]
fn an_absent_engine_is_said_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sock");
    let host = format!("unix://{}", socket.display());

    let absent = clean(&host);
    assert_eq!(absent.code, Some(1), "{absent:?}");
    assert!(absent.err.contains("reach the engine"), "{absent:?}");
    assert!(absent.err.contains("there is no socket"), "{absent:?}");
    assert!(absent.err.contains("hint: start the engine"), "{absent:?}");

    drop(UnixListener::bind(&socket).unwrap());
    let deaf = clean(&host);
    assert_eq!(deaf.code, Some(1), "{deaf:?}");
    assert!(deaf.err.contains("Connection refused"), "{deaf:?}");
    assert!(deaf.err.contains("hint: start the engine"), "{deaf:?}");
}

#[test]
fn an_engine_that_is_not_behind_a_socket_is_refused() {
    let far = clean("tcp://127.0.0.1:2375");
    assert_eq!(far.code, Some(1), "{far:?}");
    assert!(far.err.contains("set DOCKER_HOST to a socket"), "{far:?}");
}

/// Answers every request as an engine of long ago.
fn ancient(listener: &UnixListener) {
    let body = r#"{"Version":"1.10.3","ApiVersion":"1.22"}"#;
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let request = BufReader::new(stream.try_clone().unwrap()).lines();
        request.map_while(Result::ok).find(String::is_empty);
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

#[test]
fn an_engine_that_is_too_old_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || ancient(&listener));
    let old = clean(&format!("unix://{}", socket.display()));
    assert_eq!(old.code, Some(1), "{old:?}");
    assert!(old.err.contains("it speaks API 1.22"), "{old:?}");
    assert!(old.err.contains("hint: install an engine"), "{old:?}");
}

#[test]
fn a_socket_of_somebody_else_s_is_said_with_the_remedy() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    // The way there is open; the socket itself belongs to root.
    let open = "chmod 755 \"$0\"/.. && exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$1\" clean";
    let lent = tempfile::tempdir().unwrap();
    let program = lent.path().join("kilonet");
    std::fs::copy(binary(), &program).unwrap();
    let mode = Command::new("chmod")
        .arg("755")
        .arg(lent.path())
        .arg(&program)
        .status();
    assert!(mode.unwrap().success());
    let mut command = crate::plainly("sh");
    command
        .args(["-c", open])
        .arg(daemon.results())
        .arg(&program);
    std::fs::create_dir_all(daemon.results()).unwrap();
    let refused = said(command.env("DOCKER_HOST", daemon.host()));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("Permission denied"), "{refused:?}");
    assert!(refused.err.contains("hint: run as root"), "{refused:?}");
}

#[test]
fn an_image_that_the_engine_has_no_room_for_is_a_failed_record_with_the_remedy() {
    if !allowed() {
        return;
    }
    // Enough for the engine itself; the smallest image has the C library and ourselves in it.
    let daemon = Daemon::cramped(4);
    let run = daemon.sweep(&["--topology", "bridge", "--containers", "2"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let records = crate::harness::records(&run.folder());
    let error = &crate::real(&records).next().unwrap()["error"];
    assert_eq!(error["act"], "import", "{error}");
    let object = error["object"].as_str().unwrap();
    assert!(object.starts_with("image kilonet:"), "{error}");
    let reason = error["reason"].as_str().unwrap();
    assert!(reason.contains("no space left on device"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("full"), "{error}");
    assert_eq!(daemon.ours(), [""; 0]);
    assert_eq!(daemon.docker(&["images", "--quiet", "--all"]), "");
}

#[test]
fn ipv6_on_an_engine_without_it_is_a_failed_record_with_the_remedy() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let run = daemon.sweep(&[
        "--topology",
        "bridge",
        "--family",
        "ipv6",
        "--containers",
        "2",
    ]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let records = crate::harness::records(&run.folder());
    let record = crate::real(&records).next().unwrap();
    assert_eq!(record["status"], "failed");
    let hint = record["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--ipv6"), "{hint}");
    assert_eq!(daemon.ours(), [""; 0]);
}
