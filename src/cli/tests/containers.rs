//! Engines, containers that exist, and labs that are entered. An engine is a socket that answers in its place.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;

use super::{Case, How, in_a_copy, raised, real, refused, told};
use crate::cli::exec::roster;
use crate::error::{Error, Remedy};
use crate::lab::docker::{Engine, Image, Owner, refusals_of_what_an_engine_left_out};
use crate::lab::existing::Existing;
use crate::lab::netns::Namespace;
use crate::lab::roster::{Posted, Room, Roster};
use crate::scenario::Family;
use crate::traffic::agent::{Cradle, Nursery};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![gone(), image(), family(), rooms(), killed(), command()];
    cases.extend(engines());
    cases.extend(left_out());
    cases.extend(names());
    cases.extend(labs());
    cases.extend(processes());
    cases
}

/// An engine that does with each connection as it is told.
fn engine(answer: fn(UnixStream)) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sock");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        listener.incoming().flatten().for_each(answer);
    });
    (folder, format!("unix://{}", socket.display()))
}

/// Answers a request that is read to its end, and says what it began with.
fn answer(stream: &UnixStream, reply: impl FnOnce(&str) -> (u16, String)) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
    let length = head.to_lowercase();
    let length = length.split("content-length: ").nth(1).map(|it| {
        let digits: String = it.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap()
    });
    std::io::copy(&mut reader.take(length.unwrap_or(0)), &mut std::io::sink()).unwrap();
    let (status, body) = reply(&head);
    let reply = format!(
        "HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = (&mut &*stream).write_all(reply.as_bytes());
}

fn version(api: &str) -> (u16, String) {
    let body = format!("{{\"Version\":\"1\",\"ApiVersion\":\"{api}\"}}");
    (200, body)
}

/// One that keeps its calls and answers none, and one whose answer has no end.
pub(super) fn silent() -> [Case; 2] {
    let (_silent, silent) = engine(|stream| {
        thread::spawn(move || std::io::copy(&mut &stream, &mut std::io::sink()));
    });
    let (_slow, slow) = engine(|mut stream| {
        let head =
            b"HTTP/1.1 200 .\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{";
        thread::spawn(move || {
            let _ = stream.read(&mut [0; 4096]);
            stream.write_all(head).unwrap();
            std::io::copy(&mut &stream, &mut std::io::sink())
        });
    });
    let waited_for = |host: String| {
        let error = Engine::connect_to(&host).unwrap_err();
        let expected = format!("reach the engine at {host}: it did not answer within 5 s");
        assert_eq!(error.sentence(), expected);
        real(Remedy::EngineSilent, &error)
    };
    thread::scope(|scope| {
        [silent, slow]
            .map(|host| scope.spawn(|| waited_for(host)))
            .map(|waiting| waiting.join().unwrap())
    })
}

fn engines() -> [Case; 3] {
    let (_old, old) = engine(|stream| answer(&stream, |_| version("1.22")));
    let reached = |host: &str| Engine::connect_to(host).unwrap_err();
    [
        real(Remedy::StartEngine, &reached("unix:///nowhere/sock")),
        real(Remedy::EngineSocket, &reached("tcp://127.0.0.1:2375")),
        real(Remedy::NewerEngine, &reached(&old)),
    ]
}

/// One that closes the connection with something unread in it.
fn gone() -> Case {
    let (_folder, host) = engine(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    real(Remedy::EngineGone, &Engine::connect_to(&host).unwrap_err())
}

fn image() -> Case {
    let (_folder, host) = engine(|stream| {
        answer(&stream, |head| {
            if head.starts_with("POST") {
                (500, "{\"message\":\"no space left on device\"}".to_owned())
            } else {
                version("1.41")
            }
        });
    });
    let engine = Engine::connect_to(&host).unwrap();
    let error = Image::import(&engine, &Owner::this().unwrap()).unwrap_err();
    real(Remedy::RoomForImage, &error)
}

fn left_out() -> [Case; 2] {
    let [port, address] = refusals_of_what_an_engine_left_out();
    [
        real(Remedy::EnginePorts, &port),
        real(Remedy::EngineAddresses, &address),
    ]
}

fn names() -> [Case; 2] {
    let cell = [
        "lab",
        "--testbed",
        "docker",
        "--topology",
        "bridge",
        "--containers",
        "2",
    ];
    [
        real(
            Remedy::NameWhatRuns,
            &Existing::find("/etc/hostname").unwrap_err(),
        ),
        real(Remedy::DockerExec, &refused(&cell)),
    ]
}

fn family() -> Case {
    let axes = "topology = \"veth\"\ncontainers = 2\n[lab]\nstack = \"single\"";
    let lab = raised(axes).unwrap();
    let [one, other] = [0, 1].map(|container| {
        let (namespace, _) = lab.seat(container);
        Existing::find(&format!("/proc/self/fd/{}", namespace.as_raw_fd())).unwrap()
    });
    let error = Existing::spots(&one, &other, Family::Ipv6).unwrap_err();
    real(Remedy::OtherFamily, &error)
}

fn rooms() -> Case {
    let lab = raised("topology = \"bridge\"\ncontainers = 2").unwrap();
    let posted = Posted::of(&lab).unwrap();
    let roster = Roster::find(&posted.place()).unwrap();
    let error = roster.open(Room::Container(2)).unwrap_err();
    let rooms = "containers are 0 to 1, and there is host0".to_owned();
    real(Remedy::Rooms(rooms), &error)
}

/// A lab's command, once all that is in its way is done.
fn command() -> Case {
    let said = in_a_copy(|| {
        refused(&[
            "become",
            "--limits",
            "1024:1024,1024:1024",
            "--",
            "/nowhere/nosuch",
        ])
    });
    told(Remedy::NameProgram, said)
}

fn labs() -> [Case; 2] {
    [
        real(Remedy::StartLab, &roster(None).unwrap_err()),
        real(
            Remedy::StartAnotherLab,
            &roster(Some("/nowhere")).unwrap_err(),
        ),
    ]
}

/// A program that reads a little of what it is sent and ends is no nursery.
fn processes() -> [Case; 2] {
    let nursery = Nursery::run(Command::new("head").args(["-c", "1"])).unwrap();
    let namespace = Namespace::current().unwrap();
    let cradle = Cradle {
        namespace: std::os::fd::AsFd::as_fd(&namespace),
        doors: Vec::new(),
    };
    let unborn = nursery.bear(&[cradle], &|| Ok(())).unwrap_err();
    [
        real(Remedy::SeeWhyItEnded, &unborn),
        real(Remedy::SeeWhoKilledAll, &nursery.deaths().unwrap_err()),
    ]
}

/// A process of a lab is one of kilonet's own program, which this is not.
fn killed() -> Case {
    let test = "fn a_process_that_needs_more_memory_than_it_may_is_named_with_the_reason";
    assert!(include_str!("../../../tests/processes.rs").contains(test));
    let remedy = Remedy::SeeWhoKilled("1 of 2 processes were killed".to_owned());
    let error = Error::refused("hear", "it", "").with_remedy(remedy.clone());
    Case {
        hint: error.hint(),
        remedy,
        how: How::Seam("tests/processes.rs kills one"),
    }
}
