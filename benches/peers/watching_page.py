"""The page about what watching costs, computed from the raw output and from nothing else."""

from math import exp, log, sqrt
from statistics import mean, median, stdev

from gate_page import student


def page(raw):
    return "\n".join([head(raw), goodput_table(raw), cost_table(raw), drops_table(raw)])


def head(raw):
    return f"""# What watching costs

Measured to see whether a trial is disturbed by what watches it: counters at the edges of its phases, the kernel's log, and the count of
dropped packets by reason, which the kernel keeps while the window is open. By `benches/peers/run --watching` at commit
{raw.machine["commit"]}.

{raw.machine_line()}
Others kept the machine busy, in the second before each block: {percent(median(line["busy"] for line in raw.of("noise")))} (median),
{percent(max(line["busy"] for line in raw.of("noise")))} at most.
"""


def goodput_table(raw):
    """A row a case: the geometric mean of goodput with over goodput without, and its interval."""
    table = ["## Goodput with over goodput without", "", "| | blocks | ratio | 95 % interval |", "|---|---|---|---|"]
    for case in cases(raw):
        ratios = [log_ratio(lines) for lines in blocks(raw, case)]
        table.append(f"| {name(case)} | {len(ratios)} | {interval(ratios)} |")
    lost = [line for line in raw.of("watching") if not usable(line)]
    table += [
        "",
        "The geometric mean of the blocks' ratios, and its interval by Student's t over their logarithms. In each block a case has two",
        f"trials of either kind, there and back; which is first turns. Trials that failed or were invalid: {len(lost)}, which leave their",
        "block out.",
    ]
    return "\n".join(table) + "\n"


def cost_table(raw):
    table = [
        "## What it takes",
        "",
        "| | CPU time of a trial | of the window's | the clock | the look: clock | CPU time |",
        "|---|---|---|---|---|---|",
    ]
    each = each_drop_ns(raw)
    for case in cases(raw):
        lines = [line for line in raw.of("watching", case=case) if usable(line)]
        watched = [line for line in lines if line["watched"]]
        share = [(line["watching_cpu_ns"] + each * sum(line["drops"].values())) / line["busy_ns"] for line in watched]
        table.append(
            f"| {name(case)} | {spread(watched, 'watching_cpu_ns')} | {percent(median(share))} | {spread(watched, 'watching_wall_ns')} "
            f"| {spread(lines, 'look_wall_ns')} | {spread(lines, 'look_cpu_ns')} |"
        )
    table += [
        "",
        "Medians, in brackets the lowest and the highest. CPU time of a trial is `watching.cpu_ns` of records, none of it in the window; its",
        "share of what the CPUs did in the window has the counting of dropped packets in it, by the next table. The clock is",
        "`watching.wall_ns`. The look is what follows the window to see which levels took hold (`seen`), and is in neither.",
    ]
    return "\n".join(table) + "\n"


def drops_table(raw):
    lines = raw.of("drops")
    table = [
        "## Counting a dropped packet",
        "",
        f"A datagram that finds a socket full takes {ns(lines, 'uncounted_ns')} ns of its sender's CPU time, and {ns(lines, 'counted_ns')} ns with",
        f"its reason counted: {each_drop_ns(raw):.0f} ns more (medians of {len(lines)} rounds). In a second of the window there were, on the",
        "whole machine:",
        "",
        "| | dropped | by reason |",
        "|---|---|---|",
    ]
    for case in cases(raw):
        watched = [line for line in raw.of("watching", case=case) if usable(line) and line["watched"]]
        reasons = {reason for line in watched for reason in line["drops"]}
        rates = {reason: median(rate(line, reason) for line in watched) for reason in reasons}
        often = sorted(rates.items(), key=lambda it: -it[1])[:4]
        shown = ", ".join(f"{reason} {count:,.0f}" for reason, count in often)
        table.append(f"| {name(case)} | {sum(rates.values()):,.0f} | {shown or 'none'} |")
    return "\n".join(table) + "\n"


def each_drop_ns(raw):
    lines = raw.of("drops")
    return median(line["counted_ns"] - line["uncounted_ns"] for line in lines) if lines else 0.0


def rate(line, reason):
    return line["drops"].get(reason, 0) / line["window_ns"] * 1e9


def cases(raw):
    named = {name(line["case"]): line["case"] for line in raw.of("watching")}
    return list(named.values())


def name(case):
    return f"{case['workload']}, {case['containers']:,} containers"


def usable(line):
    return "failed" not in line and line["valid"]


def blocks(raw, case):
    """The trials of each block in which all of them can be used."""
    by_block = {}
    for line in raw.of("watching", case=case):
        by_block.setdefault(line["block"], []).append(line)
    whole = (lines for lines in by_block.values() if len(lines) == 4)
    return [lines for lines in whole if all(map(usable, lines))]


def log_ratio(lines):
    sides = {watched: mean(log(line["goodput_bps"]) for line in lines if line["watched"] is watched) for watched in (True, False)}
    return sides[True] - sides[False]


def interval(ratios):
    if len(ratios) < 3:
        return "too few blocks | "
    reach = student(len(ratios) - 1, 0.975) * stdev(ratios) / sqrt(len(ratios))
    return f"{exp(mean(ratios)):.4f} | {exp(mean(ratios) - reach):.4f} to {exp(mean(ratios) + reach):.4f}"


def spread(lines, key):
    values = [line[key] / 1e6 for line in lines]
    return f"{median(values):.1f} ms ({min(values):.1f} to {max(values):.1f})" if values else "not said"


def ns(lines, key):
    return f"{median(line[key] for line in lines):.0f}" if lines else "an unknown number of"


def percent(share):
    return f"{100 * share:.2f} %"
