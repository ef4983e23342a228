"""Checks of descriptions from outside, each in a process that has a time and a memory limit and can be killed."""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
import traceback
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection
from typing import Final

from ndl_graph.checking.checker import Checker, Document, Fix
from ndl_graph.errors import BusyError, LimitError, NdlGraphError, ParseError
from ndl_graph.formats import detect, format_named, readable
from ndl_graph.validation import ValidationReport, load_profile

__all__ = ["CheckRequest", "Checked", "Turns", "check_confined"]


@dataclass(frozen=True)
class CheckRequest:
    """A description from outside: its bytes, what is known of its format, the profiles, whether to repair it."""

    name: str
    content: bytes
    media_type: str
    format: str
    profiles: tuple[str, ...]
    fix: bool


@dataclass(frozen=True)
class Checked:
    """What came of a check."""

    report: ValidationReport
    fix: Fix | None


def check_confined(asked: CheckRequest, base: str, seconds: float, memory: int) -> Checked:
    """Checks a description in a process that has a time and a memory limit and can be killed; two run at once.

    Raises what the command `validate` raises, `LimitError` for what takes too much, and `BusyError`.
    """
    if not _TURNS.acquire(timeout=_PATIENCE):
        raise BusyError("too many descriptions are being checked at once", hint="Try again in a moment.")
    try:
        return _check_confined(asked, base, seconds, memory)
    finally:
        _TURNS.release()


#: How many run at once, whoever asks, people or agents: each may take gigabytes.
AT_ONCE: Final = 2
_TURNS: Final = threading.BoundedSemaphore(AT_ONCE)
_PATIENCE: Final = 10.0  # seconds
#: Descriptions that one client may have sent and not heard of.
_MOST_ASKED: Final = 4


class Turns:
    """Whose description is checked next: a few at a time, one of each client, and nobody waits without end.

    Those who wait do so here, not in the threads in which others' pages are made; belongs to one event loop.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._own: dict[str, asyncio.Semaphore] = {}
        self._asked: Counter[str] = Counter()

    @asynccontextmanager
    async def one(self, client: str) -> AsyncIterator[None]:
        """A turn of a client; raises `BusyError` where it has several already, or none comes in time."""
        if self._asked[client] >= _MOST_ASKED:
            raise BusyError("several of your descriptions are being checked", hint="Send one after the other.")
        own = self._own.setdefault(client, asyncio.Semaphore(AT_ONCE - 1))
        self._asked[client] += 1
        taken: list[asyncio.Semaphore] = []
        try:
            try:
                async with asyncio.timeout(_PATIENCE):
                    for turn in (own, self._free):
                        await turn.acquire()
                        taken.append(turn)
            except TimeoutError:
                said = "too many descriptions are being checked at once"
                raise BusyError(said, hint="Try again in a moment.") from None
            yield
        finally:
            for turn in taken:
                turn.release()
            self._asked[client] -= 1
            if not self._asked[client]:
                del self._asked[client], self._own[client]


def _check_confined(asked: CheckRequest, base: str, seconds: float, memory: int) -> Checked:
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_child, args=(theirs, asked, base, memory), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise _too_much(f"it took longer than {seconds} s", "check_seconds", seconds)
        found = ours.recv()
    except EOFError:
        process.join(_LAST_WORDS)
        if process.exitcode in _OUT_OF_MEMORY:
            raise _too_much(f"it took more than {memory:,} bytes of memory", "check_memory_bytes", memory) from None
        raise ParseError(
            f"it ended the process that read it (exit {process.exitcode})",
            hint="This is a fault of ndl-graph. Please report it with the description that shows it.",
        ) from None
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    if isinstance(found, NdlGraphError):
        raise found
    assert isinstance(found, Checked)
    return found


#: How a child ends that gets no more memory: by its own word, by the engine's, or by the system's.
_OUT_OF_MEMORY: Final = (1, -signal.SIGABRT, -signal.SIGKILL)
_LAST_WORDS: Final = 5.0  # seconds


def _too_much(what: str, name: str, value: float) -> LimitError:
    return LimitError(
        f"the description cannot be checked here: {what}",
        limit=name,
        value=value,
        hint="Check it on your own machine: ndl-graph validate FILE.",
    )


#: Children of a server process that has done nothing but import: what a thread here holds is not held there.
_PROCESSES: Final = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def _child(out: Connection, asked: CheckRequest, base: str, memory: int) -> None:
    """Runs in a process of its own; sends the result or the error, and is gone without a word where memory ends."""
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        profiles = [load_profile(name, base) for name in asked.profiles]
        data = BytesIO(asked.content)
        form = format_named(asked.format, readable()) if asked.format else detect(data, asked.name, asked.media_type)
        checker = Checker(base, [Document(asked.name, data, form)], placed_bytes=_PLACED_CONFINED)
        out.send(Checked(checker.report(profiles), checker.fix() if asked.fix else None))
    except RecursionError:
        out.send(ParseError("it is nested too deeply"))
    except NdlGraphError as error:
        out.send(error)
    except MemoryError:
        os._exit(1)
    except BaseException as error:  # noqa: BLE001 - an engine's panic is one too, and the asker must hear of either
        traceback.print_exc()
        out.send(
            ParseError(
                f"it could not be checked ({type(error).__name__}: {str(error)[:200]})",
                hint="This is a fault of ndl-graph. Please report it with the description that shows it.",
            )
        )


#: What is asked over the web is answered at once: longer texts get the first mention of a node.
_PLACED_CONFINED: Final = 1024 * 1024
