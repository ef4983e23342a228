"""Where descriptions are read from: files, folders, patterns, standard input and the web."""

import glob
import gzip
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NamedTuple

from ndl_graph.errors import SourceError
from ndl_graph.formats import FORMATS
from ndl_graph.namespaces import is_web
from ndl_graph.sources.http import Limits, download

__all__ = ["Item", "Limits", "Opened", "Source", "open_item"]

_SUFFIXES: Final = (".json", *("." + suffix for form in FORMATS if form.read for suffix in form.suffixes))
_IN_MEMORY: Final = 8 * 1024 * 1024
_CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Item:
    """One thing to read: a path, `-` or a URL, under the name that messages use."""

    name: str


@dataclass(frozen=True)
class Source:
    """What was named on the command line; a folder or a pattern is one source of many items."""

    name: str

    def passed_over(self) -> list[str]:
        """The files of a folder that are of no kind read here."""
        path = Path(self.name)
        if not path.is_dir():
            return []
        taken = {item.name for item in self.items()}
        return sorted(str(inner) for inner in path.rglob("*") if inner.is_file() and str(inner) not in taken)

    def items(self) -> list[Item]:
        """The items in it, in a stable order; raises `SourceError` where there are none."""
        if self.name == "-" or is_web(self.name):
            return [Item(self.name)]
        path = Path(self.name)
        try:
            if path.is_dir():
                found = sorted(
                    inner
                    for inner in path.rglob("*")
                    if inner.is_file()
                    and inner.name.casefold().removesuffix(".gz").endswith(_SUFFIXES)
                    and not any(part.startswith(".") for part in inner.relative_to(path).parts)
                )
                if not found:
                    raise SourceError(
                        "there is no description in this folder",
                        where=self.name,
                        hint="Files are read by their suffix: " + ", ".join(sorted(set(_SUFFIXES))),
                    )
                return [Item(str(inner)) for inner in found]
            if path.exists():
                return [Item(self.name)]
        except OSError as error:
            raise SourceError(f"it cannot be read: {error.strerror}", where=self.name) from None
        if glob.has_magic(self.name):
            # `Path.glob` takes no absolute patterns.
            names = glob.glob(self.name, recursive=True)  # noqa: PTH207
            matched = sorted(name for name in names if Path(name).is_file())
            if matched:
                return [Item(name) for name in matched]
            hint = "Check the pattern, and put it between quotation marks so that the shell leaves it alone."
            raise SourceError("no file matches this pattern", where=self.name, hint=hint)
        if "://" in self.name:
            scheme = self.name.partition("://")[0]
            hint = "Give an address with http or https, or download the file and name that."
            raise SourceError(f"addresses with {scheme}:// are not read", where=self.name, hint=hint)
        raise SourceError("there is no such file or folder", where=self.name, hint="Check the path.")


class Opened(NamedTuple):
    """An item that is open: its bytes, seekable, its media type where one was stated, and its address if it has one."""

    data: IO[bytes]
    media_type: str = ""
    address: str | None = None


@contextmanager
def open_item(item: Item, limits: Limits) -> Iterator[Opened]:
    """Opens an item, and unpacks it where it is compressed (gzip, RFC 1952); raises `SourceError`."""
    most = limits.download_bytes if is_web(item.name) else limits.file_bytes
    with _open(item, limits) as opened, _unpacked(opened, item.name, most) as plain:
        yield plain


@contextmanager
def _unpacked(opened: Opened, name: str, most: int) -> Iterator[Opened]:
    head = opened.data.read(len(_GZIP))
    opened.data.seek(0)
    if head != _GZIP:
        yield opened
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        try:
            with gzip.GzipFile(fileobj=opened.data, mode="rb") as packed:
                while chunk := packed.read(_CHUNK):
                    if copy.tell() + len(chunk) > most:
                        raise SourceError(f"it is larger than {most:,} bytes when it is unpacked", where=name)
                    copy.write(chunk)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            hint = "It was not written or not fetched to its end: get it again."
            raise SourceError("it is compressed (gzip), and cannot be unpacked", where=name, hint=hint) from None
        copy.seek(0)
        # What is stated is the type of the package, not of what is in it.
        stated = "" if "gzip" in opened.media_type.casefold() else opened.media_type
        yield opened._replace(data=copy, media_type=stated)


@contextmanager
def _open(item: Item, limits: Limits) -> Iterator[Opened]:
    if is_web(item.name):
        with download(item.name, limits) as (data, media_type, address):
            yield Opened(data, media_type, address)
    elif item.name == "-":
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
            size = 0
            while chunk := sys.stdin.buffer.read(_CHUNK):
                size += len(chunk)
                if size > limits.file_bytes:
                    raise SourceError(f"it is larger than {limits.file_bytes:,} bytes", where="standard input")
                copy.write(chunk)
            copy.seek(0)
            yield Opened(copy)
    else:
        path = Path(item.name)
        try:
            size = path.stat().st_size
            if size > limits.file_bytes:
                raise SourceError(
                    f"it is larger than {limits.file_bytes:,} bytes",
                    where=item.name,
                    hint="Split it, or raise the setting max_file_bytes.",
                )
            file = path.open("rb")
        except OSError as error:
            raise SourceError(f"it cannot be read: {error.strerror}", where=item.name) from None
        with file:
            yield Opened(file)
