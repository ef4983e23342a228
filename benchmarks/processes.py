"""What the benchmarks share: processes with their time and memory, and the size of a folder."""

import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

__all__ = ["Usage", "command", "folder_bytes", "free_port", "load", "resident_bytes", "run", "table"]


@dataclass(frozen=True)
class Usage:
    """What a process took: seconds on the clock, seconds of processor, and bytes resident at most."""

    seconds: float
    processor: float
    peak: int


def command(name: str) -> str:
    """The path of a command that was installed beside this Python."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        sys.exit(f"{path} is missing: pip install --editable '.[bench]'")
    return str(path)


def run(arguments: Sequence[str]) -> Usage:
    """Runs a process to its end; ends this one where it fails."""
    with tempfile.TemporaryFile() as errors:
        start = perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            sys.exit(f"{' '.join(arguments)}\n{errors.read().decode(errors='replace')}")
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def load(source: Path, store: Path) -> Usage:
    """Loads a file into a store."""
    base = ("--base-iri", "http://127.0.0.1:8000/")
    return run([command("ndl-graph"), "load", str(source), "--store", str(store), *base, "--quiet"])


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder; a file with several names counts once."""
    found = (path.lstat() for path in folder.rglob("*") if path.is_file())
    return sum({entry.st_ino: entry.st_size for entry in found}.values())


def resident_bytes(pid: int) -> int:
    """What a process and its children hold in memory now."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = {int(child) for task in tasks for child in task.read_text().split()}
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(map(resident_bytes, children))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is left-aligned, numbers are right-aligned."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
