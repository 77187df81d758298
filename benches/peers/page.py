"""The page of a results folder: computed from its raw output and from nothing else."""

import json
from math import comb
from statistics import median

import gate_page
import watching_page


def write(folder):
    raw = Raw(folder / "raw")
    if raw.of("watching"):
        (folder / "README.md").write_text(watching_page.page(raw))
        return
    if raw.of("gate") or raw.of("fields"):
        sections = [gate_page.head(raw)]
        sections += [gate_page.ratios_table(raw)] if raw.of("gate") else []
        sections += [gate_page.fields_table(raw)] if raw.of("fields") else []
        (folder / "README.md").write_text("\n".join(sections))
        return
    sections = [head(raw)]
    if raw.of("pair"):
        sections += [asked_and_measured(raw), pair_table(raw), crowd_table(raw), setup_table(raw)]
    if raw.of("loop"):
        sections.append(loop_table(raw))
    (folder / "README.md").write_text("\n".join(sections))


class Raw:
    """The raw figures by step; a step that was not run has none."""

    def __init__(self, folder):
        self.folder = folder
        self.machine = json.loads((folder / "machine.json").read_text())

    def of(self, step, **wanted):
        file = self.folder / f"{step}.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in map(json.loads, lines) if matches(line, wanted)]

    def records(self, scenario, **wanted):
        file = self.folder / scenario / "trials.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        records = [line for line in map(json.loads, lines) if line["status"] == "ok"]
        return [record for record in records if matches(record["cell"], wanted)]

    def machine_line(self):
        """When, and on which machine."""
        of = self.machine
        return f"{of['date']}, {of['cpus']} CPUs ({of['cpu']}), {of['memory_bytes'] / 2**30:.0f} GiB, Linux {of['kernel']}."


def matches(line, wanted):
    return all(line.get(key) == value for key, value in wanted.items())


def head(raw):
    machine = raw.machine
    tools = ("iperf3", "nuttcp", "sockperf", "iproute2", "rustc") if raw.of("pair") else ("iperf3", "iproute2", "rustc")
    versions = ", ".join(machine[tool] for tool in tools)
    return f"""{question(raw)}

{raw.machine_line()}
Others kept the machine busy, in the second before each step: {noise(raw)}.
{versions}.

Medians of interleaved rounds; in brackets the lowest and the highest, and where there are six rounds or more what holds
the median in 95 of 100 such runs (by order statistics, which ask nothing of the distribution). `raw/` holds every figure{own_runs(raw)}; `benches/peers/run --page DIR` computes this page from them.
"""


def own_runs(raw):
    return ", kilonet's own as the\nmanifests and records of its runs" if raw.of("pair") else ""


def question(raw):
    commit = raw.machine["commit"]
    if raw.of("pair"):
        return f"""# kilonet beside what people use today

Measured to see whether kilonet is as fast as it was meant to be, by
`benches/peers/run` at commit {commit}."""
    return f"""# What iperf3 clients sum to that a loop starts

Measured to see how far off the sum is that people form who start a client in each container, by
`benches/peers/run --only loop`, in labs that kilonet raised at commit {commit}."""


def noise(raw):
    return ", ".join(f"{line['busy'] * 100:.0f} %" for line in raw.of("noise")) or "not measured"


def spread(values, show):
    """The median, and where there are several, how far they range."""
    values = list(values)
    if not values:
        return "not measured"
    if len(values) == 1:
        return show(values[0])
    within = interval_of_median(values)
    held = f"; median within {show(within[0])} to {show(within[1])}" if within else ""
    return f"{show(median(values))} ({show(min(values))} to {show(max(values))}{held})"


def interval_of_median(values):
    """The narrowest pair of order statistics that holds the true median with 95 %: how many of the values are below it
    is a fair coin's count of heads. None for fewer than six, where even the extremes hold it less often."""
    ordered, count = sorted(values), len(values)
    outside, depth = 0, 0
    while (outside := outside + 2 * comb(count, depth) / 2**count) <= 0.05:
        depth += 1
    return (ordered[depth - 1], ordered[-depth]) if depth else None


