"""Asks a service as fast as it answers, on connections that stay open: with `wrk`, or without where it is missing."""

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import Final

__all__ = ["Ask", "Measured", "measure"]

_SCRIPT: Final = """
local requests, at = {}, 0
function init(args)
  for _, ask in ipairs({%s}) do
    requests[#requests + 1] = wrk.format("GET", ask[1], {["Accept"] = ask[2]})
  end
end
function request()
  at = at %% #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format("\\nRESULT [%%d, %%d, %%f, %%f, %%d]\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Ask:
    """A path and the form that is asked for."""

    path: str
    accept: str = "*/*"


@dataclass(frozen=True)
class Measured:
    """Answers in a second, and milliseconds that half and 95 in 100 of them took at most."""

    rate: float
    median: float
    p95: float


def measure(port: int, asks: Sequence[Ask], seconds: int, connections: int) -> Measured:
    """Asks in turn for as long as told; raises where anything but 200 is answered."""
    if wrk := shutil.which("wrk"):
        return _with_wrk(wrk, port, asks, seconds, connections)
    return asyncio.run(_with_sockets(port, asks, seconds, connections))


def _with_wrk(wrk: str, port: int, asks: Sequence[Ask], seconds: int, connections: int) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % ", ".join(f"{{{json.dumps(ask.path)}, {json.dumps(ask.accept)}}}" for ask in asks))
        script.flush()
        address = f"http://127.0.0.1:{port}/"
        flags = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        said = subprocess.run([wrk, *flags, address], check=True, capture_output=True, text=True).stdout
    count, microseconds, median, p95, errors = json.loads(said.rsplit("RESULT ", 1)[1])
    if errors:
        raise RuntimeError(f"{errors} of {count} answers were errors:\n{said}")
    return Measured(1e6 * count / microseconds, median / 1000, p95 / 1000)


async def _with_sockets(port: int, asks: Sequence[Ask], seconds: int, connections: int) -> Measured:
    requests = cycle(
        [f"GET {ask.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {ask.accept}\r\n\r\n".encode() for ask in asks]
    )
    times: list[float] = []
    start = perf_counter()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (before := perf_counter()) < start + seconds:
            writer.write(next(requests))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b" 200 " not in head[:16]:
                raise RuntimeError(head.decode())
            await reader.readexactly(int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
            times.append(perf_counter() - before)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    whole = perf_counter() - start
    times.sort()
    return Measured(len(times) / whole, 1000 * times[len(times) // 2], 1000 * times[len(times) * 95 // 100])
