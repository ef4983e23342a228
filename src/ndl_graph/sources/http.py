"""Reads a description from the web, with a size limit, a time limit and few redirects."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import urljoin

import httpx

from ndl_graph.errors import SourceError
from ndl_graph.namespaces import is_web

__all__ = ["Limits", "download"]

_ACCEPT: Final = (
    "text/turtle, application/ld+json;q=0.9, application/n-triples;q=0.9, application/rdf+xml;q=0.8, "
    "application/json;q=0.7, application/yaml;q=0.6, text/csv;q=0.5, text/html;q=0.4"
)
_IN_MEMORY: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """How much of a source is read, and for how long."""

    file_bytes: int = 2 * 1024**3
    download_bytes: int = 256 * 1024**2
    seconds: float = 60
    redirects: int = 5


@contextmanager
def download(url: str, limits: Limits) -> Iterator[tuple[IO[bytes], str, str]]:
    """The body at a URL, seekable, its media type, and the address that it came from in the end.

    Raises `SourceError` that says what the server did.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        try:
            media_type, address = _fetch(url, copy, limits)
        except httpx.TimeoutException:
            raise SourceError(f"it did not answer within {limits.seconds:.0f} s", where=url, hint=_AGAIN) from None
        except (httpx.InvalidURL, ValueError) as error:
            raise SourceError(f"this is no web address: {error}", where=url, hint=_LOOK) from None
        except httpx.DecodingError:
            raise SourceError(
                "what it sends is not compressed as it says", where=url, hint="Tell those who run the server."
            ) from None
        except httpx.HTTPError as error:
            raise SourceError(f"it cannot be reached: {error or type(error).__name__}", where=url, hint=_LOOK) from None
        copy.seek(0)
        yield copy, media_type, address


_AGAIN: Final = "Try again later, or raise the setting download_seconds."
_LOOK: Final = "Open the address in a browser, and correct it or download the file by hand."


def _fetch(url: str, copy: IO[bytes], limits: Limits) -> tuple[str, str]:
    end = time.monotonic() + limits.seconds
    with httpx.Client(timeout=limits.seconds, follow_redirects=False, headers={"Accept": _ACCEPT}) as client:
        address = url
        for _ in range(limits.redirects + 1):
            with client.stream("GET", address) as response:
                if response.has_redirect_location:
                    there = response.headers["location"]
                    try:
                        address = urljoin(address, there)
                    except ValueError:
                        address = there
                    if not is_web(address):
                        raise SourceError(
                            f"it redirects to {there}, which is no web address",
                            where=url,
                            hint="Tell those who run the server.",
                        )
                    continue
                if response.status_code != 200:
                    raise SourceError(
                        f"the server answered {response.status_code} {response.reason_phrase}", where=url, hint=_LOOK
                    )
                size = 0
                for chunk in response.iter_bytes():
                    size += len(chunk)
                    if size > limits.download_bytes:
                        raise SourceError(
                            f"it is larger than {limits.download_bytes:,} bytes",
                            where=url,
                            hint="Download it by hand and load the file, or raise the setting max_download_bytes.",
                        )
                    if time.monotonic() > end:
                        raise SourceError(f"it was not complete within {limits.seconds:.0f} s", where=url)
                    copy.write(chunk)
                media_type: str = response.headers.get("content-type", "")
                return media_type, address
    raise SourceError(
        f"it redirects more than {limits.redirects} times", where=url, hint="Open the address in a browser."
    )