def seconds(value):
    return f"{value:.2f} s"


def times(value):
    return f"{value:.2f}"


def percent(value):
    return f"{value * 100:.2f} %"


def gigabits(value):
    return f"{value / 1e9:.1f}"


def asked_and_measured(raw):
    rows = [*setup_rows(raw), *pair_rows(raw), *crowd_rows(raw), *own_rows(raw), *thousands_rows(raw)]
    lines = ["## Asked and measured", "", "| | asked | measured | |", "|---|---|---|---|"]
    for what, asked, values, show, met in rows:
        values = list(values)
        verdict = "" if not values else "met" if met(median(values)) else "**missed**"
        lines.append(f"| {what} | {asked} | {spread(values, show)} | {verdict} |")
    return "\n".join(lines) + "\n"


def setup_rows(raw):
    small, large = setups(raw)
    shell = [line["setup_s"] for line in raw.of("setup", by="shell")]
    count, many = (lines[0]["containers"] if lines else 0 for lines in (small, large))
    ratios = [median(shell) / line["setup_s"] for line in small] if shell else []
    each = [
        (big["setup_s"] / many) / (little["setup_s"] / count) for little, big in zip(small, large)
    ]
    yield f"{count} containers on a bridge: times faster than the shell loop", ">= 25", ratios, times, lambda v: v >= 25
    yield f"{many} containers: ready", "<= 12 s", [line["setup_s"] for line in large], seconds, lambda v: v <= 12
    yield f"{many} containers: gone", "<= 12 s", [line["teardown_s"] for line in large], seconds, lambda v: v <= 12
    yield f"time per container, {many} over {count}", "<= 1.2", each, times, lambda v: v <= 1.2


def setups(raw):
    """kilonet's set-ups of the smaller and of the larger count."""
    lines = raw.of("setup", by="kilonet")
    counts = sorted({line["containers"] for line in lines})
    return [[line for line in lines if line["containers"] == count] for count in counts] or [[], []]


def pair_rows(raw):
    for topology in ("bridge", "veth"):
        for driver in ("threads", "workers"):
            for peer in PEERS:
                ratios = over_peer(raw, topology, f"kilonet {driver}", peer)
                yield f"one pair, {topology}: {driver} over {peer}", ">= 1", ratios, times, lambda v: v >= 1


PEERS = ("iperf3", "nuttcp", "sockperf")


def over_peer(raw, topology, ours, peer):
    """Round by round, so that a slow minute of the machine touches both."""
    rounds = (
        [line["rate_bps"] for line in raw.of("pair", topology=topology, by=by)] for by in (ours, peer)
    )
    return [own / other for own, other in zip(*rounds)]


def crowd_rows(raw):
    for driver in ("threads", "workers"):
        checks = [record["checks"] for record in raw.records("share", driver=driver, containers=500)]
        ratios = [abs(1 - check["interface_bytes_ratio"]) for check in checks]
        yield f"250 pairs, {driver}: interfaces away from sockets", "<= 5 %", ratios, percent, lambda v: v <= 0.05
        # What lay unread at the end the interfaces have counted and the sockets not yet: the two may differ by as much.
        beyond = [max(0.0, ratio - check.get("unread_ratio", 0.0)) for ratio, check in zip(ratios, checks)]
        yield f"250 pairs, {driver}: the same, beyond what lay unread", "<= 5 %", beyond, percent, lambda v: v <= 0.05


def own_rows(raw):
    for driver in ("threads", "workers"):
        for pairs in sorted({record["cell"]["pairs"] for record in raw.records("share")}):
            shares = [own_share(record["cpu"]) for record in raw.records("share", driver=driver, pairs=pairs)]
            yield f"own user time, {driver}, pairs: {pairs}", "<= 2 %", shares, percent, lambda v: v <= 0.02
        kib = [
            (line["own_bytes"] - line["empty_bytes"]) / line["flows"] / 1024
            for line in raw.of("memory", driver=driver)
        ]
        yield f"own memory a flow, {driver}", "<= 64 KiB", kib, lambda v: f"{v:.1f} KiB", lambda v: v <= 64


