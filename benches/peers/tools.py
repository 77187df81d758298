"""The tools people use today: how a server and a client of each are run, and where each says its rate."""

import json
import re
import subprocess
import time

MESSAGE = "128K"
# A server that does not listen after this long will not.
PATIENCE_S = 20


class Iperf3:
    name, port = "iperf3", 5201
    server = ["iperf3", "-s", "-1", "-p", "5201"]

    @staticmethod
    def client(address, seconds):
        # Intervals off: only the end counts, and 250 of them would each print one a second.
        return ["iperf3", "-c", address, "-C", "cubic", "-l", MESSAGE, "-t", str(seconds), "-i", "0", "-J"]

    @staticmethod
    def rate_bps(output):
        return json.loads(output)["end"]["sum_received"]["bits_per_second"]


class Nuttcp:
    name, port = "nuttcp", 5000
    server = ["nuttcp", "-1", "--nofork"]

    @staticmethod
    def client(address, seconds):
        return ["nuttcp", "-l128k", f"-T{seconds}", "-fparse", address]

    @staticmethod
    def rate_bps(output):
        return float(re.search(r"rate_Mbps=([\d.]+)", output)[1]) * 1e6


class Sockperf:
    name, port = "sockperf", 11111
    server = ["sockperf", "server", "--tcp", "-i", "0.0.0.0"]

    @staticmethod
    def client(address, seconds):
        # 65,507 is the largest message it takes.
        return ["sockperf", "throughput", "--tcp", "-i", address, "-m", "65507", "-t", str(seconds)]

    @staticmethod
    def rate_bps(output):
        # It prints MBps and Mbps, both in units of 2^20.
        return float(re.search(r"BandWidth is [\d.]+ MBps \(([\d.]+) Mbps\)", output)[1]) * 2**20


def serve(stage, container, tool):
    """Starts a server in a container, and returns when it listens."""
    server = subprocess.Popen(
        stage.inside(container, *tool.server), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return server


def await_listening(server, port):
    """Watches the server's own view of its namespace: none of these tools says reliably that it is ready."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if listens(server.pid, port):
            return
        time.sleep(0.005)
    raise RuntimeError(f"{server.args[2]} does not listen on port {port}")


def listens(pid, port):
    wanted = f":{port:04X}"
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as rows:
            for row in rows:
                columns = row.split()
                if columns[1].endswith(wanted) and columns[3] == "0A":
                    return True
    return False


def one_pair(stage, tool, seconds):
    """The rate a tool reports between containers 0 and 1."""
    server = serve(stage, 1, tool)
    try:
        await_listening(server, tool.port)
        client = stage.inside(0, *tool.client(stage.address(1), seconds))
        done = subprocess.run(client, capture_output=True, text=True, timeout=seconds + 30)
        return tool.rate_bps(done.stdout)
    finally:
        server.terminate()
        server.wait()
