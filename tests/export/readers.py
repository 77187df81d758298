"""Exports of a run, read by the programs they are written for, and held against the run's own records.

    readers.py RUN EXPORTS    the run folder, and a folder with a folder or file for each format
"""

import csv
import json
import math
import pathlib
import re
import sys

import duckdb
import iperf3
import pyarrow.csv
import pyarrow.parquet
from flent import formatters, resultset, settings
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from prometheus_client.openmetrics import parser

run, exports = (pathlib.Path(argument) for argument in sys.argv[1:])
records = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
by_trial = {record["trial"]: record for record in records}
assert by_trial, "what is held of each record would be held of none"


def close(left, right, tolerance=1e-9):
    return math.isclose(left, right, rel_tol=tolerance)


def goodput(record):
    return record.get("aggregate", {}).get("goodput_bps")


def parquet_by_pyarrow():
    trials = pyarrow.parquet.read_table(exports / "parquet/trials.parquet")
    rows = {row["trial"]: row for row in trials.to_pylist()}
    assert rows.keys() == by_trial.keys()
    for trial, record in by_trial.items():
        row = rows[trial]
        assert row["aggregate_goodput_bps"] == goodput(record)
        assert row["containers"] == record["cell"]["containers"]
        assert row["error_errno"] == record.get("error", {}).get("errno")
        assert row["latency_p99_ns"] == record.get("latency", {}).get("p99_ns")
    described = json.loads(trials.schema.metadata[b"kilonet.columns"])
    assert [column["name"] for column in described] == trials.column_names
    samples = pyarrow.parquet.read_table(exports / "parquet/samples.parquet")
    expected = [rate for record in records for rate in record.get("samples", {}).get("goodput_bps", [])]
    assert samples.column("goodput_bps").to_pylist() == expected


def csv_by_pyarrow():
    for table in ("trials", "flows", "samples"):
        text = pyarrow.csv.read_csv(exports / f"csv/{table}.csv")
        binary = pyarrow.parquet.read_table(exports / f"parquet/{table}.parquet")
        assert (text.num_rows, text.column_names) == (binary.num_rows, binary.column_names), table
        for name in ("trial", "goodput_bps", "aggregate_goodput_bps"):
            if name in text.column_names and text.num_rows:
                assert text.column(name).to_pylist() == binary.column(name).to_pylist(), name


def flows_by_duckdb():
    flows = str(exports / "parquet/flows.parquet")
    found = duckdb.sql(f"select trial, sum(bytes)::bigint from '{flows}' group by trial").fetchall()
    expected = {}
    with open(run / "flows.csv") as file:
        for row in csv.DictReader(file):
            if row["trial"] in by_trial:
                expected[row["trial"]] = expected.get(row["trial"], 0) + int(row["bytes"])
    assert dict(found) == expected


def questions_of_the_readme_by_duckdb():
    page = pathlib.Path("results/README.md").read_text()
    query, answer = re.search(r"```sql\n(.*?)```.*?```text\n(.*?)```", page, re.DOTALL).groups()
    rows = duckdb.sql(query.replace("'export/", f"'{exports}/parquet/")).fetchall()
    # The answer is that of one run, which the page links; another of the same scenario has another.
    answered = re.search(r"In the run \[quickstart\]\((.*?)\)", page).group(1)
    if run.resolve() == pathlib.Path("results", answered).resolve():
        assert [" ".join(map(str, row)) for row in rows] == answer.splitlines()


def iperf3_json_by_its_python_wrapper():
    for trial, record in by_trial.items():
        result = iperf3.TestResult((exports / f"iperf3-json/{trial}.json").read_text())
        if record["status"] == "failed":
            assert record["error"]["act"] in result.error
            continue
        assert result.error is None
        if result.protocol == "TCP":
            assert close(result.received_bps, goodput(record))
            assert result.retransmits == record["counters"].get("retransmits")
        else:
            assert close(result.bps, goodput(record))
        assert result.blksize == record["cell"]["message_bytes"]
        used = record["cpu"]["user_ns"] + record["cpu"]["system_ns"] + record["cpu"]["softirq_ns"]
        assert close(result.local_cpu_total, 100 * used / record["window"]["duration_ns"])


