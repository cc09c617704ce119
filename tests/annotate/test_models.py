"""Weights on disk: found only when whole, fetched from a hub, and told how to be carried."""

import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from annotate.analyzers import registry
from annotate.cli import annotate
from annotate.models import DETECTORS, Weights, find_weights, weight_folders
from benchmarks.pyfeat_weights import hub_path
from mexlab import doctor
from mexlab.errors import ModelFileError
from mexlab.model_files import pyfeat_places
from tests.conftest import refused, run_command


def fill(folder, detector, but=(), name=0):
    """Every file of a detector but some, with its own name as its content."""
    for file in DETECTORS[detector]:
        if file.names[0] not in but:
            chosen = file.names[min(name, len(file.names) - 1)]
            repo = file.repo.removeprefix("py-feat/")
            hub_path(folder, repo, chosen).write_text(chosen)
    return folder


@pytest.mark.parametrize("detector", sorted(DETECTORS))
@pytest.mark.parametrize("name", [0, 1])
def test_whole_weights_are_found_under_either_name(tmp_path, detector, name):
    found = find_weights(
        detector, [tmp_path / "empty", fill(tmp_path / "full", detector, name=name)]
    )
    assert found.folder == tmp_path / "full"
    assert len(found.files) == len(DETECTORS[detector])
    for (_, asked), path in found.files.items():
        assert path.read_text() == asked


@pytest.mark.parametrize("missing", [file.names[0] for file in DETECTORS["v1"]])
def test_one_missing_file_is_enough_to_refuse(tmp_path, missing):
    fill(tmp_path, "v1", but=[missing])
    with pytest.raises(
        ModelFileError, match=r"1 of 7 files of detector v1 .*models fetch"
    ) as error:
        find_weights("v1", [tmp_path])
    assert "--analyzer landmarker" in error.value.remedy
    assert error.value.where == str(tmp_path)


def test_a_download_that_broke_off_is_no_weight(tmp_path):
    fill(tmp_path, "v2")
    (tmp_path / "models--py-feat--face_multitask_v2" / "refs" / "main").unlink()
    with pytest.raises(ModelFileError, match="1 of 2 files"):
        find_weights("v2", [tmp_path])


def test_links_as_the_hubs_library_makes_them_and_copies_without_them_both_serve(tmp_path):
    folder = fill(tmp_path / "here", "v2")
    path = folder / "models--py-feat--face_multitask_v2" / "blobs" / "abc"
    path.parent.mkdir()
    link = next(folder.glob("models--py-feat--face_multitask_v2/snapshots/*/*"))
    shutil.move(link, path)
    link.symlink_to(os.path.relpath(path, link.parent))
    carried = shutil.copytree(folder, tmp_path / "stick", symlinks=False)
    shutil.rmtree(carried / "models--py-feat--face_multitask_v2" / "blobs")
    assert find_weights("v2", [folder]).digests() == find_weights("v2", [carried]).digests()


