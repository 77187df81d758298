//! The guard on a folder that stands for `/proc/sys`.

use super::*;
use crate::host::alone;
use crate::host::privilege::in_own_user_namespace;

const PID_MAX: &str = "kernel.pid_max";
const TCP_MEM: &str = "net.ipv4.tcp_mem";

struct Machine {
    root: tempfile::TempDir,
    place: Place,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let place = Place {
            sysctls: root.path().join("sys"),
            journals: root.path().join("run/kilonet"),
        };
        let machine = Self { root, place };
        machine.put(PID_MAX, "32768\n");
        machine.put(TCP_MEM, "287898\t383867\t575796\n");
        machine
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.path().join("sys").join(name.replace('.', "/"))
    }

    fn put(&self, name: &str, value: &str) {
        let file = self.file(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, value).unwrap();
    }

    fn value(&self, name: &str) -> String {
        columns(&fs::read_to_string(self.file(name)).unwrap())
    }

    fn raise(&self, wanted: &[(&str, &str)]) -> Result<Guard> {
        let wanted = wanted
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Guard::raise_in(self.place.clone(), &wanted.collect())
    }

    fn journals(&self) -> usize {
        fs::read_dir(&self.place.journals).map_or(0, Iterator::count)
    }
}

#[test]
fn raised_values_are_put_back_on_drop_and_the_journal_goes() {
    let machine = Machine::new();
    let guard = machine
        .raise(&[(PID_MAX, "4194304"), (TCP_MEM, "1 2 3")])
        .unwrap();
    assert_eq!(
        (machine.value(PID_MAX), machine.value(TCP_MEM)),
        ("4194304".into(), "1 2 3".into())
    );
    assert_eq!(machine.journals(), 1);
    drop(guard);
    assert_eq!(
        (machine.value(PID_MAX), machine.value(TCP_MEM)),
        ("32768".into(), "287898 383867 575796".into())
    );
    assert_eq!(machine.journals(), 0);
}

#[test]
fn when_one_cannot_be_set_those_before_it_are_put_back() {
    let machine = Machine::new();
    // A file that not even root can write, where the last of the two stands.
    fs::remove_file(machine.file(TCP_MEM)).unwrap();
    std::os::unix::fs::symlink("/proc/version", machine.file(TCP_MEM)).unwrap();
    let error = machine
        .raise(&[(PID_MAX, "4194304"), (TCP_MEM, "1 2 3")])
        .unwrap_err();
    assert_eq!(error.to_string(), "set sysctl net.ipv4.tcp_mem to `1 2 3`");
    assert_eq!(machine.value(PID_MAX), "32768");
    assert_eq!(machine.journals(), 0);
}

#[test]
fn a_value_that_somebody_else_changed_is_left_alone_and_reported() {
    let machine = Machine::new();
    let guard = machine.raise(&[(PID_MAX, "4194304")]).unwrap();
    machine.put(PID_MAX, "65536\n");
    let sentences = guard.restore();
    assert_eq!(machine.value(PID_MAX), "65536");
    assert_eq!(
        sentences,
        [
            "sysctl kernel.pid_max was left at `65536`: it was raised from `32768` to `4194304`, and changed since"
        ]
    );
    assert_eq!(machine.journals(), 0);
}

#[test]
fn what_a_crash_left_is_put_back_by_the_next_start() {
    let machine = Machine::new();
    let pid = alone::start(|| {
        std::mem::forget(
            machine
                .raise(&[(PID_MAX, "4194304"), (TCP_MEM, "1 2 3")])
                .unwrap(),
        );
    });
    assert_eq!(alone::exit_code(pid), 0);
    assert_eq!(
        machine.value(PID_MAX),
        "4194304",
        "the crash left it raised"
    );
    let refused = restore_leftovers_in(&machine.place, false);
    assert_eq!(
        refused.errors[0].hint(),
        Some("run kilonet clean as root".to_owned())
    );
    assert_eq!(machine.value(PID_MAX), "4194304");
    let swept = restore_leftovers_in(&machine.place, true);
    assert_eq!(swept.restored, 2);
    assert_eq!(
        swept.notes,
        [format!(
            "a run that ended early (process {pid}) had raised kernel.pid_max, net.ipv4.tcp_mem"
        )]
    );
    assert_eq!(
        (machine.value(PID_MAX), machine.value(TCP_MEM)),
        ("32768".into(), "287898 383867 575796".into())
    );
    assert_eq!(machine.journals(), 0);
}

#[test]
fn a_crash_before_the_first_value_was_set_leaves_nothing_to_report_but_itself() {
    let machine = Machine::new();
    let pid = alone::start(|| {
        let entry = machine.place.entry(PID_MAX, "4194304").unwrap();
        let journal = Journal::of_self(vec![entry]).unwrap();
        Folder::open(&machine.place.journals)
            .unwrap()
            .write(&journal)
            .unwrap();
    });
    assert_eq!(alone::exit_code(pid), 0);
    let swept = restore_leftovers_in(&machine.place, true);
    assert_eq!(
        (swept.restored, swept.notes.len(), swept.errors.len()),
        (0, 1, 0)
    );
    assert_eq!(machine.value(PID_MAX), "32768");
}

