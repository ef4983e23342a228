"""How many tokens a text is at the most, without the tables of a tokenizer."""

import re
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["most_tokens"]

#: What byte-pair encodings cut at: names made of letters and digits, words, capitals, digits by threes, marks.
_PIECE: Final = re.compile(
    r"(?P<name>(?=[A-Za-z+/_-]*[0-9])[0-9A-Za-z+/_]{12,}|[A-Za-z]{20,})"
    r"|(?P<word>[A-Z]?[a-z]+)|(?P<capitals>[A-Z]+)|(?P<digits>[0-9]{1,3})|(?P<space>\s+)|(?P<marks>[^\w\s]+|_+)|(?P<letter>\w)"
)
#: Marks that stand together in compact JSON and in addresses, one token each.
_TOGETHER: Final = frozenset({'","', '":"', '":', '":["', '"],"', '"},{"', '},{"', '"},"', '":{"', ',"', '"', "://"})


def most_tokens(text: str) -> int:
    """An upper bound of the tokens of a text in o200k: some 1.5 times as many as there are.

    Digests, addresses, numbers and other scripts are counted as the small pieces they fall into. Only letters in an
    order that no language has can be more.
    """
    return int(1.05 * sum(_COSTS[match.lastgroup or ""](match[0]) for match in _PIECE.finditer(text)))


def _marks(piece: str) -> int:
    return 1 if piece in _TOGETHER else sum(map(_mark, piece))


def _mark(mark: str) -> int:
    code = ord(mark)
    if code < 0x600:
        return 1
    if 0x3000 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4:
        return 2  # Chinese, Japanese, Korean
    return 1 if mark.isalpha() and code < 0x3000 else len(mark.encode())


_COSTS: Final[Mapping[str, Callable[[str], int]]] = {
    "name": lambda piece: 1 + int(len(piece) / 1.4),
    "word": lambda piece: 1 + (len(piece) - 1) // 4,
    "capitals": lambda piece: 1 + (len(piece) - 1) // 2,
    "digits": lambda _: 1,
    "space": lambda piece: 0 if piece == " " else 1 + len(piece) // 8,
    "marks": _marks,
    "letter": _mark,
}
