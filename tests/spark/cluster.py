"""A real standalone cluster of Spark for a block: a master and workers on the loopback, each a
process of its own, all gone at the end, whatever happens to the tests."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyspark

from tools.java import java_home

HOME = Path(pyspark.__file__).parent
"""Where the wheel puts Spark."""
SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.executor.memory": "900m",
    "spark.executor.cores": "1",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""What sessions on a small machine set."""
_PATIENCE = 120.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass
class Cluster:
    """A running cluster. `master` is its address."""

    folder: Path
    port: int
    page: int
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def master(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def add_worker(self, cores: int = 1, memory: str = "1g") -> None:
        """Start one more worker, and wait until the master knows it."""
        name = f"worker-{len(self.workers)}"
        options = ["--host", "127.0.0.1", "--cores", str(cores), "--memory", memory]
        place = ["--webui-port", "0", "--work-dir", str(self.folder / name)]
        alive = self.alive()
        program, log = "org.apache.spark.deploy.worker.Worker", self.folder / f"{name}.log"
        self.workers.append(started(program, *options, *place, self.master, log=log))
        self._await(lambda: self.alive() > alive)

    def kill_worker(self) -> None:
        """Kill the youngest worker as a crash would: with what it runs, at once."""
        alive = self.alive()
        youngest = self.workers.pop()
        _kill_tree(youngest.pid)
        youngest.wait(_PATIENCE)
        self._await(lambda: self.alive() < alive)

    def alive(self) -> int:
        """How many workers the master counts."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.page}/json/", timeout=10) as answer:
            return sum(one["state"] == "ALIVE" for one in json.load(answer)["workers"])

    def _await(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            # While it starts the page refuses to answer, or answers something else.
            with contextlib.suppress(OSError, ValueError):
                if is_so():
                    return
            assert time.monotonic() < deadline, f"the cluster does not come: see {self.folder}"
            time.sleep(0.1)


@contextlib.contextmanager
def running(workers: int = 2, cores: int = 1, memory: str = "1g") -> Iterator[Cluster]:
    """A cluster with so many workers, for a block."""
    with tempfile.TemporaryDirectory(prefix="segue-spark-") as name:
        folder = Path(name)
        cluster = Cluster(folder, free_port(), free_port())
        options = ["--host", "127.0.0.1", "--port", str(cluster.port)]
        page = ["--webui-port", str(cluster.page)]
        master = started(
            "org.apache.spark.deploy.master.Master", *options, *page, log=folder / "master.log"
        )
        try:
            cluster._await(lambda: cluster.alive() == 0)
            for _ in range(workers):
                cluster.add_worker(cores, memory)
            yield cluster
        finally:
            for process in (*cluster.workers, master):
                _kill_tree(process.pid)
                process.wait(_PATIENCE)


@contextlib.contextmanager
def connecting() -> Iterator[str]:
    """The address of a server of Spark Connect that works by itself, for a block."""
    with tempfile.TemporaryDirectory(prefix="segue-connect-") as folder:
        port, log = free_port(), Path(folder) / "log"
        conf = {**SETTINGS, "spark.connect.grpc.binding.address": "127.0.0.1"}
        conf["spark.connect.grpc.binding.port"] = str(port)
        options = [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
        server = started(
            "org.apache.spark.deploy.SparkSubmit", "--master", "local[2]", *options,
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
            log=log,
        )  # fmt: skip
        try:
            _await_port(port, log)
            yield f"sc://127.0.0.1:{port}"
        finally:
            _kill_tree(server.pid)
            server.wait(_PATIENCE)


def _await_port(port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.1)


def started(name: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
    """One of Spark's programs, which ends with this process."""
    with log.open("wb") as file:
        return subprocess.Popen(
            [HOME / "bin" / "spark-class", name, *arguments],
            env={**os.environ, **environment()},
            stdout=file,
            stderr=file,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509
        )


def environment() -> dict[str, str]:
    """What Spark's programs find themselves by."""
    return {
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(HOME),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYARROW_IGNORE_TIMEZONE": "1",
    }


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _die_with_parent() -> None:
    """In the child, before it becomes Java; no thread of ours holds a lock meanwhile."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _kill_tree(pid: int) -> None:
    """Kill a process, and the executors that a worker started."""
    for child in _children(pid):
        _kill_tree(child)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        lists = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for one in lists for child in one.read_text().split()]
    return []