def k8s_netperf_csv():
    with open(exports / "k8s-netperf.csv") as file:
        rows = list(csv.DictReader(file))
    assert {row["Cell"] for row in rows} == {trial.rsplit("-r", 1)[0] for trial in by_trial}
    for row in rows:
        if int(row["# of Samples"]) > 1:
            low, high = (float(row[f"Confidence metric - {end}"]) for end in ("low", "high"))
            # The mean is printed with six digits, as k8s-netperf does, the interval with all.
            assert low - 1e-6 <= float(row["Avg Throughput"]) <= high + 1e-6, row


def flent_files_by_flent():
    streams = [r for r in records if r["cell"]["workload"] == "tcp-stream" and r.get("samples")]
    files = list((exports / "flent").glob("*.flent.gz")) if streams else []
    assert len(files) == len(streams)
    for record in streams:
        path = exports / f"flent/{record['trial']}.flent.gz"
        results = resultset.load(str(path))
        rates = [rate / 1e6 for rate in record["samples"]["goodput_bps"]]
        assert results.series("TCP upload sum") == rates
        assert results.meta("TITLE") == record["trial"]
        assert close(results.meta("TOTAL_LENGTH"), record["window"]["duration_ns"] / 1e9)
    if files:
        plotted_by_flent(files[0])


def plotted_by_flent(path):
    """Flent's own command line: it takes the file's test for one that it has, and prints the series as a table."""
    out = exports / "flent.csv"
    loaded = settings.load(["--input", str(path), "--format", "csv", "--output", str(out)])
    loaded.load_test(informational=True)
    results = resultset.load(str(path))
    loaded.update(results.meta())
    formatters.new(loaded).format([results])
    with open(out) as file:
        rows = list(csv.DictReader(file))
    assert [float(row["TCP upload sum"]) for row in rows] == results.series("TCP upload sum")


def openmetrics_by_prometheus():
    families = {f.name: f for f in parser.text_string_to_metric_families((exports / "kilonet.om").read_text())}
    told = {sample.labels["trial"]: sample for sample in families["kilonet_trial"].samples}
    assert told.keys() == by_trial.keys()
    for trial, sample in told.items():
        assert sample.labels["status"] == by_trial[trial]["status"]
        assert sample.labels["topology"] == by_trial[trial]["cell"]["topology"]
    family = families["kilonet_aggregate_goodput_bits_per_second"]
    assert family.unit == "bits_per_second"
    found = {sample.labels["trial"]: sample.value for sample in family.samples}
    assert found == {trial: goodput(record) for trial, record in by_trial.items() if goodput(record) is not None}


def value_at(histogram, share):
    """The value that `share` of all do not exceed; the reader's own rounds that count to the nearest instead of up."""
    wanted = math.ceil(share * histogram.get_total_count())
    for step in histogram.get_recorded_iterator():
        if step.total_count_to_this_value >= wanted:
            return histogram.get_highest_equivalent_value(step.value_iterated_to)
    return None


def interval_log_by_hdrhistogram():
    reader = HistogramLogReader(str(exports / "latency.hlog"), HdrHistogram(1, 1 << 36, 3))
    found = {}
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found[histogram.get_tag()] = histogram
    own = {tag: histogram for tag, histogram in found.items() if "/" not in tag}
    assert own.keys() == {trial for trial, record in by_trial.items() if "latency" in record}
    for tag, histogram in own.items():
        latency = by_trial[tag]["latency"]
        assert histogram.get_total_count() == latency["count"]
        # Of fewer than a hundred requests none need be beyond it, and it is absent.
        has_tail = latency["count"] >= 100
        assert latency.get("p99_ns") == (value_at(histogram, 0.99) if has_tail else None)
        assert histogram.get_max_value() == latency["max_ns"]


checks = [
    parquet_by_pyarrow,
    csv_by_pyarrow,
    flows_by_duckdb,
    questions_of_the_readme_by_duckdb,
    iperf3_json_by_its_python_wrapper,
    k8s_netperf_csv,
    flent_files_by_flent,
    openmetrics_by_prometheus,
    interval_log_by_hdrhistogram,
]
for check in checks:
    check()
print(f"{run.name}: {len(checks)} passed, 0 failed")