def own_share(cpu):
    return cpu["own_user_ns"] / (cpu["user_ns"] + cpu["system_ns"] + cpu["softirq_ns"])


def thousands_rows(raw):
    fairness = [record["per_pair"]["jain"] for record in raw.records("fairness")]
    yield "shared, workers, 1,000 pairs: Jain", ">= 0.95", fairness, lambda v: f"{v:.3f}", lambda v: v >= 0.95
    for driver in ("threads", "workers"):
        records = raw.records("thousands", driver=driver)
        skews = [record["window"]["skew_ns"] / 1e6 for record in records]
        yield f"2,000 pairs, {driver}: window skew", "<= 1 ms", skews, lambda v: f"{v:.3f} ms", lambda v: v <= 1
    trials = 2
    walls = [line["seconds"] / trials for line in raw.of("wall", scenario="thousands")]
    yield "4,000 containers, 2,000 pairs: one trial, start to barrier", "<= 40 s", walls, seconds, lambda v: v <= 40


def pair_table(raw):
    lines = ["## One pair, Gb/s", "", "| | bridge | veth |", "|---|---|---|"]
    for by in ("kilonet threads", "kilonet workers", *PEERS):
        cells = (
            spread((line["rate_bps"] for line in raw.of("pair", topology=topology, by=by)), gigabits)
            for topology in ("bridge", "veth")
        )
        lines.append(f"| {by} | {' | '.join(cells)} |")
    lines += [
        "",
        "All send by TCP and CUBIC with 128 KiB messages (sockperf: 65,507 bytes, its largest) in the same two namespaces.",
        "nuttcp and sockperf cannot ask for CUBIC; the route asks for them.",
    ]
    return "\n".join(lines) + "\n"


def crowd_table(raw):
    lines = [
        "## 250 pairs over one bridge, Gb/s",
        "",
        "| | reported | receiving ports counted in the same time | reported over counted |",
        "|---|---|---|---|",
    ]
    for driver in ("threads", "workers"):
        measured = raw.of("crowd", by=f"kilonet {driver}")
        cells = (
            spread((line["goodput_bps"] for line in measured), gigabits),
            spread((line["interface_bps"] for line in measured), gigabits),
            spread((line["goodput_bps"] / line["interface_bps"] for line in measured), times),
        )
        lines.append(f"| kilonet {driver} | {' | '.join(cells)} |")
    lines += [iperf3_row(line) for line in raw.of("crowd", by="iperf3")]
    return "\n".join(lines) + "\n"


def iperf3_row(crowd):
    """The sum of what all clients report, beside the ports' rate while all of them ran, and over the whole."""
    good = [report for report in crowd["reported"] if "error" not in report]
    total = sum(report["bits_per_second"] for report in good)
    counted = crowd["counted"]
    everybody = [c for c in counted[1:] if c["running"] == len(crowd["reported"])]
    while_all = rate(everybody[0], everybody[-1]) if len(everybody) > 1 else rate(counted[0], counted[-1])
    busiest = max(rate(*pair) for pair in zip(counted, counted[1:]))
    return (
        f"| sum of {len(good)} iperf3 pairs, started at one signal | {gigabits(total)} "
        f"| {gigabits(while_all)} while all ran; {gigabits(busiest)} in the busiest second; "
        f"{gigabits(rate(counted[0], counted[-1]))} over the whole | {times(total / while_all)} |"
    )


