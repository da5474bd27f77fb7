"""Fixtures of all tests."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def no_open_figures():
    """A test that draws leaves no figure open to the next, in whichever order they run."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photos, weights and golden cases; skips where it is absent."""
    path = Path(__file__).resolve().parents[2] / "shared"
    if not path.is_dir():
        pytest.skip("needs ../shared (real photos, weights and golden cases)")
    return path


@pytest.fixture
def repo() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]
