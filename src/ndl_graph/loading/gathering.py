"""Gathering: what the files of a source say, parsed and normalised, in a spool."""

import logging
from itertools import islice
from typing import Final

from ndl_graph.errors import NdlGraphError, ParseError, SourceError
from ndl_graph.formats import Format, detect
from ndl_graph.normalise import Normaliser, Repairs
from ndl_graph.sources import Limits, Source, open_item
from ndl_graph.spool import Spool

__all__ = ["gather"]

_LOG: Final = logging.getLogger(__name__)


def gather(
    source: Source, normaliser: Normaliser, spool: Spool, limits: Limits, form: Format | None = None
) -> tuple[list[NdlGraphError], dict[str, str]]:
    """Parses and normalises everything in a source into the spool; a file that is broken is left out whole.

    Gives the errors, and for each subject that may be a record the file it was read from.
    """
    errors: list[NdlGraphError] = []
    files: dict[str, str] = {}
    try:
        items = source.items()
    except SourceError as error:
        return [error], files
    repairs = normaliser.repairs
    for number, item in enumerate(items, start=1):
        normaliser.repairs = Repairs()
        try:
            with open_item(item, limits) as opened:
                chosen = form or detect(opened.data, item.name, opened.media_type)
                if chosen.read is None:
                    raise SourceError(f"{chosen.name} can be written, not read")
                before = len(spool.roots_seen)
                base = opened.address or chosen.base_of(number)
                spool.add(normaliser.blocks(chosen.read(opened.data, base)))
                for node in islice(spool.roots_seen, before, None):
                    files[node] = item.name
                repairs.add(normaliser.repairs)
        except NdlGraphError as error:
            error.where = error.where or ("standard input" if item.name == "-" else item.name)
            errors.append(error)
        except OSError as error:
            errors.append(SourceError(f"it cannot be read: {error.strerror or error}", where=item.name))
        except Exception as error:  # noqa: BLE001 - one file at fault must not take the others down
            _LOG.debug("%s cannot be read", item.name, exc_info=True)
            errors.append(
                ParseError(
                    f"it could not be read ({type(error).__name__}: {str(error)[:200]})",
                    where=item.name,
                    hint="This is a fault of ndl-graph. Please report it with the description that shows it.",
                )
            )
    normaliser.repairs = repairs
    return errors, files
