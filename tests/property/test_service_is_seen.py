"""Whatever the engine takes for a call to another server is seen before the engine sees it."""

import re
from itertools import product
from typing import Final

import pytest
from pyoxigraph import Store

from ndl_graph.errors import QueryError
from ndl_graph.sparql import read_query

#: What may stand before SERVICE, as the grammar has it, and as people who mean harm would write it.
BEFORE: Final = (
    "?x", "$x", "1", "1.", "1.5", ".5", "1e5", "-1", "true", "ex:", "ex:a", "ex:a.b", "ex:a..b", "ex:a-b", "ex:a%41",
    "ex:a.b.c", "ex:a.b:c", "ex:a.b-c", "ex:a.%41", "ex:a.b.", "ex:1.2",
    r"ex:a\#b", r"ex:a\'b", r"ex:a\.", "ex:1", "ex::", ":", ":a", "_:b", "_:b-1", "_:b.c", "<http://x/#>", "<a'b>",
    r"<http://x/\u0041#>", "<>", '"a"', "''", '""', '""""""', '"a"@en', "'a'@en-GB", '"\\""', '"\\\\"', '"""a""b"""',
    "'''a'b'''", '"#"', '"a"^^ex:t', '"a"^^ex:t.u', '"1"^^<http://x/#>', "[]", "()", "[ ex:q 'SERVICE' ]", "(1 'a')",
    "?service", "ex:service", r"ex:service\{",
)  # fmt: skip
JOINTS: Final = ("", " ", ".", " .", ". ", "..", ".\n", " .#c\n", "\t", "; ex:q 2 .", ", 3 .", ".ex:a ex:b ex:c.")
CALLS: Final = (
    "SERVICE<http://127.0.0.1:1/>{",
    "service silent ex:e {",
    "SERVICE?e{",
    "SERVICEex:e{",
    "SerVice #{\n <http://127.0.0.1:1/>\n{",
    "{SERVICE<http://127.0.0.1:1/>{?a ?b ?c}} SERVICE:e{",
)
SERVICE: Final = re.compile("service", re.I)


def parses(text: str) -> bool:
    """Whether the engine takes the text for a query, whatever becomes of it."""
    try:
        Store().query(text)
    except SyntaxError:
        return False
    except (OSError, ValueError, RuntimeError):
        return True
    return True


@pytest.mark.parametrize("call", CALLS)
def test_what_the_engine_takes_for_service_is_seen(call: str) -> None:
    calls, unseen = 0, []
    for before, joint in product(BEFORE, JOINTS):
        start = f"PREFIX ex: <http://e/> PREFIX : <http://f/> SELECT * {{ ?s ?p {before}{joint}"
        text = f"{start}{call}?a ?b ?c}} }}"
        # Where another word does as well, it is part of a name.
        if parses(text) and not parses(f"{start}{SERVICE.sub('Xervice', call)}?a ?b ?c}} }}"):
            calls += 1
            try:
                seen = bool(read_query(text).services)
            except QueryError:
                seen = True
            if not seen:
                unseen.append(text)
    assert not unseen
    assert calls > 100, "else the test says nothing"
