//! A lab to walk about in: what a command sees inside a container, what it passes on, and that nothing stays behind however
//! the lab ends. Needs root or a user namespace.

mod harness;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::{binary, for_nobody, is_real_root, kernel_allows, kilonet, plainly, said};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// A lab of four bridged containers, with this script in the place of its shell. There, `$KILONET` is the binary under test.
fn lab(script: &str) -> Command {
    let flags = ["lab", "--topology", "bridge", "--containers", "4", "--"];
    let mut command = kilonet(flags);
    command
        .args(["bash", "-c", script])
        .env("KILONET", binary());
    command
}

/// The addresses of `eth0` in what `ip -j addr` says.
fn addresses(said: &str) -> Vec<String> {
    let links: Vec<Value> = serde_json::from_str(said).expect("a list of links");
    let eth0 = links.iter().find(|link| link["ifname"] == "eth0");
    let assigned = eth0.expect("an eth0")["addr_info"].as_array().unwrap();
    let local = |one: &Value| one["local"].as_str().unwrap().to_owned();
    assigned.iter().map(local).collect()
}

#[test]
fn a_command_in_a_container_sees_its_network_and_its_devices() {
    if !kernel_allows() {
        return;
    }
    for container in 0..4 {
        let inside = said(&mut lab(&format!(
            "\"$KILONET\" exec {container} -- ip -j addr"
        )));
        assert_eq!(inside.code, Some(0), "{inside:?}");
        let (v4, v6) = (
            format!("10.0.0.{}", container + 2),
            format!("fd6b:696c::{}", container + 2),
        );
        assert_eq!(addresses(&inside.out), [v4, v6]);
    }
    let devices = said(&mut lab(
        "\"$KILONET\" exec 0 ls /sys/class/net; \"$KILONET\" exec host0 -- ls /sys/class/net; ls /sys/class/net",
    ));
    let outside = said(plainly("ls").arg("/sys/class/net")).out;
    let expected = format!("eth0\nlo\nbr0\nlo\nv00000\nv00001\nv00002\nv00003\n{outside}");
    assert_eq!(devices.out, expected, "{devices:?}");
}

#[test]
fn containers_reach_each_other() {
    if !kernel_allows() {
        return;
    }
    let script = r#"
coproc SERVER { "$KILONET" exec 0 -- perl -MIO::Socket::INET -e '
    $| = 1;
    $socket = IO::Socket::INET->new(LocalAddr => "10.0.0.2", LocalPort => 7, Listen => 1) or die $!;
    print "ready\n";
    $client = $socket->accept;
    print $client->peerhost, " says ", scalar <$client>'; }
exec 4<&"${SERVER[0]}"
read -ru 4
"$KILONET" exec 3 -- bash -c 'echo hello > /dev/tcp/10.0.0.2/7'
cat <&4"#;
    let talk = said(&mut lab(script));
    assert_eq!(
        (talk.code, talk.out.as_str()),
        (Some(0), "10.0.0.5 says hello\n"),
        "{talk:?}"
    );
}

#[test]
fn exit_codes_and_signals_are_the_commands_own() {
    if !kernel_allows() {
        return;
    }
    let script = r#"
"$KILONET" exec 0 -- sh -c 'exit 9'; echo $?
"$KILONET" exec 0 -- sh -c 'kill -TERM $$'; echo $?
coproc LISTENER { exec "$KILONET" exec 1 -- bash -c 'trap "echo heard; exit 3" USR1; echo ready; read forever'; }
listener=$LISTENER_PID
exec 4<&"${LISTENER[0]}" 5>&"${LISTENER[1]}"
read -ru 4
kill -USR1 $listener
cat <&4
wait $listener; echo $?
exit 7"#;
    let run = said(&mut lab(script));
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(7), "9\n143\nheard\n3\n"),
        "{run:?}"
    );
}

#[test]
fn an_interrupt_is_for_those_inside_and_the_lab_stays() {
    if !kernel_allows() {
        return;
    }
    let script =
        "trap 'echo caught' INT; kill -INT 0; \"$KILONET\" exec 0 -- echo still here; exit 5";
    // As a terminal does it: to the whole foreground, which is this group.
    let run = said(lab(script).process_group(0));
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(5), "caught\nstill here\n"),
        "{run:?}"
    );
}

