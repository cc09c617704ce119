"""What all tests of the collector share."""

import sys

import pytest


@pytest.fixture(autouse=True)
def main_module():
    """Streamlit's AppTest leaves its script as __main__, which spawned processes would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
