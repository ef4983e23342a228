"""Runs commands in children of a process that has the program in memory.

The suite runs some 500 commands, and to load the program takes ten times as long as most of them. What a command does
is the same: a process of its own, with its own folder, environment and streams. `test_docs.py`, `test_packaging.py` and
`crash/` start commands as a shell does.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["Ran", "run", "run_anew"]

_STREAMS: Final = ("in", "out", "err")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.out + self.err, self.err
        assert "This is a fault of ndl-graph" not in self.out + self.err, self.err


def run(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None, timeout: float = 120, **env: str) -> Ran:
    """Runs `ndl-graph` as a user does."""
    with ExitStack() as stack:
        streams = [stack.enter_context(tempfile.NamedTemporaryFile()) for _ in _STREAMS]
        streams[0].write(stdin)
        streams[0].flush()
        asked = {
            "arguments": list(map(str, arguments)),
            "folder": str(cwd or Path.cwd()),
            "environment": _environment(env),
            "streams": [one.name for one in streams],
            "timeout": timeout,
        }
        code = _parent().run(asked)
        out, err = (Path(one.name).read_bytes().decode() for one in streams[1:])
    return Ran(code, out, err)


def run_anew(*arguments: str | Path, cwd: Path | None = None) -> Ran:
    """Runs `ndl-graph` in an interpreter of its own, as a shell does."""
    command = [sys.executable, "-m", "ndl_graph", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=120, cwd=cwd, env=_environment({}), check=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", **more}


class _Parent:
    """The process whose children the commands are; it ends with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, asked: dict[str, Any]) -> int:
        """The exit status of a command; raises `subprocess.TimeoutExpired`."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        if code is None:
            raise subprocess.TimeoutExpired(asked["arguments"], asked["timeout"])
        return int(code)


@cache
def _parent() -> _Parent:
    return _Parent()


# --- in the parent of the commands ---


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Runs command after command; answers with the exit status, or null where the time was up."""
    import ndl_graph.cli
    import ndl_graph.formats.turtle_places

    gc.freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    for line in requests:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            requests.close()
            answers.close()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            _become(asked)
            ndl_graph.cli.main()
            sys.exit(0)
        ended = signal.sigtimedwait({signal.SIGCHLD}, asked["timeout"])
        if ended is None:
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(json.dumps(status if ended else None).encode() + b"\n")
        answers.flush()


def _become(asked: dict[str, Any]) -> None:
    """Takes on the streams, folder, environment and arguments of a command."""
    for number, name in enumerate(asked["streams"]):
        opened = os.open(name, os.O_WRONLY if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as the process lives
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - so does this
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115 - and this
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["ndl-graph", *asked["arguments"]]


if __name__ == "__main__":
    with os.fdopen(os.dup(0), "rb") as _requests, os.fdopen(os.dup(1), "wb") as _answers:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # what is not meant for an answer is none
        _serve(_requests, _answers)