#[test]
fn the_terminal_is_still_there_inside() {
    if !kernel_allows() {
        return;
    }
    let inner = "\"$KILONET\" lab --containers 2 -- \"$KILONET\" exec 0 -- tty";
    let mut command = plainly("script");
    command.args(["--quiet", "--return", "--command", inner, "/dev/null"]);
    let run = said(command.env("KILONET", binary()).stdin(Stdio::null()));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("/dev/pts/"), "{run:?}");
}

#[test]
fn rooms_that_are_not_there_are_refused_with_those_that_are() {
    if !kernel_allows() {
        return;
    }
    let run = said(&mut lab(
        "\"$KILONET\" exec 4 -- true; \"$KILONET\" exec host1 -- true",
    ));
    assert_eq!(run.code, Some(1), "{run:?}");
    for words in [
        "error: enter container 4 of the lab: there is none\nhint: containers are 0 to 3, and there is host0\n",
        "error: enter host 1 of the lab: there is none\n",
    ] {
        assert!(run.err.contains(words), "{run:?}");
    }
}

/// kilonet raises its own limit of open files, and the shell is the user's.
#[test]
fn a_shell_has_the_limits_that_the_user_had() {
    if !kernel_allows() {
        return;
    }
    let mut command = plainly("bash");
    command.args([
        "-c",
        "ulimit -Sn 300; exec \"$0\" lab --containers 2 -- bash -c 'ulimit -Sn; ulimit -Hn'",
    ]);
    let shell = said(command.arg(binary()));
    let hard = said(plainly("bash").args(["-c", "ulimit -Hn"])).out;
    assert_eq!(shell.out, format!("300\n{hard}"), "{shell:?}");
}

#[test]
fn a_lab_that_has_ended_is_refused_as_such() {
    if !kernel_allows() {
        return;
    }
    let place = said(&mut lab("echo -n \"$KILONET_LAB\""));
    assert!(place.out.starts_with("/proc/"), "{place:?}");
    let run = said(kilonet(["exec", "0", "true"]).env("KILONET_LAB", place.out));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.err
            .starts_with("error: enter a lab: the lab of this shell has ended"),
        "{run:?}"
    );
}

#[test]
fn a_cell_is_raised_by_its_id_and_else_the_first_and_that_is_said() {
    if !kernel_allows() {
        return;
    }
    let raised = |cell: &[&str]| {
        let flags = ["lab", "scenarios/quickstart.toml"];
        let run = said(kilonet(flags).args(cell).args(["--", "true"]));
        assert_eq!(run.code, Some(0), "{run:?}");
        run.err
    };
    let first = raised(&[]);
    assert!(first.starts_with("the first of "), "{first}");
    assert!(
        first.contains("\nloopback-ipv4-none-c2: containers 2, pairs 1"),
        "{first}"
    );
    for id in ["veth-ipv4-none-c8", "veth-ipv4-none-c8-r2"] {
        let err = raised(&["--cell", id]);
        assert!(
            err.starts_with("veth-ipv4-none-c8: containers 8, pairs 4"),
            "{err}"
        );
    }
}