def test_digests_name_each_file(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"x" * 3_000_000)
    digests = Weights(tmp_path, {("py-feat/one", "weights.bin"): path}).digests()
    assert digests == {"py-feat/one/weights.bin": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_where_to_look(tmp_path, monkeypatch):
    monkeypatch.setenv("MEXLAB_CACHE", str(tmp_path))
    assert weight_folders() == pyfeat_places()
    assert weight_folders()[0] == tmp_path / "py-feat"
    assert weight_folders()[1].name == "resources"  # where py-feat itself downloads to
    assert weight_folders("stick", tmp_path) == [tmp_path / "stick"]
    assert weight_folders("/stick", tmp_path) == [Path("/stick")]


def test_where_lists_what_is_there_and_what_is_not(tmp_path):
    fill(tmp_path, "v1", but=["config.json"])
    printed = run_command(annotate, "models", "where", "--folder", tmp_path)
    assert "py-feat v1: not ready: annotate models fetch --detector v1" in printed
    assert "    missing  py-feat/resmasknet/config.json" in printed
    assert "     0.0 MB  py-feat/xgb_au/xgb_au_classifier_v2.skops" in printed
    assert "non-commercial" in printed
    assert "face_landmarker.task" in printed
    fill(tmp_path, "v1")
    printed = run_command(annotate, "models", "where", "--folder", tmp_path)
    assert f"py-feat v1: ready\n  {tmp_path}" in printed


def test_doctor_looks_for_them(tmp_path, monkeypatch):
    monkeypatch.setenv("MEXLAB_CACHE", str(tmp_path))
    monkeypatch.setattr("mexlab.installed.find_spec", lambda _: None)
    absent = doctor._pyfeat_weights()
    assert not absent.ok
    assert not absent.needed
    assert "annotate models fetch" in absent.remedy
    fill(tmp_path / "py-feat", "v1")
    assert doctor._pyfeat_weights().ok


def test_what_is_there_is_not_fetched_again(tmp_path):
    fill(tmp_path, "v1")
    printed = run_command(annotate, "models", "fetch", "--folder", tmp_path)
    assert printed == f"no files fetched: py-feat v1 is ready in {tmp_path}\n"


def test_offline_by_order_is_said(tmp_path):
    line = refused(annotate, "models", "fetch", "--folder", tmp_path)  # conftest sets it
    assert "HF_HUB_OFFLINE; unset it" in line


class Hub(http.server.BaseHTTPRequestHandler):
    """The hub as its library asks it: every file of every repository, but those in `absent`."""

    absent = ("xgb_au_classifier_v2.skops",)

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self.wfile.write(self._answer())

    def _answer(self):
        name = self.path.partition("?")[0].rpartition("/")[2]
        content = name.encode()
        missing = name in self.absent
        self.send_response(404 if missing else 200)
        if missing:
            self.send_header("X-Error-Code", "EntryNotFound")
            content = b""
        self.send_header("X-Repo-Commit", "1" * 40)
        self.send_header("ETag", hashlib.sha1(content).hexdigest())
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def fetch(endpoint, folder, detector="v1"):
    command = [Path(sys.executable).parent / "annotate", "models", "fetch"]
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0", "NO_PROXY": "*"}
    environment |= {"HF_HOME": str(folder.parent / "home"), "HF_HUB_DISABLE_XET": "1"}
    return subprocess.run(
        [*command, "--detector", detector, "--folder", folder],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_fetching_brings_every_file_under_the_name_the_hub_has(hub, tmp_path):
    done = fetch(hub, tmp_path / "w")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"7 files fetched: py-feat v1 is ready in {tmp_path / 'w'}\n"
    assert "py-feat is MIT" in done.stderr
    assert "fetching 1 of 7: py-feat/retinaface_r34/model.safetensors" in done.stderr
    found = find_weights("v1", [tmp_path / "w"])
    assert found.files["py-feat/xgb_au", "xgb_au_classifier.skops"].read_text() == (
        "xgb_au_classifier.skops"
    )


def test_a_hub_that_lacks_a_file_is_named(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(Hub, "absent", ("face_multitask_v28.safetensors",))
    done = fetch(hub, tmp_path / "w", "v2")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "error: the hub has no file face_multitask_v28.safetensors; py-feat/face_multitask_v2; "
    )


def test_without_a_network_it_ends_at_once(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        started = time.monotonic()
        done = fetch(f"http://127.0.0.1:{nobody.getsockname()[1]}", tmp_path / "w")
    assert done.returncode == 1
    assert time.monotonic() - started < 20  # its library alone would try for most of a minute
    *_, last = done.stderr.splitlines()
    assert last.startswith("error: the hub cannot be reached")
    assert f"carry the folder over to {tmp_path / 'w'}" in last


def test_as_many_sessions_at_a_time_as_fit_into_memory(monkeypatch):
    free = SimpleNamespace(available=7_000_000_000)
    monkeypatch.setattr(registry.psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(registry, "default_workers", lambda: 16)
    assert registry.fitting_workers("py-feat") == 2
    assert registry.fitting_workers("landmarker") == 16
    free.available = 1_000_000
    assert registry.fitting_workers("py-feat") == 1
