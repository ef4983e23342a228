"""Text as it must come in: UTF-8."""

from ndl_graph.errors import ParseError

__all__ = ["utf8"]


def utf8(content: bytes, hint: str = "Save the file again with the encoding UTF-8.") -> str:
    """The text without a mark at its start; raises `ParseError` with line and column where it is not UTF-8."""
    try:
        # Not by `utf-8-sig`, which counts from behind the mark.
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ParseError("the text is not UTF-8", line=line, column=column, hint=hint) from None
