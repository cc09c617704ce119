"""Settings all tests share: no timings from hypothesis, no network, skips that fail in CI."""

import os

import pytest
from hypothesis import settings

# Two busy cores make single examples slow now and then; speed is benchmarks/' business.
settings.register_profile("mexlab", deadline=None)
settings.load_profile("mexlab")

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With MEXLAB_CI=1 a skip is a failure: CI has everything the tests want."""
    report = yield
    if report.skipped and os.environ.get("MEXLAB_CI") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
