"""A load that is killed at any moment leaves the last complete state; the next load completes the work."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.stores import EmbeddedStore
from tests.commands import run, run_anew
from tests.conftest import BASE, DATA, load

COUNT = 1_000


def feed(path: Path, year: int) -> None:
    lines = [
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .",
        *(
            f'<https://example.org/d/{n}> a dcat:Dataset ; dct:title "Set {n}" ; dct:publisher "P{n % 7}" ;'
            f' dct:description "Made in {year} by us." ;'
            f' dcat:landingPage <https://example.org/{n}> ; dcat:keyword "k{n}", "y{year}" .'
            for n in range(COUNT)
        ),
    ]
    path.write_text("\n".join(lines))


def check(store: EmbeddedStore) -> set[str]:
    """Every record is whole, of one year, and found by search; gives the years."""
    catalog = Catalog(store)
    years = set()
    for record in catalog.records():
        text = str(record.triples)
        if "example.org/d/" not in record.dataset.value:
            continue
        found = {year for year in ("2001", "2002") if f"Made in {year}" in text}
        keywords = {year for year in ("2001", "2002") if f"y{year}" in text}
        assert found == keywords
        assert len(found) == 1, "a record is of one load or of the other"
        years |= found
    from ndl_graph.search import SearchQuery

    assert catalog.search(SearchQuery(limit=1)).total == len(catalog.listing())
    return years


@pytest.mark.slow
def test_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store", BASE)
    load(store, DATA)
    demo = len(Catalog(store).listing())
    feed(tmp_path / "old.ttl", 2001)
    feed(tmp_path / "new.ttl", 2002)
    start = time.monotonic()
    assert run_anew("load", tmp_path / "old.ttl", "--store", store.folder).code == 0
    whole = time.monotonic() - start
    chance = random.Random(7)
    current = "old.ttl"
    for moment in range(20):
        current = "new.ttl" if current == "old.ttl" else "old.ttl"
        process = subprocess.Popen(
            [sys.executable, "-m", "ndl_graph", "load", str(tmp_path / current), "--store", str(store.folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(chance.uniform(0.1, 1.1) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT if moment % 5 == 4 else signal.SIGKILL)
            process.wait(30)
        assert len(check(store)) == 1, "a load is seen whole or not at all"
        assert len(Catalog(store).listing()) == COUNT + demo
    said = json.loads(run("load", tmp_path / "new.ttl", "--store", store.folder, "--json").out)
    assert said["changed"] + said["unchanged"] == COUNT
    assert check(store) == {"2002"}
    assert not list(store.folder.glob("work-*")), "what a killed load left behind is cleared away"


def test_interrupted_load_says_so(tmp_path: Path) -> None:
    feed(tmp_path / "feed.ttl", 2001)
    process = subprocess.Popen(
        [sys.executable, "-m", "ndl_graph", "load", "-", "--store", str(tmp_path / "s"), "--format", "turtle"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What is started in the background of a shell script ignores Ctrl-C, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    assert b"reading" in process.stderr.readline()
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Interrupted" in err
    assert b"Traceback" not in err


def test_an_interruption_is_not_lost_while_something_is_cleared_away() -> None:
    """Python drops what is raised in `__del__`, and would go on with the load."""
    program = """
import signal, sys, time
from ndl_graph import cli

class Untimely:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

@cli.cli.command()
def wait():
    Untimely()
    time.sleep(20)
    print("went on")

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["ndl-graph", "wait"]
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, b"")
    assert b"Interrupted" in done.stderr
    assert b"Traceback" not in done.stderr