#[test]
fn an_ordinary_user_walks_about_in_a_user_namespace() {
    if !kernel_allows() || !is_real_root() {
        return;
    }
    let home = for_nobody();
    let mut command = plainly("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.args(["./kilonet", "lab", "--containers", "2", "--", "sh", "-c"]);
    let run = said(
        command
            .arg("./kilonet exec 1 -- ip -j addr")
            .current_dir(home.path()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(addresses(&run.out), ["10.0.0.3", "fd6b:696c::3"]);
}

/// Two that stay in namespaces of the lab, one of them out of the shell's reach, and a third that does not hear SIGHUP.
const SETTLERS: &str = r#"
"$KILONET" exec 0 -- sleep infinity &
(setsid "$KILONET" exec 1 -- sleep infinity &)
"$KILONET" exec 2 -- bash -c 'trap "" HUP TERM; sleep infinity' &
for container in 0 1 2; do "$KILONET" exec $container -- readlink /proc/self/ns/net; done
"$KILONET" exec host0 -- readlink /proc/self/ns/net
echo $PPID
read go
"#;

/// A lab with its settlers in it.
struct Settled {
    lab: Child,
    /// What they all hold the other end of.
    out: BufReader<std::process::ChildStdout>,
    namespaces: BTreeSet<String>,
    /// Held here too, or the kernel might give their numbers to others while it is looked who holds them.
    held: Vec<File>,
    keeper: Pid,
}

impl Settled {
    fn start(then: &str) -> Self {
        let mut command = lab(&format!("{SETTLERS}{then}"));
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut lab = command.spawn().unwrap();
        let mut out = BufReader::new(lab.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            line.trim().to_owned()
        };
        let namespaces: BTreeSet<String> = (0..4).map(|_| line()).collect();
        let keeper = Pid::from_raw(line().parse().unwrap());
        assert_eq!(namespaces.len(), 4, "each its own: {namespaces:?}");
        let held = holders(&namespaces)
            .iter()
            .map(File::open)
            .collect::<Result<_, _>>();
        let held = held.unwrap();
        // Not before: the shell may be about to end, and its settlers with it.
        lab.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
        Self {
            lab,
            out,
            namespaces,
            held,
            keeper,
        }
    }

    /// Waits until nobody is left who came of the lab, and looks for what holds its namespaces.
    fn assert_gone(mut self) -> Option<i32> {
        let code = self.lab.wait().unwrap().code();
        let mut rest = Vec::new();
        self.out.read_to_end(&mut rest).unwrap();
        assert_eq!(holders(&self.namespaces), [""; 0]);
        drop(self.held);
        code
    }
}

/// Processes and descriptors that hold one of these namespaces, by the links of `/proc`; but for those of this process.
fn holders(namespaces: &BTreeSet<String>) -> Vec<String> {
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut links = Vec::new();
    let own = std::process::id();
    let processes = entries(Path::new("/proc")).filter(|entry| {
        let number = entry.file_name().to_string_lossy().parse::<u32>();
        number.is_ok_and(|number| number != own)
    });
    for process in processes {
        links.push(process.path().join("ns/net"));
        links.extend(entries(&process.path().join("fd")).map(|entry| entry.path()));
    }
    let held = |link: &std::path::PathBuf| {
        let target = fs::read_link(link).unwrap_or_default();
        namespaces.contains(&target.to_string_lossy().into_owned())
    };
    let held = links.into_iter().filter(held);
    held.map(|link| link.display().to_string()).collect()
}

#[test]
fn who_stays_in_a_namespace_holds_it_and_is_seen_to() {
    if !kernel_allows() {
        return;
    }
    let settled = Settled::start("read forever < <(sleep infinity)");
    let seen = holders(&settled.namespaces).into_iter();
    let inside = seen.filter(|link| link.ends_with("ns/net")).count();
    // The second command of the third settler's is inside too.
    assert!(inside >= 3, "{inside} were seen inside");
    kill(settled.keeper, Signal::SIGTERM).unwrap();
    assert_eq!(settled.assert_gone(), Some(143));
}

#[test]
fn the_end_of_the_shell_is_the_end_of_all_that_came_of_it() {
    if kernel_allows() {
        assert_eq!(Settled::start("exit 6").assert_gone(), Some(6));
    }
}

#[test]
fn killed_or_told_to_end_a_lab_leaves_nobody_and_nothing() {
    if !kernel_allows() {
        return;
    }
    for (signal, code) in [
        (Signal::SIGTERM, Some(143)),
        (Signal::SIGHUP, Some(143)),
        (Signal::SIGKILL, None),
    ] {
        let settled = Settled::start("wait");
        kill(Pid::from_raw(settled.lab.id().cast_signed()), signal).unwrap();
        assert_eq!(settled.assert_gone(), code, "{signal}");
    }
}

#[test]
fn a_keeper_that_is_killed_is_stood_in_for() {
    if kernel_allows() {
        let settled = Settled::start("wait");
        kill(settled.keeper, Signal::SIGKILL).unwrap();
        assert_eq!(settled.assert_gone(), Some(1));
    }
}
