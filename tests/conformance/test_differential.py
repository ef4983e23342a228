"""Both engines find the same, by every profile on real descriptions from every source."""

from pathlib import Path
from typing import Final

import pytest
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.other_constraints import InConstraintComponent

from ndl_graph.validation import load_profile, profile_names, validate
from ndl_graph.validation.engines import ENGINES
from tests.conformance.test_engines import comparable
from tests.conformance.test_parity import CATALOGUES, statements
from tests.conftest import WHOLE

pytestmark = pytest.mark.slow

#: About as many statements of a catalogue are compared.
MOST: Final = None if WHOLE else 4_000


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps pySHACL from making up a sentence and a text of each result, on which it spends half of its time.

    Ours are the messages that stand in the shapes, and of constraints that have none there, what we say ourselves.
    """
    monkeypatch.setattr(ConstraintComponent, "make_v_result_description", lambda *_, **__: "")
    monkeypatch.setattr(InConstraintComponent, "make_generic_messages", lambda *_: [])


@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize("name", CATALOGUES)
def test_engines_agree_on_real_catalogues(name: str, profile: str, shared: Path) -> None:
    data = statements(shared, name, MOST)
    fast, reference = (
        comparable(validate([load_profile(profile)], data, ENGINES[one]).results) for one in ("fast", "reference")
    )
    assert not fast - reference, "found by the fast engine only"
    assert not reference - fast, "found by the reference only"
