"""What is measured: each step writes its raw figures as lines of JSON, and nothing is computed here."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import tools
from stage import Stage

HERE = Path(__file__).parent


class Bench:
    """The binaries, where raw output goes, and how much of everything is done."""

    def __init__(self, built, raw, quick, blocks):
        self.kilonet, self.stage, self.raw = built.get("kilonet"), built.get("stage"), Path(raw)
        self.blocks = blocks
        self.scale = 10 if quick else 1
        self.rounds = 1 if quick else 3
        self.labs = 1 if quick else 5
        self.repeats = 1 if quick else 3

    def count(self, containers):
        """A count of containers, even, and a tenth of it when in a hurry."""
        return max(2, containers // self.scale // 2 * 2)

    def raise_lab(self, axes, lab="", trial=""):
        text = f"axes = {{ {axes} }}\nlab = {{ {lab} }}\ntrial = {{ {trial} }}\n"
        return Stage(self.stage, text)

    def blocks_kept(self, step):
        """Blocks of a step that a run before this one kept."""
        file = self.raw / f"{step}.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return max((json.loads(line)["block"] + 1 for line in lines), default=0)

    def busy_share(self, seconds=1):
        """The share of all CPU time that is not idle, while this program only waits."""
        before = cpu_times()
        time.sleep(seconds)
        spent = [after - earlier for earlier, after in zip(before, cpu_times())]
        return 1 - (spent[3] + spent[4]) / sum(spent)

    def keep(self, step, **figures):
        line = json.dumps(figures)
        print(f"{step}: {line[:160]}", flush=True)
        with open(self.raw / f"{step}.jsonl", "a") as file:
            file.write(line + "\n")


def cpu_times():
    with open("/proc/stat") as stat:
        return [int(column) for column in stat.readline().split()[1:9]]


def setup(bench):
    """Raising and removing: the shell loop between kilonet's labs of 1,000 and of 10,000."""
    small, large = bench.count(1000), bench.count(10_000)
    for round_ in range(bench.repeats):
        for containers, bridges in ((small, 1), (large, 10)):
            with bench.raise_lab(f'topology = "bridge", containers = {containers}', f"bridges = {bridges}") as lab:
                pass
            bench.keep(
                "setup", by="kilonet", round=round_, containers=containers, bridges=bridges,
                setup_s=lab.raised["setup_s"], phases_s=lab.raised["phases_s"], **lab.gone,
            )
        if round_ == 0:
            bench.keep("setup", by="shell", round=round_, **shell_lab(small))


