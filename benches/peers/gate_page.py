"""The sections about two builds by turns, computed from the raw output and from nothing else."""

from math import exp, log, sqrt
from statistics import NormalDist, mean, stdev

# What is asked of new over base: the side on which the bound is, and the bound.
ASKED = {
    "goodput_bps": ("goodput", "at least", 0.97),
    "cpu_ns_per_byte": ("CPU time per byte", "at most", 1.03),
    "setup_ns": ("set-up", "at most", 1.05),
    "teardown_ns": ("teardown", "at most", 1.05),
    "own_user_ns": ("own user time in the window", "at most", 1.05),
    "run_user_s": ("user time of the whole run", "at most", 1.05),
}


def head(raw):
    machine = raw.machine
    return f"""# Two builds of kilonet by turns

Measured to see whether the newer build (commit {machine["commit"]}) raises labs as fast, moves as much and costs as little as the
older one ({machine["base"]}), by `benches/peers/run --base BINARY`.

{raw.machine_line()}
{machine["iperf3"]}, {machine["rustc"]}.
"""


def ratios_table(raw):
    """A row a case: of each figure the geometric mean of new over base, and the bound that holds with 95 % on the side asked."""
    lines = raw.of("gate")
    cases = list({case_name(line["case"]): line["case"] for line in lines})
    asked = [f"{name} ({side} {bound})" for name, side, bound in ASKED.values()]
    table = ["## New over base", "", f"| | blocks | {' | '.join(asked)} |", "|---" * (len(asked) + 2) + "|"]
    missed = 0
    for case in cases:
        both = pairs(line for line in lines if case_name(line["case"]) == case)
        cells = [cell(key, both) for key in ASKED]
        missed += sum("**" in text for text in cells)
        table.append(f"| {case} | {len(both)} | {' | '.join(cells)} |")
    failed = [line for line in lines if "failed" in line or not line["valid"]]
    table += [
        "",
        "In each cell the geometric mean of the blocks' ratios, and after it the one-sided 95 % bound by Student's t over their",
        f"logarithms that must hold: {missed} of {len(cases) * len(ASKED)} do not, in bold. Trials that failed or were invalid: {len(failed)}, which",
        "leave their block out. In each block both builds have two trials of a case, there and back; which is first turns.",
    ]
    return "\n".join(table) + "\n"


def case_name(case):
    engine = "Docker, " if case["testbed"] == "docker" else ""
    return f"{engine}{case['driver']}, {case['containers']} containers"


def pairs(lines):
    """By block, the trials of both builds: of the blocks in which all of them can be used."""
    blocks = {}
    for line in lines:
        blocks.setdefault(line["block"], {}).setdefault(line["by"], []).append(line)
    usable = (both for both in blocks.values() if len(both) == 2)
    return [both for both in usable if all("failed" not in line and line["valid"] for lines in both.values() for line in lines)]


def cell(key, both):
    """Absent where a build does not say, or says 0: a process whose time is less than a tick of the kernel's clock."""
    ratios = [ratio for ratio in (ratio_of_logs(key, sides) for sides in both) if ratio is not None]
    if len(ratios) < 3:
        return "not said"
    _, side, bound = ASKED[key]
    reach = student(len(ratios) - 1) * stdev(ratios) / sqrt(len(ratios))
    low, high = exp(mean(ratios) - reach), exp(mean(ratios) + reach)
    met, end = (low >= bound, low) if side == "at least" else (high <= bound, high)
    shown = f"{exp(mean(ratios)):.3f}, {side} {end:.3f}"
    return shown if met else f"**{shown}**"


def ratio_of_logs(key, sides):
    """The logarithm of new over base in one block, by the geometric means of its trials."""
    values = {by: [line.get(key) for line in lines] for by, lines in sides.items()}
    if not all(value for lines in values.values() for value in lines):
        return None
    means = {by: mean(map(log, lines)) for by, lines in values.items()}
    return means["new"] - means["base"]


def student(freedom, share=0.95):
    """Where so large a share of Student's t lies below, by the expansion of Cornish and Fisher: within 0.001 from ten degrees of freedom on
    (Abramowitz and Stegun, 26.7.5)."""
    z = NormalDist().inv_cdf(share)
    terms = [
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    ]
    return z + sum(term / freedom ** (nth + 1) for nth, term in enumerate(terms))


def fields_table(raw):
    """Of each scenario, how many records both builds wrote, and what the shape of their records differs in."""
    table = ["## Fields of records", "", "| scenario | trials | differ |", "|---|---|---|"]
    for line in raw.of("fields"):
        base, new = line["base"], line["new"]
        differ = sorted({change for trial in base.keys() | new.keys() for change in changes(base.get(trial), new.get(trial))})
        table.append(f"| {line['scenario']} | {len(base)} | {'; '.join(differ) or 'nothing'} |")
    table += [
        "",
        "Every shipped scenario by both builds with `--verify`, one short trial a cell: status, validity, and which fields there are,",
        "but for those that say what happened to be there to say (others' work on the CPU, warnings).",
    ]
    return "\n".join(table) + "\n"


def changes(base, new):
    if base is None or new is None:
        yield "a trial is missing"
        return
    for key in ("status", "valid"):
        if base[key] != new[key]:
            yield f"{key}: {base[key]}, now {new[key]}"
    yield from (f"without {part}" for part in only_in(base["fields"], new["fields"]))
    yield from (f"with {part}" for part in only_in(new["fields"], base["fields"]))


def only_in(ours, theirs):
    """Fields that the others lack; of a part that they lack as a whole, its name alone."""
    parts = {field.split(".")[0] for field in theirs}
    return {field if field.split(".")[0] in parts else field.split(".")[0] for field in set(ours) - set(theirs)}
