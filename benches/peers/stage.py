"""Labs raised by kilonet's library, and how other programs get into them."""

import json
import os
import subprocess


class Stage:
    """A lab held by a `stage` process (benches/stage.rs) for as long as the `with` block lasts."""

    def __init__(self, binary, scenario):
        self._process = subprocess.Popen(
            [binary, scenario], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.raised = self._answer()["raised"]
        self.gone = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self.gone = self._answer()["gone"]
        self._process.wait()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the stage ended with exit code {self._process.wait()}")
        return json.loads(line)

    def measure(self, driver):
        """One window of kilonet's own traffic between all pairs."""
        self._process.stdin.write(driver + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        return answer["measured"] | {"empty_bytes": answer["empty_bytes"]}

    def address(self, container):
        return self.raised["seats"][container]["address"]

    def namespace(self, container):
        """The file that a container's namespace is entered by."""
        return f"/proc/{self._process.pid}/fd/{self.raised['seats'][container]['fd']}"

    def inside(self, container, *command):
        """`command`, to be run in a container's namespace."""
        return self._at(self.raised["seats"][container]["fd"], command)

    def host_sides(self, *command):
        """`command`, to be run in each bridge's namespace: held by the stage, and neither a container's nor ours."""
        seats = {self._inode(seat["fd"]) for seat in self.raised["seats"]}
        seats.add(os.readlink("/proc/self/ns/net"))
        hosts = {}
        for fd in os.listdir(f"/proc/{self._process.pid}/fd"):
            inode = self._inode(fd)
            if inode.startswith("net:") and inode not in seats:
                hosts[inode] = fd
        return [self._at(fd, command) for fd in hosts.values()]

    def _inode(self, fd):
        return os.readlink(f"/proc/{self._process.pid}/fd/{fd}")

    def _at(self, fd, command):
        return ["nsenter", f"--net=/proc/{self._process.pid}/fd/{fd}", *command]
