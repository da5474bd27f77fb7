"""A small part of `tests/fuzz.py`: no traceback and nothing silently wrong."""

import pytest
from fuzz import CLEAR, KINDS_OF_TRIALS, fuzz


@pytest.mark.parametrize(
    ("kind", "each"), [("pictures", 60), ("weights", 15), ("annotations", 40), ("commands", 25)]
)
def test_what_is_spoiled_is_refused_or_read_rightly(kind, each, monkeypatch):
    monkeypatch.delenv("CAM_DATA", raising=False)
    counts, bad = fuzz(KINDS_OF_TRIALS[kind], each, seed=1)
    assert bad == []
    assert counts.total() == each
    assert counts[CLEAR] > each / 5  # the trials do spoil something
