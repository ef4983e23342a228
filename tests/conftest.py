"""Fixtures: the demonstration catalogue, a service that really runs, and what may be missing on a machine."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.loading import Loader, LoadSummary
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
SHARED = ROOT.parent / "shared"
BASE = "http://127.0.0.1:8000/"
#: Whether real catalogues are gone through whole, for which the reference engine and mlcroissant take minutes.
WHOLE = "NDL_GRAPH_TEST_WHOLE" in os.environ


def need(present: bool, what: str) -> None:
    """Skips a test for want of a component; where everything must be there, fails instead."""
    if present:
        return
    if os.environ.get("NDL_GRAPH_TEST_REQUIRE_ALL"):
        pytest.fail(f"{what} is missing, and NDL_GRAPH_TEST_REQUIRE_ALL is set")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real descriptions that nobody here wrote; they lie beside the project where it is developed."""
    if not SHARED.is_dir():
        pytest.skip("../shared is missing: real descriptions are not tested")
    return SHARED


def load(store: EmbeddedStore, *sources: Path | str, dry_run: bool = False) -> LoadSummary:
    """Loads sources into a store with the default profile."""
    loader = Loader(store, [load_profile("ndl", store.base_iri)], dry_run=dry_run)
    return loader.load([Source(str(source)) for source in sources])


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The demonstration catalogue, for reading."""
    store = EmbeddedStore(tmp_path_factory.mktemp("demo") / "store", BASE)
    summary = load(store, DATA)
    assert not summary.errors
    return Catalog(store)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    """An empty store."""
    return EmbeddedStore(tmp_path / "store", BASE)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(store: Path | str, log: Path, **settings: object) -> Iterator[httpx.Client]:
    """The web service over a store, as a process on a free port."""
    port = free_port()
    # Vectors take seconds of every start, and are asked for by those who test them; tests that run beside others keep
    # queries from standing back for those.
    settings = {"meaning": "no", "query_nice": 0, **settings}
    environment = {f"NDL_GRAPH_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ndl_graph", "serve", "--port", str(port), "--store", str(store)],
            stdout=out,
            stderr=out,
            env={**os.environ, **environment},
        )
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            try:
                wait_until_ready(client, process)
                yield client
            finally:
                process.terminate()
                process.wait(20)
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="session")
def service(demo: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The web service over the demonstration catalogue."""
    assert isinstance(demo.store, EmbeddedStore)
    with serving(demo.store.folder, tmp_path_factory.mktemp("service") / "log") as client:
        yield client


def wait_until_ready(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    """Waits until the service answers, or fails when it has ended."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, "the service ended before it was ready"
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            continue
    pytest.fail("the service was not ready within 30 s")
