"""Two builds of kilonet by turns: whether the newer one raises labs as fast, moves as much and costs as little.

Each step writes its raw figures as lines of JSON, and nothing is computed here.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCENARIO = """\
[axes]
topology = "bridge"
testbed = "{testbed}"
driver = "{driver}"
containers = {containers}
congestion = "reno"
[trial]
warmup = "200ms"
measure = "{measure}"
repeats = 1
baseline = false
again = "0%"
"""

# A crowd's lab takes most of its time to raise, a pair's none: windows are as long as a block can bear.
CASES = [
    *({"testbed": "kernel", "driver": driver, "containers": 2, "measure": "1s"} for driver in ("threads", "workers", "processes")),
    {"testbed": "kernel", "driver": "iperf3", "containers": 2, "measure": "1s"},
    {"testbed": "docker", "driver": "threads", "containers": 4, "measure": "1s"},
    *({"testbed": "kernel", "driver": driver, "containers": 500, "measure": "1s"} for driver in ("threads", "workers", "processes")),
    {"testbed": "kernel", "driver": "iperf3", "containers": 500, "measure": "1s"},
]


def blocks(bench, binaries):
    """Every case by both builds, block by block: in each twice, there and back, so that what drifts within a block weighs on both
    alike. Which of them is first turns."""
    first = bench.blocks_kept("gate")
    for block in range(first, first + bench.blocks):
        bench.keep("noise", busy=bench.busy_share())
        for number, case in enumerate(CASES):
            case = case | {"containers": bench.count(case["containers"])}
            order = list(binaries)
            if (block + number) % 2:
                order.reverse()
            for by in [*order, *reversed(order)]:
                bench.keep("gate", block=block, by=by, case=case, **one_trial(binaries[by], case))


def one_trial(binary, case):
    """One trial in a run of its own, and the user time of its process and of all it waited for."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "gate.toml").write_text(SCENARIO.format(**case))
        run = subprocess.Popen(
            [binary, "run", "gate.toml", "--quiet", "--out", "."], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, _, usage = os.wait4(run.pid, 0)
        lines = [line for trials in Path(folder).glob("*/trials.jsonl") for line in trials.read_text().splitlines()]
    if not lines:
        return {"failed": "the run left no record"}
    return figures(json.loads(lines[0])) | {"run_user_s": usage.ru_utime}


def figures(record):
    if record["status"] != "ok":
        return {"failed": record["error"]}
    cpu, lab = record["cpu"], record.get("lab", {})
    return {
        "valid": record["checks"]["valid"],
        "goodput_bps": record["aggregate"]["goodput_bps"],
        "cpu_ns_per_byte": cpu.get("ns_per_byte"),
        "own_user_ns": cpu.get("own_user_ns"),
        "setup_ns": lab.get("setup_ns"),
        "teardown_ns": lab.get("teardown_ns"),
    }


def fields(bench, binaries):
    """Which fields the records of each shipped scenario have, by both builds: one short trial of each cell."""
    for scenario in sorted((ROOT / "scenarios").glob("*.toml")):
        found = {by: verified(binary, scenario) for by, binary in binaries.items()}
        bench.keep("fields", scenario=scenario.name, **found)


def verified(binary, scenario):
    with tempfile.TemporaryDirectory() as folder:
        command = [ROOT / "scripts/verify-scenario", binary, scenario, folder]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        trials = [path.read_text().splitlines() for path in Path(folder).glob("*/trials.jsonl")]
        records = [json.loads(line) for lines in trials for line in lines]
        return {record["trial"]: shape(record) for record in records}


def shape(record):
    """What of a record does not depend on how fast the machine was."""
    valid = record.get("checks", {}).get("valid")
    return {"status": record["status"], "valid": valid, "fields": sorted(paths(record))}


# Present where there is something to say: what others did to the CPU, what a reader should see, which drops were counted.
PASSING = ("noise", "warnings", "checks.invalid_reasons", "counters.drops")


def paths(value, at=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{at}.{key}" if at else key
            if not path.startswith(PASSING):
                yield from paths(inner, path)
    else:
        yield at


def keep_binaries(folder, new, base):
    """Both in the same folder, as a later build must not change what is being measured."""
    return {by: shutil.copy(path, f"{folder}/{by}") for by, path in (("base", base), ("new", new))}
