"""Fixtures of all tests."""

from pathlib import Path

import pytest


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
