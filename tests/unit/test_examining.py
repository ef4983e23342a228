"""Records are examined alike here and in a process of its own, which ends with the load and is done without."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog import Catalog
from ndl_graph.examining import Examination, Examiner, ExaminerProcess
from ndl_graph.history import own_lines
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import DCT
from ndl_graph.quality import Scorer
from ndl_graph.record import Record, Statements
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile
from tests.conftest import BASE, load

AT = "2026-11-26T20:00:00Z"
MANY = 1_100  # more than a chunk


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner([load_profile("ndl", BASE)], Scorer(), default_labels())


@pytest.fixture(scope="module")
def records(demo: Catalog) -> list[Record]:
    """As they come to a load; one of them without a title, which is a violation."""
    found = [replace(one, statements=Statements(lines=own_lines(one.statements))) for one in demo.records()]
    first = found[0]
    lines = [line for line in first.statements.lines if not line.startswith(f"{first.dataset} {DCT.title} ")]
    return [replace(first, statements=Statements(lines=lines)), *found[1:]]


def feed(path: Path, *, first: str = "") -> Path:
    """Many descriptions, one of which lacks a title, and one whose licence is known by name only."""
    path.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        + "".join(
            f"<https://example.org/d/{n}> a dcat:Dataset ; dct:publisher 'P{n % 7}' ; dct:license 'OGL v3' ;"
            f" dct:description 'Levels of river {n}{first if n == 0 else ''}.' ;"
            f" dcat:landingPage <https://example.org/{n}> " + (f"; dct:title 'Rivers {n}' .\n" if n != 5 else ".\n")
            for n in range(MANY)
        )
    )
    return path


def state(store: EmbeddedStore) -> dict[str, set[str]]:
    """Every graph, without the moments at which it was written."""
    moments = (DCT.issued, DCT.modified)
    return {
        one.iri.value: {str(t) for t in one.triples if not (t.subject == one.iri and t.predicate in moments)}
        for one in Catalog(store).records()
    }


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_what_is_found_is_the_same_in_a_process(examiner: Examiner, records: list[Record]) -> None:
    here = examiner.examine(records, AT)
    process = ExaminerProcess(examiner)
    try:
        there = process.examine(records, AT)
        assert there == here
        assert process.examine(records[1:3], AT) == examiner.examine(records[1:3], AT)
    finally:
        process.close()
    assert list(here.rejected) == [records[0].iri.value]
    assert "title" in here.rejected[records[0].iri.value].results[0].message
    assert set(here.found) == {one.iri.value for one in records[1:] if one.kind not in ("catalog", "use")}
    one = here.found[records[1].iri.value]
    assert any(f"{records[1].iri.value}#ai-score" in line for line in one.lines)
    assert one.entry["hit"]["described"] == AT[:10]


def test_whoever_asks_gets_the_answer_to_the_own_question(examiner: Examiner, records: list[Record]) -> None:
    process = ExaminerProcess(examiner)
    questions = [records, records[:1], records[5:40], records[1:2]] * 5
    try:
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(process.examine, questions, [AT] * len(questions)))
    finally:
        process.close()
    for question, answer in zip(questions, answers, strict=True):
        assert answer.rejected.keys() | answer.found.keys() <= {one.iri.value for one in question}
        assert answer == examiner.examine(question, AT)


def test_nothing_to_examine(examiner: Examiner) -> None:
    assert examiner.examine([], AT) == Examination({}, {}, {})


def test_a_process_that_is_killed_is_done_without(examiner: Examiner, records: list[Record]) -> None:
    process = ExaminerProcess(examiner)
    try:
        process.examine(records[:2], AT)
        os.kill(process.pid, signal.SIGKILL)
        assert process.examine(records, AT) == examiner.examine(records, AT)
        assert process.examine(records[:2], AT) == examiner.examine(records[:2], AT)
    finally:
        process.close()
    assert not is_running(process.pid)


def test_what_goes_wrong_in_the_process_is_told_here(examiner: Examiner, records: list[Record]) -> None:
    strange = replace(records[1], statements=Statements(lines=["no statement"]))
    process = ExaminerProcess(examiner)
    try:
        with pytest.raises(SyntaxError, match="subject of a triple"):
            process.examine([strange], AT)
        assert process.examine([records[2]], AT) == examiner.examine([records[2]], AT)
    finally:
        process.close()


def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    script = (
        "import time; from ndl_graph.examining import *; from ndl_graph.quality import Scorer; "
        "from ndl_graph.labels import default_labels; from ndl_graph.validation import load_profile; "
        "one = ExaminerProcess(Examiner([load_profile('ndl')], Scorer(), default_labels())); "
        "one.examine([], ''); print(one.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < until, "the process outlives the load"
        time.sleep(0.01)


def test_a_load_is_the_same_with_and_without_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = feed(tmp_path / "rivers.ttl")
    one, two = EmbeddedStore(tmp_path / "one", BASE), EmbeddedStore(tmp_path / "two", BASE)
    started: list[int] = []
    start = ExaminerProcess.__init__

    def counted(self: ExaminerProcess, examiner: Examiner) -> None:
        start(self, examiner)
        started.append(self.pid)

    monkeypatch.setattr(ExaminerProcess, "__init__", counted)
    beside = load(one, source)
    assert len(started) == 1
    assert not is_running(started[0])
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    alone = load(two, source)
    assert len(started) == 1
    assert (beside.added, beside.rejected) == (alone.added, alone.rejected) == (MANY - 1, 1)
    assert beside.sources[0].advice == alone.sources[0].advice
    assert beside.sources[0].rejected == alone.sources[0].rejected
    assert state(one) == state(two)
    assert Catalog(one).reasons(Catalog(one).rejected()[0]["iri"]) == Catalog(two).reasons(
        Catalog(two).rejected()[0]["iri"]
    )


def test_files_beside_the_load_are_no_modules(tmp_path: Path) -> None:
    source = feed(tmp_path / "rivers.ttl")
    for name in ("json.py", "pickle.py", "ndl_graph.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w'); raise SystemExit('no module')")
    script = f"import sys; sys.path.pop(0); from ndl_graph.cli import main; sys.argv = {['ndl-graph', 'load', str(source), '--store', str(tmp_path / 'store')]!r}; main()"  # noqa: E501
    done = subprocess.run([sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr.decode()
    assert not (tmp_path / "ran").exists()


def test_statements_go_to_another_process_as_they_are() -> None:
    import pickle

    triple = Triple(NamedNode("urn:a"), DCT.title, Literal('"Ŵ\n"', language="cy"))
    assert list(pickle.loads(pickle.dumps(Statements(triples=[triple]))).triples) == [triple]


def test_the_first_that_is_changed_is_told_as_changed(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store", BASE)
    load(store, feed(tmp_path / "rivers.ttl"))
    again = load(store, feed(tmp_path / "rivers.ttl", first=" and its banks"))
    assert (again.changed, again.unchanged, again.rejected) == (1, MANY - 2, 1)
