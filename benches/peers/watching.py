"""Trials with and without what watches them, by turns.

Each step writes its raw figures as lines of JSON, and nothing is computed here.
"""

import json
import subprocess

SCENARIO = """\
axes = {{ topology = "bridge", driver = "workers", containers = {containers}, congestion = "reno", workload = "{workload}" }}
trial = {{ warmup = "500ms", measure = "{measure}", repeats = 1, baseline = false, again = "0%" }}
"""

# The usual window: bulk, requests, and datagrams as fast as they go, of which more are dropped than of anything else.
CASES = [
    {"workload": workload, "containers": containers, "measure": "3s"}
    for workload, containers in (("tcp-stream", 2), ("tcp-stream", 1000), ("tcp-rr", 1000), ("udp-stream", 1000))
]

# Rounds of dropped datagrams in a block: each takes a second.
ROUNDS = 5


def blocks(bench, binary):
    """Every case with and without, there and back; which is first turns."""
    first = bench.blocks_kept("watching")
    for block in range(first, first + bench.blocks):
        bench.keep("noise", busy=bench.busy_share())
        for number, case in enumerate(CASES):
            case = case | {"containers": bench.count(case["containers"])}
            order = ["yes", "no"] if (block + number) % 2 else ["no", "yes"]
            for watched in [*order, *reversed(order)]:
                bench.keep("watching", block=block, case=case, **trial(binary, watched, case))
        for line in said(binary, "drops", str(ROUNDS)):
            bench.keep("drops", block=block, **line)


def trial(binary, watched, case):
    (line,) = said(binary, "trial", watched, SCENARIO.format(**case))
    record = line.pop("record")
    if record["status"] != "ok":
        return line | {"failed": record["error"]}
    return line | figures(record)


def figures(record):
    """What of a record is needed here."""
    cpu, watching = record["cpu"], record.get("watching", {})
    drops = [of for of in record.get("drops", []) if of["phase"] == "window"]
    return {
        "valid": record["checks"]["valid"],
        "goodput_bps": record["aggregate"]["goodput_bps"],
        "window_ns": record["window"]["duration_ns"],
        "busy_ns": cpu["user_ns"] + cpu["system_ns"] + cpu["softirq_ns"],
        "watching_cpu_ns": watching.get("cpu_ns"),
        "watching_wall_ns": watching.get("wall_ns"),
        "drops": {of["reason"]: of["packets"] for of in drops},
    }


def said(binary, *words):
    done = subprocess.run([binary, *words], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
