"""The command line as a person meets it: help, documentation, light imports, one-line errors."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mexlab.cli import mexlab

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "cv2", "streamlit", "feat", "mediapipe", "PySide6", "pandas")


def commands(group=mexlab, prefix=("mexlab",)):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*prefix, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))


ALL = dict(commands())


def test_the_umbrella_finds_the_other_packages():
    assert {("mexlab", name) for name in ("collector", "annotate", "pipeline", "simulate")} <= set(
        ALL
    )


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_option_has_help(path):
    command = ALL[path]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.help:
            assert isinstance(option.type, click.Choice) or option.is_flag or option.is_bool_flag, (
                option
            )


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_a_line_in_the_readme(path):
    typed = " ".join(path[1:] if path[1] in ("collector", "annotate", "pipeline") else path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`{typed}" in readme or isinstance(ALL[path], click.Group)


def test_every_folder_is_in_the_readme_tree():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    folders = {str(Path(name).parent) for name in tracked} - {".", ".ci"}
    tree = readme.split("## The tree")[1].split("## ")[0]
    listed = set(re.findall(r"(?:^| )([a-z/]+)/(?=\s)", tree, re.MULTILINE))
    assert folders <= listed


def test_no_help_loads_anything_heavy():
    script = f"""
import sys
from click.testing import CliRunner
from tests.mexlab.test_commandline import ALL
for path, command in ALL.items():
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0, path
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["mexlab", "collector", "annotate", "pipeline"])
def test_the_console_scripts_are_there(name):
    program = Path(sys.executable).parent / name
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Usage: {name}")


@pytest.mark.parametrize(
    "arguments",
    [
        ("annotate", "analyse", "nowhere"),
        ("annotate", "locate", "nowhere"),
        ("annotate", "plot", "nowhere", "--session", "x"),
        ("collector", "participant", "nowhere", "P001"),
        ("mexlab", "simulate", "nowhere", "--participants", "1", "--seed", "1"),
        ("mexlab", "score", "nowhere"),
        ("mexlab", "verify", "nowhere"),
        ("pipeline", "build-dataset", "nowhere", "out"),
        ("pipeline", "train", "nowhere", "--out", "run"),
        ("pipeline", "report", "nowhere"),
    ],
    ids=" ".join,
)
def test_a_wrong_path_is_one_line_and_exit_1(arguments, tmp_path):
    program = Path(sys.executable).parent / arguments[0]
    done = subprocess.run(
        [program, *arguments[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"error: [^\n;]+; [^\n]*nowhere[^\n]*; [^\n]+\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_usage_error_exits_2(tmp_path):
    program = Path(sys.executable).parent / "pipeline"
    done = subprocess.run([program, "train"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2


def test_a_full_disk_is_one_line():
    script = """
from mexlab.commandline import Group
import click, errno
group = Group("x")
@group.command()
def fill():
    raise OSError(errno.ENOSPC, "No space left on device", "frames.parquet")
group.main(["fill"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: No space left on device; frames.parquet; ")
    assert done.stderr.count("\n") == 1


def test_a_bug_keeps_its_traceback():
    script = """
from mexlab.commandline import Group
group = Group("x")
@group.command()
def divide():
    1 / 0
group.main(["divide"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "ZeroDivisionError" in done.stderr
