"""Readers on other machines serve copied snapshots: files first, then `CURRENT`, as `docs/scaling.md` has it."""

import os
import shutil
import time
from pathlib import Path

from ndl_graph.stores import EmbeddedStore
from tests.conftest import BASE, DATA, load, serving


def copy(source: Path, target: Path) -> None:
    """What `rsync` does between two machines."""
    target.mkdir(exist_ok=True)
    shutil.copytree(source / "snapshots", target / "snapshots", dirs_exist_ok=True)
    shutil.copy(source / "catalogue.json", target / "catalogue.json")
    shutil.copy(source / "CURRENT", target / "CURRENT.new")
    os.replace(target / "CURRENT.new", target / "CURRENT")  # noqa: PTH105 - as a shell would


def test_a_reader_takes_up_what_is_copied_to_it(tmp_path: Path) -> None:
    writer, reader = tmp_path / "writer", tmp_path / "reader"
    load(EmbeddedStore(writer, BASE), DATA / "open-wales")
    copy(writer, reader)
    with serving(reader, tmp_path / "log") as client:
        before = client.get("/readyz").json()["records"]
        assert client.get("/dataset/price-paid-data").status_code == 404
        load(EmbeddedStore(writer), DATA / "open-england")
        copy(writer, reader)
        end = time.monotonic() + 10
        while client.get("/dataset/price-paid-data").status_code != 200:
            assert time.monotonic() < end
        assert client.get("/readyz").json()["records"] > before
        asked = {"query": "ASK { ?d dct:title 'Price Paid Data'@en }"}
        assert client.post("/sparql", data=asked).json()["boolean"] is True
        assert client.get("/api/search", params={"q": "price paid"}).json()["total"] > 0
