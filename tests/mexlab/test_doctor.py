import subprocess
import sys
from pathlib import Path

from mexlab import doctor
from mexlab.doctor import Finding, examine


def test_everything_the_contract_names_is_looked_for():
    names = {finding.name for finding in examine()}
    assert {f"package {name}" for name in doctor.PACKAGES} <= names
    assert {"python", "OpenCV", "ffmpeg", "face-landmarker model", "camera", "display"} <= names


def test_what_is_missing_has_a_remedy():
    for finding in examine():
        assert finding.remedy or finding.ok
    missing = Finding("thing", False, "not found", "apt install thing")
    assert str(missing) == "MISSING thing: not found; apt install thing"
    assert str(Finding("camera", False, "none", "plug one in", needed=False)).startswith("absent ")


def test_another_owner_of_a_package_name_is_found(monkeypatch):
    monkeypatch.setattr(
        doctor, "packages_distributions", lambda: {"pipeline": ["mexlab", "other-pipeline"]}
    )
    found = {finding.name: finding for finding in doctor._package_owners()}
    assert not found["package pipeline"].ok
    assert "uninstall other-pipeline" in found["package pipeline"].remedy
    assert found["package mexlab"].ok


def test_a_second_opencv_is_found(monkeypatch):
    class Distribution:
        def __init__(self, name):
            self.metadata = {"Name": name}

    names = ("opencv-python", "opencv-contrib-python", "numpy")
    monkeypatch.setattr(doctor, "distributions", lambda: [Distribution(n) for n in names])
    assert not doctor._one_opencv().ok


def test_this_environment_is_in_order():
    """What the README's install command gives must satisfy doctor."""
    mexlab = Path(sys.executable).parent / "mexlab"
    done = subprocess.run([mexlab, "doctor"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "MISSING" not in done.stdout