#[test]
fn a_journal_that_cannot_be_read_keeps_no_other_from_being_restored() {
    let machine = Machine::new();
    let pid = alone::start(|| {
        std::mem::forget(machine.raise(&[(PID_MAX, "4194304")]).unwrap());
    });
    assert_eq!(alone::exit_code(pid), 0);
    let write = |name: &str| fs::write(machine.place.journals.join(name), "{").unwrap();
    write("sysctl-1-1.json");
    write("sysctl-2-2.new");
    let swept = restore_leftovers_in(&machine.place, true);
    assert_eq!(swept.restored, 1);
    assert_eq!(machine.value(PID_MAX), "32768");
    let [error] = &swept.errors[..] else {
        panic!("{swept:?}")
    };
    assert!(error.sentence().contains("sysctl-1-1.json"), "{error}");
    assert_eq!(
        machine.journals(),
        1,
        "what cannot be read stays, and nothing else"
    );
}

#[test]
fn what_goes_by_the_name_of_a_journal_and_is_no_file_is_not_read() {
    let machine = Machine::new();
    fs::create_dir_all(&machine.place.journals).unwrap();
    let at = |name: &str| machine.place.journals.join(name);
    nix::unistd::mkfifo(&at("sysctl-1-1.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("sysctl-2-2.json")).unwrap();
    let large = fs::File::create(at("sysctl-3-3.json")).unwrap();
    large.set_len(1 << 40).unwrap();
    let swept = restore_leftovers_in(&machine.place, true);
    let sentences: Vec<_> = swept.errors.iter().map(Error::sentence).collect();
    let expected = [
        "it is a named pipe",
        "it is a device",
        "kilonet reads at most 1 MiB",
    ];
    assert_eq!(sentences.len(), expected.len(), "{sentences:?}");
    for ((sentence, expected), error) in sentences.iter().zip(expected).zip(&swept.errors) {
        assert!(sentence.contains(expected), "{sentence}");
        assert_eq!(error.remedy(), Some(&Remedy::RemoveStranger));
    }
}

#[test]
fn a_live_run_is_left_alone_and_nobody_else_may_raise_the_same() {
    let machine = Machine::new();
    let guard = machine.raise(&[(PID_MAX, "4194304")]).unwrap();
    let swept = restore_leftovers_in(&machine.place, true);
    assert!(swept.notes.is_empty() && swept.errors.is_empty());
    assert_eq!(machine.value(PID_MAX), "4194304");
    let error = machine.raise(&[(PID_MAX, "99999")]).unwrap_err();
    assert!(error.to_string().contains("is still running"), "{error}");
    drop(guard);
    assert_eq!(machine.value(PID_MAX), "32768");
}

#[test]
fn a_pid_used_again_is_not_taken_for_the_process_that_died() {
    let machine = Machine::new();
    let entry = machine.place.entry(PID_MAX, "4194304").unwrap();
    let mut journal = Journal::of_self(vec![entry]).unwrap();
    journal.started -= 1;
    Folder::open(&machine.place.journals)
        .unwrap()
        .write(&journal)
        .unwrap();
    assert_eq!(
        Folder::open(&machine.place.journals)
            .unwrap()
            .dead()
            .unwrap()
            .0,
        [journal]
    );
}

#[test]
fn names_cannot_leave_the_sysctls() {
    let machine = Machine::new();
    for name in [
        "",
        "kernel",
        "..",
        "../etc.passwd",
        "/etc/passwd",
        "kernel..pid_max",
        "net/../../etc",
    ] {
        let error = machine.raise(&[(name, "1")]).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{name}: {error}");
    }
    assert_eq!(machine.journals(), 0);
}

#[test]
fn a_dot_in_an_interface_name_is_written_as_sysctl_does() {
    let place = Machine::new().place;
    let path = |name| {
        place
            .path(name)
            .unwrap()
            .strip_prefix(&place.sysctls)
            .unwrap()
            .to_path_buf()
    };
    let expected = Path::new("net/ipv4/conf/eth0.100/forwarding");
    assert_eq!(path("net.ipv4.conf.eth0/100.forwarding"), expected);
    assert_eq!(path("net/ipv4/conf/eth0.100/forwarding"), expected);
}

#[test]
fn without_real_root_the_refusal_names_the_sysctls() {
    let pid = alone::start(|| {
        if geteuid().is_root() && !in_own_user_namespace() {
            nix::unistd::setuid(65_534.into()).unwrap();
        }
        let error =
            Guard::raise(&BTreeMap::from([(PID_MAX.to_owned(), "1".to_owned())])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "raise sysctls kernel.pid_max: they belong to the initial namespace, which takes real root"
        );
    });
    assert_eq!(alone::exit_code(pid), 0);
}