def shell_lab(containers):
    # Private mount and network namespaces: see the script.
    private = ["unshare", "--mount", "--net", "--propagation", "private"]
    done = subprocess.run(
        [*private, HERE / "shell-lab", str(containers)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def pair(bench):
    """One pair, over a bridge and over a veth: each tool once a round, in the same lab, in several labs: one lab may
    favour one of them by a tenth for as long as it stands."""
    for number in range(bench.labs):
        for topology in ("bridge", "veth"):
            axes = f'topology = "{topology}", containers = 2'
            with bench.raise_lab(axes, trial='warmup = "200ms", measure = "1s"') as lab:
                ask_for_cubic(lab, 0, 1)
                for round_ in range(bench.rounds):
                    pair_round(bench, lab, topology=topology, number=number, round=round_)


def pair_round(bench, raised, **where):
    """Every tool for a second, one after the other."""
    for driver in ("threads", "workers"):
        rate = raised.measure(driver)["goodput_bps"]
        bench.keep("pair", by=f"kilonet {driver}", rate_bps=rate, **where)
    for tool in (tools.Iperf3, tools.Nuttcp, tools.Sockperf):
        bench.keep("pair", by=tool.name, rate_bps=tools.one_pair(raised, tool, seconds=1), **where)


def ask_for_cubic(lab, client, server):
    """nuttcp and sockperf take what they are given, which may be BBR on this machine. A namespace's default can only be
    what the machine allows everybody, so the route says it."""
    route = ["ip", "route", "add", lab.address(server), "dev", "eth0", "congctl", "cubic"]
    subprocess.run(lab.inside(client, *route), check=True)


def crowd(bench):
    """250 pairs over one bridge: kilonet, and a pair of iperf3 processes for each."""
    containers = bench.count(500)
    axes = f'topology = "bridge", containers = {containers}'
    with bench.raise_lab(axes, trial='measure = "2s"') as lab:
        for round_ in range(bench.repeats):
            for driver in ("threads", "workers"):
                measured = lab.measure(driver)
                bench.keep("crowd", by=f"kilonet {driver}", round=round_, **measured)
        bench.keep("crowd", by="iperf3", **many_iperf3(lab, range(0, containers, 2), 10))


def many_iperf3(lab, clients, seconds):
    """What the clients report, and what the bridge's ports counted meanwhile, read about once a second."""
    servers = [tools.serve(lab, client + 1, tools.Iperf3) for client in clients]
    for server in servers:
        tools.await_listening(server, tools.Iperf3.port)
    ports = {f"v{client + 1:05}" for client in clients}
    with tempfile.TemporaryDirectory() as folder, Gate() as gate:
        running = [start_client(lab, client, seconds, Path(folder), gate) for client in clients]
        counted = [port_bytes(lab, ports)]
        gate.open()
        while any(client.poll() is None for client in running):
            time.sleep(1)
            bytes_ = port_bytes(lab, ports)
            alive = sum(client.poll() is None for client in running)
            counted.append(bytes_ | {"running": alive})
        reports = [json.loads(path.read_text()) for path in sorted(Path(folder).iterdir())]
    for server in servers:
        server.terminate()
        server.wait()
    return {"counted": counted, "reported": [reported(report) for report in reports]}


LOOPED_PAIRS = (2, 50, 250)
LOOPED_SECONDS = 5


def loop(bench):
    """What people do: a client in each container, started by a shell's loop, each with seconds of its own, and the sum of what
    they print. Block by block, so that a slow minute of the machine touches every count."""
    first = bench.blocks_kept("loop")
    for block in range(first, first + bench.blocks):
        bench.keep("noise", busy=bench.busy_share())
        turn = block % len(LOOPED_PAIRS)
        for pairs in LOOPED_PAIRS[turn:] + LOOPED_PAIRS[:turn]:
            pairs = max(2, pairs // bench.scale)
            axes = f'topology = "bridge", containers = {2 * pairs}'
            with bench.raise_lab(axes, trial='measure = "2s"') as lab:
                ours = lab.measure("threads")
                theirs = looped_iperf3(lab, range(0, 2 * pairs, 2))
            bench.keep("loop", block=block, pairs=pairs, kilonet=ours, **theirs)


def looped_iperf3(lab, clients):
    """What the clients report and when each ran, and what the bridge's ports counted meanwhile."""
    servers = [tools.serve(lab, client + 1, tools.Iperf3) for client in clients]
    for server in servers:
        tools.await_listening(server, tools.Iperf3.port)
    ports = {f"v{client + 1:05}" for client in clients}
    pairs = "".join(f"{lab.namespace(client)} {lab.address(client + 1)}\n" for client in clients)
    with tempfile.TemporaryDirectory() as folder:
        command = [HERE / "iperf3-loop", str(LOOPED_SECONDS), folder]
        shell = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        counted = [port_bytes(lab, ports, time.time)]
        shell.stdin.write(pairs)
        shell.stdin.close()
        while shell.poll() is None:
            time.sleep(0.25)
            counted.append(port_bytes(lab, ports, time.time))
        reports = [client_report(Path(folder), number) for number in range(len(clients))]
    for server in servers:
        server.terminate()
        server.wait()
    return {"counted": counted, "reported": reports}


def client_report(folder, number):
    times = {key: float((folder / f"{number}.{key}").read_text()) for key in ("begun", "done")}
    try:
        report = reported(json.loads((folder / f"{number}.json").read_text()))
    except json.JSONDecodeError:
        report = {"error": "printed no report"}
    return times | report


class Gate:
    """Where processes wait until all are there: a pipe that they all read, and that ends for all of them at once."""

    def __enter__(self):
        self.inner, self._outer = os.pipe()
        return self

    def open(self):
        os.close(self._outer)
        self._outer = None

    def __exit__(self, *_):
        os.close(self.inner)
        if self._outer is not None:
            os.close(self._outer)


def start_client(lab, client, seconds, folder, gate):
    command = tools.Iperf3.client(lab.address(client + 1), seconds)
    waiting = lab.inside(client, "sh", "-c", 'read -r _; exec "$@"', "sh", *command)
    with open(folder / f"{client:05}.json", "w") as out:
        return subprocess.Popen(waiting, stdin=gate.inner, stdout=out, stderr=subprocess.DEVNULL)


def port_bytes(lab, ports, clock=time.monotonic):
    """Bytes that went out of ports, so into the containers behind them, and when."""
    # Ahead of 500 busy processes: the reading is an instant only if it is quick.
    (command,) = lab.host_sides("nice", "-n", "-20", "ip", "-s", "-j", "link", "show")
    before = clock()
    links = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    total = sum(link["stats64"]["tx"]["bytes"] for link in links if link["ifname"] in ports)
    return {"from_s": before, "to_s": clock(), "bytes": total}


def reported(report):
    if "error" in report:
        return {"error": report["error"]}
    received = report["end"]["sum_received"]
    return {"bits_per_second": received["bits_per_second"], "seconds": received["seconds"], "bytes": received["bytes"]}


def memory(bench):
    """kilonet's own memory while 1,000 flows are there."""
    axes = f'topology = "bridge", containers = {bench.count(2000)}'
    with bench.raise_lab(axes, trial='measure = "500ms"') as lab:
        for driver in ("threads", "workers"):
            bench.keep("memory", **lab.measure(driver))


SCENARIOS = {
    "share": """
        [axes]
        topology = "bridge"
        containers = [{pair}, {some}, {many}]
        driver = ["threads", "workers"]
        [trial]
        measure = "2s"
        repeats = {repeats}
        baseline = false
        """,
    "fairness": """
        [axes]
        topology = "shared"
        containers = {many}
        driver = "workers"
        [trial]
        measure = "2s"
        repeats = {repeats}
        baseline = false
        """,
    "thousands": """
        [axes]
        topology = "bridge"
        containers = {most}
        driver = ["threads", "workers"]
        [trial]
        measure = "2s"
        repeats = 1
        baseline = false
        """,
}


def sweep(bench, name):
    """A run of kilonet itself; its manifest and its records are the raw output."""
    counts = {"pair": 2, "some": bench.count(500), "many": bench.count(2000), "most": bench.count(4000)}
    text = "\n".join(line.strip() for line in SCENARIOS[name].strip().splitlines())
    with tempfile.TemporaryDirectory() as folder:
        # Run from there by a relative name, so that the manifest shows a command anyone could type.
        shutil.copy(bench.kilonet, f"{folder}/kilonet")
        Path(folder, f"{name}.toml").write_text(text.format(repeats=bench.repeats, **counts) + "\n")
        command = ["./kilonet", "run", f"{name}.toml", "--quiet", "--out", "."]
        began = time.monotonic()
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
        bench.keep("wall", scenario=name, seconds=time.monotonic() - began)
        run = Path(folder, done.stdout.splitlines()[-1].strip())
        os.makedirs(bench.raw / name)
        for file in ("manifest.json", "trials.jsonl"):
            shutil.copy(run / file, bench.raw / name / file)
