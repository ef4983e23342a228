"""SPARQL servers that the tests start: `oxigraph serve`, and Apache Jena Fuseki where Java is there."""

import os
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ndl_graph.stores import Server
from tests.conftest import free_port, need

#: Where `.ci/run` puts what no Python package brings.
COMPONENTS = Path(os.environ.get("NDL_GRAPH_TEST_COMPONENTS", Path.home() / ".cache" / "ndl-graph"))
FUSEKI = "jena-fuseki-server-5.6.0.jar"


def server(address: str, seconds: float = 30) -> Server:
    """A server whose queries and updates are where Fuseki and Oxigraph have them."""
    return Server(f"{address}/query", f"{address}/update", seconds=seconds)


@contextmanager
def started(command: list[str], address: str, log: Path) -> Iterator[str]:
    """A server for as long as it is needed; gives its address once it answers queries."""
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end:
                assert process.poll() is None, log.read_text()
                try:
                    if httpx.get(f"{address}/query", params={"query": "ASK {}"}).status_code in (200, 401):
                        break
                except httpx.TransportError:
                    continue
            else:
                pytest.fail(f"{command[0]} did not answer: {log.read_text()}")
            yield address
        finally:
            process.kill()  # a server that is asked to end waits for those who are connected


@contextmanager
def oxigraph(folder: Path, port: int | None = None) -> Iterator[str]:
    """`oxigraph serve` on a folder."""
    port = port or free_port()
    program = str(Path(sysconfig.get_path("scripts")) / "oxigraph")
    folder.mkdir(parents=True, exist_ok=True)
    command = [program, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    with started(command, f"http://127.0.0.1:{port}", folder / "log") as address:
        yield address


def need_fuseki() -> Path:
    """The jar of Fuseki; skips where it or Java is missing."""
    jar = COMPONENTS / FUSEKI
    need(shutil.which("java") is not None, "Java")
    need(jar.is_file(), f"Apache Jena Fuseki ({jar})")
    return jar


@contextmanager
def fuseki(folder: Path, *options: str) -> Iterator[str]:
    """Fuseki with a dataset in memory at `/ds`."""
    jar, port = need_fuseki(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        "java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(jar),
        "org.apache.jena.fuseki.main.cmds.FusekiMainCmd", "--localhost", "--port", str(port), "--timeout=20000",
        *options, "--mem", "/ds",
    ]  # fmt: skip
    with started(command, f"http://127.0.0.1:{port}/ds", folder / "log") as address:
        yield address