def loop_table(raw):
    lines = [
        "## iperf3 clients started by a loop, over one bridge",
        "",
        "| pairs | sum of what they print, Gb/s | crossed while all ran, Gb/s | sum over that | crossed from the first to the last, Gb/s "
        "| sum over that | crossed in the busiest second, Gb/s | the loop took | kilonet `threads`, Gb/s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    counts = sorted({line["pairs"] for line in raw.of("loop")})
    for pairs in counts:
        blocks = [loop_figures(line) for line in raw.of("loop", pairs=pairs)]
        cells = (
            column(blocks, "sum", gigabits),
            column(blocks, "common", gigabits),
            column(blocks, "over_common", times),
            column(blocks, "whole", gigabits),
            column(blocks, "over_whole", times),
            column(blocks, "busiest", gigabits),
            column(blocks, "loop_s", seconds),
            column(blocks, "kilonet", gigabits),
        )
        lines.append(f"| {pairs} | {' | '.join(cells)} |")
    blocks = sum(line["pairs"] == counts[0] for line in raw.of("loop"))
    lost = sum("error" in report for line in raw.of("loop") for report in line["reported"])
    lines += [
        "",
        f"{blocks} blocks, each with every count, in an order that turns. A shell's loop (`iperf3-loop`) starts the clients in the",
        "background, each for 5 s of its own, with iperf3's own settings; the sum is of the receivers' rates in their reports.",
        "What crossed is what the receivers' ports of the bridge counted, headers included: *while all ran* is from the start of the",
        "last client to the end of the first, and *from the first to the last* from the first start to the last end.",
        f"Clients without a report: {lost}. `threads` is one window of 2 s in the same lab, just before.",
    ]
    return "\n".join(lines) + "\n"


def column(blocks, key, show):
    """A figure over the blocks that have it, and how many have none."""
    values = [block[key] for block in blocks if block[key] is not None]
    if not values:
        return "never all at once"
    without = len(blocks) - len(values)
    return spread(values, show) + (f"; never all at once in {without} of {len(blocks)} blocks" if without else "")


def loop_figures(line):
    begun, done = ([report[key] for report in line["reported"]] for key in ("begun", "done"))
    total = sum(report.get("bits_per_second", 0) for report in line["reported"])
    counted = line["counted"]
    inside = [c for c in counted if c["from_s"] >= max(begun) and c["to_s"] <= min(done)]
    common = rate(inside[0], inside[-1]) if len(inside) > 1 else None
    whole = (counted[-1]["bytes"] - counted[0]["bytes"]) * 8 / (max(done) - min(begun))
    return {
        "sum": total,
        "common": common,
        "over_common": total / common if common else None,
        "whole": whole,
        "over_whole": total / whole,
        "busiest": busiest_second(counted),
        "loop_s": max(begun) - min(begun),
        "kilonet": line["kilonet"]["goodput_bps"],
    }


def busiest_second(counted):
    """The highest rate between two readings that are a second apart at least, and no more than they must be."""
    rates = []
    for first, earlier in enumerate(counted):
        later = next((c for c in counted[first:] if c["from_s"] - earlier["from_s"] >= 1), None)
        if later:
            rates.append(rate(earlier, later))
    return max(rates)


def rate(earlier, later):
    def middle(reading):
        return (reading["from_s"] + reading["to_s"]) / 2

    return (later["bytes"] - earlier["bytes"]) * 8 / (middle(later) - middle(earlier))


def setup_table(raw):
    lines = [
        "## Raising and removing",
        "",
        "| | containers | ready | gone |",
        "|---|---|---|---|",
    ]
    for line in raw.of("setup", by="shell"):
        lines.append(f"| shell loop of `ip` | {line['containers']} | {seconds(line['setup_s'])} | |")
    for group in filter(None, setups(raw)):
        ready, gone = (spread((line[key] for line in group), seconds) for key in ("setup_s", "teardown_s"))
        lines.append(f"| kilonet | {group[0]['containers']} | {ready} | {gone} |")
    lines += [
        "",
        "The shell loop has the same bridge, links, addresses and routes; kilonet's lab has permanent neighbour and",
        "forwarding entries besides. The loop's order is the kindest to it: the bridge is raised last.",
    ]
    return "\n".join(lines) + "\n"
