"""The commands: what they print, what they refuse, and that asking for help is cheap."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import pipeline

HEAVY = ("torch", "cv2", "pandas", "streamlit", "mediapipe", "PySide6", "feat", "matplotlib")


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout, stderr."""
    with pytest.raises(SystemExit) as caught:
        pipeline.main([str(argument) for argument in arguments], prog_name="pipeline")
    printed = capsys.readouterr()
    assert isinstance(caught.value.code, int)
    return caught.value.code, printed.out, printed.err


def test_train_and_report(
    small_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    train = ("train", small_dataset, "--preset", "tiny", "--epochs", 1, "--out", run)
    code, out, err = _run(capsys, *train, "--device", "cpu")
    assert code == 0, err
    assert out.splitlines()[-1] == f"next: pipeline report {run}"
    assert "left out: 8 clips, no label among the 3 classes" in err
    code, out, err = _run(capsys, "report", run)
    assert code == 0, err
    assert "Training (paper, Table 3)" in out
    assert (run / "report.html").is_file()


def test_json_is_the_metrics(
    small_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    options = ("--preset", "tiny", "--epochs", 1, "--json", "--out", run)
    code, out, _ = _run(capsys, "train", small_dataset, *options)
    assert code == 0
    assert json.loads(out) == json.loads((run / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "nowhere", "--out", "run"), "error: no such dataset; nowhere; "),
        (("report", "nowhere"), "error: no training run here; nowhere; "),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...],
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = _run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(says)
    assert not list(tmp_path.iterdir())


def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "train")[0] == 2
    assert _run(capsys, "train", "x", "--out", "y", "--input", "sound")[0] == 2


@pytest.mark.parametrize("command", [(), ("import",), ("diff",), ("train",), ("report",)])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    script = (
        "import sys; from pipeline.cli import pipeline\n"
        "pipeline.main(sys.argv[1:], standalone_mode=False)\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout
