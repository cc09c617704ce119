import os
import subprocess
import sys

import pytest

from mexlab.atomic import atomic_file, atomic_folder, leftovers, write_json


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a" / "x.json"
    write_json(path, {"ñ": 1})
    assert path.read_text(encoding="utf-8") == '{\n  "ñ": 1\n}\n'
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert "ñ" in path.read_text(encoding="utf-8")
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]


def test_a_folder_is_replaced_only_by_a_whole_one(tmp_path):
    target = tmp_path / "out"
    with atomic_folder(target) as folder:
        (folder / "one").touch()
    with pytest.raises(RuntimeError), atomic_folder(target) as folder:
        (folder / "two").touch()
        raise RuntimeError
    assert [p.name for p in target.iterdir()] == ["one"]
    with atomic_folder(target) as folder:
        (folder / "two").touch()
    assert [p.name for p in target.iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def dead_pid():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        return process.pid


def test_the_old_folder_comes_back_if_the_new_one_never_took_its_place(tmp_path):
    (tmp_path / f".out.{dead_pid()}.old").mkdir()
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "out"):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_process_left_is_known_and_cleared(tmp_path):
    pid = dead_pid()
    (tmp_path / f".out.{pid}.tmp").mkdir()
    (tmp_path / f".frames.{pid}.tmp.parquet").touch()
    (tmp_path / f".other.{os.getpid()}.tmp").mkdir()  # a living process is writing this
    (tmp_path / ".hidden.txt").touch()
    assert {p.name for p in leftovers(tmp_path)} == {
        f".out.{pid}.tmp",
        f".frames.{pid}.tmp.parquet",
    }
    with atomic_folder(tmp_path / "out"), atomic_file(tmp_path / "frames.parquet") as file:
        file.touch()
    assert leftovers(tmp_path) == []
    assert (tmp_path / ".hidden.txt").exists()
