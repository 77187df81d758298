//! How veths take in what they are sent, read with `ip` and from a sysfs that the test mounts for itself.

use super::*;

/// A file below `class/net` of a namespace's own sysfs.
fn sysfs(namespace: &Namespace, file: &str) -> String {
    let script = format!("mount -t sysfs sysfs /sys && cat /sys/class/net/{file}");
    let descriptor = namespace.as_fd().as_raw_fd();
    let net = format!("--net=/proc/{}/fd/{descriptor}", std::process::id());
    let output = Command::new("nsenter")
        .args([&net, "unshare", "-m", "sh", "-ec", &script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// RPS of a veth's receive queue, without zeros in front.
fn rps(namespace: &Namespace, link: &str) -> String {
    let mask = sysfs(namespace, &format!("{link}/queues/rx-0/rps_cpus"));
    mask.replace(',', "").trim_start_matches('0').to_owned()
}

fn threaded(namespace: &Namespace, link: &str) -> String {
    sysfs(namespace, &format!("{link}/threaded"))
}

/// What the tests' own process has mounted.
fn mounts() -> String {
    fs::read_to_string("/proc/self/mounts").unwrap()
}

/// Whether the kernel lets nobody here spread what is received: it asks for the right in the machine's own user namespace.
fn is_in_a_user_namespace() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    map.split_whitespace().nth(2) != Some("4294967295")
}

#[test]
fn in_a_user_namespace_spreading_is_refused_with_a_remedy() {
    let Some(_alone) = kernel() else {
        return;
    };
    if !is_in_a_user_namespace() {
        return;
    }
    let before = (descriptors(), mounts());
    let axes = "topology = \"veth\"\ncontainers = 2\nrps = \"all\"";
    let error = Lab::setup(&cell(axes), &|| false).expect_err("only root may");
    assert_eq!(
        error.errno(),
        Some(Errno::EPERM as i32),
        "{}",
        error.sentence()
    );
    assert!(error.hint().unwrap().contains("run as root"));
    assert_eq!((descriptors(), mounts()), before);
}

#[test]
fn what_veths_receive_is_spread_over_the_cpus_that_were_asked_for() {
    let Some(_alone) = kernel() else {
        return;
    };
    if is_in_a_user_namespace() {
        return;
    }
    let online = fs::read_to_string("/sys/devices/system/cpu/online").unwrap();
    let before = mounts();
    for (asked, one, all) in [("0x1", "1", false), ("all", "", true), ("off", "", false)] {
        let axes = format!("topology = \"bridge\"\ncontainers = 2\nrps = \"{asked}\"");
        raise_check_and_remove(&axes, |lab| {
            let [near, far] = [
                rps(&lab.hosts[0], "v00000"),
                rps(&lab.containers[1], "eth0"),
            ];
            assert_eq!(near, far);
            if all {
                let bits = u128::from_str_radix(&near, 16).unwrap().count_ones();
                let cpus = std::thread::available_parallelism().unwrap().get();
                assert!(bits as usize >= cpus, "{near} of {online}");
            } else {
                assert_eq!(near, one, "{asked}");
            }
            assert_moves_bytes(lab, 0, 1);
        });
    }
    assert_eq!(mounts(), before);
}

#[test]
fn veths_are_polled_and_by_threads_of_their_own_where_that_was_asked_for() {
    let Some(_alone) = kernel() else {
        return;
    };
    for (napi, thread) in [("none", "0"), ("polled", "0"), ("threaded", "1")] {
        let axes = format!("topology = \"veth\"\ncontainers = 2\nnapi = \"{napi}\"");
        raise_check_and_remove(&axes, |lab| {
            for container in &lab.containers {
                assert_eq!(threaded(container, "eth0"), thread, "{napi}");
            }
            assert_moves_bytes(lab, 0, 1);
        });
    }
    let trunked = "topology = \"bridge\"\ncontainers = 4\nnapi = \"threaded\"\njoin = \"trunk\"\ncrossing = true";
    raise_check_and_remove(trunked, |lab| {
        for (host, link) in [(0, "v00000"), (1, "trunk"), (2, "node1")] {
            assert_eq!(threaded(&lab.hosts[host], link), "1", "{link}");
        }
        assert_moves_bytes(lab, 0, 1);
    });
}

#[test]
fn a_mask_of_cpus_that_are_not_there_is_refused_and_nothing_is_left() {
    let Some(_alone) = kernel() else {
        return;
    };
    if is_in_a_user_namespace() {
        return;
    }
    let before = (descriptors(), mounts());
    let mask = format!("0x1{}", "0".repeat(2000));
    let axes = format!("topology = \"veth\"\ncontainers = 2\nrps = \"{mask}\"");
    let error = Lab::setup(&cell(&axes), &|| false).expect_err("no machine has as many CPUs");
    assert_eq!(
        error.errno(),
        Some(Errno::EOVERFLOW as i32),
        "{}",
        error.sentence()
    );
    assert!(
        error
            .to_string()
            .starts_with("set RPS on eth0 of container ")
    );
    assert!(error.hint().unwrap().contains("does not have"));
    assert_eq!((descriptors(), mounts()), before);
}
