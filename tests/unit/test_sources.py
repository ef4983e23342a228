"""What a server does is told in words; what is relative is relative to where it came from."""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import DCAT
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import load

TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<#rivers> a dcat:Dataset ; dct:title "Rivers" ; dct:publisher "P" ; dct:description "Levels of rivers." ;
  dcat:distribution <#csv> . <#csv> a dcat:Distribution ; dcat:downloadURL <files/rivers.csv> .
"""
PAGE = """<!doctype html><script type="application/ld+json">{"@context": "https://schema.org/", "@type": "Dataset",
"name": "Buses", "description": "Where buses stop, and when.", "publisher": {"@type": "Organization", "name": "P"},
"distribution": {"@type": "DataDownload", "contentUrl": "/files/bus.csv"}}</script>"""


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body, status, more = "text/turtle", b"", 200, {}
        if self.path == "/data/rivers.ttl":
            body = TURTLE.encode()
        elif self.path == "/rivers.ttl.gz":
            kind, body = "application/gzip", gzip.compress(TURTLE.encode())
        elif self.path == "/moved":
            status, more = 302, {"Location": "/data/rivers.ttl"}
        elif self.path == "/bus":
            kind, body = "text/html", PAGE.encode()
        elif self.path == "/nowhere":
            status = 302
        elif self.path == "/wrong":
            status, more = 302, {"Location": "http://[x"}
        elif self.path == "/packed":
            body, more = b"no gzip", {"Content-Encoding": "gzip"}
        else:
            status = 404
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["/data/rivers.ttl", "/moved"])
def test_addresses_are_relative_to_where_the_file_came_from(site: str, path: str, store: EmbeddedStore) -> None:
    assert load(store, site + path).added == 1
    record = Catalog(store).get("rivers")
    assert record.dataset.value == f"{site}/data/rivers.ttl#rivers"
    view = DescriptionView(record.triples, record.dataset, default_labels())
    assert [part.link(DCAT.downloadURL) for part in view.distributions] == [f"{site}/data/files/rivers.csv"]


def test_those_of_a_page_are_too(site: str, store: EmbeddedStore) -> None:
    assert load(store, f"{site}/bus").added == 1
    view = Catalog(store).describe(Catalog(store).get("buses"))
    assert [part.link(DCAT.downloadURL, DCAT.accessURL) for part in view.distributions] == [f"{site}/files/bus.csv"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/none", "404"),
        ("/nowhere", "302"),
        ("/wrong", "cannot be reached"),
        ("/packed", "not compressed as it says"),
    ],
)
def test_what_goes_wrong_is_told_with_what_to_do(site: str, path: str, said: str, tmp_path: Path) -> None:
    done = run("load", site + path, "--store", tmp_path / "store")
    assert done.code == 2
    told, hint = done.err.strip().splitlines()[-2:]
    assert said in told
    assert hint.startswith("  ")
    assert len(hint.strip()) > 20


def test_a_compressed_file_is_unpacked_wherever_it_comes_from(site: str, store: EmbeddedStore, tmp_path: Path) -> None:
    packed = gzip.compress(
        TURTLE.replace("<#", "<https://example.org/#").replace("<files/", "<https://example.org/files/").encode()
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rivers.ttl.gz").write_bytes(packed)
    for source, data in (
        (tmp_path / "in", None),  # as one of a folder
        (tmp_path / "in" / "rivers.ttl.gz", None),
        ("-", packed),
        (f"{site}/rivers.ttl.gz", None),
    ):
        done = run("--json", "load", source, "--dry-run", "--store", tmp_path / "store", stdin=data or b"")
        assert done.code == 0, done.err
        assert json.loads(done.out)["added"] == 1, source


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (gzip.compress(TURTLE.encode())[:-20], "cannot be unpacked"),
        (b"\x1f\x8bnothing", "cannot be unpacked"),
        (gzip.compress(b"# " + b" " * 2_000_000), "larger than 1,000,000 bytes when it is unpacked"),
    ],
    ids=["cut off", "broken", "bomb"],
)
def test_what_cannot_be_unpacked_is_told(packed: bytes, said: str, tmp_path: Path) -> None:
    source = tmp_path / "a.ttl.gz"
    source.write_bytes(packed)
    done = run("load", source, "--store", tmp_path / "store", NDL_GRAPH_MAX_FILE_BYTES="1000000")
    assert done.code == 2
    assert said in done.err
    assert str(source) in done.err
