"""SCENES.csv and compilations: what is read, and what is refused with which words."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.scenes import (
    Scene,
    compilation_scenes,
    fit_scenes,
    read_scenes,
    remarks,
)
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS, NS_PER_S

HEADER = "scene,emotion,start_s,end_s\n"


def scenes_csv(folder: Path, text: str | bytes) -> Path:
    path = folder / "scenes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def seconds(scene: Scene) -> tuple[int, str, float, float]:
    return scene.scene, scene.emotion, scene.start_ns / NS_PER_S, scene.end_ns / NS_PER_S


def test_rows_come_by_start(tmp_path: Path) -> None:
    path = scenes_csv(tmp_path, HEADER + "2,fear,6.25,9\n1,neutral,0,6.25\n")
    assert [seconds(scene) for scene in read_scenes(path)] == [
        (1, "neutral", 0, 6.25),
        (2, "fear", 6.25, 9),
    ]


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "1,neutral,0,6.5\n",
        "\ufeff" + HEADER + "1,neutral,0,6.5",
        "scene;emotion;start_s;end_s\r\n1;neutral;0;6.5\r\n",
        "end_s,emotion,scene,start_s\n6.5,neutral,1,0\n",
        "Scene,Emotion,Start_s,End_s\n1,Neutral,0,6.5\n",
        "scene;emotion;start_s;end_s;;\r\n\r\n1; neutral ;0;6.5;;\r\n;;;;;\r\n",
        HEADER.strip() + "\r1,neutral,0,6.5\r",
        HEADER + '"1","neutral","0","6.500000000000000001"\n',
    ],
    ids=["plain", "bom", "semicolons", "order", "capitals", "empty-cells", "old-mac", "quotes"],
)
def test_what_spreadsheets_save_is_read(tmp_path: Path, text: str) -> None:
    (scene,) = read_scenes(scenes_csv(tmp_path, text))
    assert seconds(scene) == (1, "neutral", 0, 6.5)


@pytest.mark.parametrize(
    ("text", "what", "row", "remedy"),
    [
        ("", "empty file", "", "scene,emotion,start_s,end_s"),
        (" \r\n \n", "empty file", "", "scene,emotion,start_s,end_s"),
        (HEADER, "no row below the header", "", "add"),
        ("scene,emotion,start_s\n1,neutral,0\n", "no column end_s", " row 1", "header must be"),
        ("1,neutral,0,5\n", "no column scene", " row 1", "header must be"),
        ("scene,emotion,start_s,end_s,notes\n1,fear,0,1,x\n", "'notes'", " row 1", "keep only"),
        ("scene,emotion,start_s,end_s,scene\n1,fear,0,1,1\n", "twice", " row 1", "keep one"),
        (HEADER + "1,neutral,0,5\n2,joy,5,9\n", "unknown emotion 'joy'", " row 3", "happiness"),
        (HEADER + "1,neutral,5,5\n", "ends at 5 s, not after 5 s", " row 2", "before end_s"),
        (HEADER + "1,neutral,5,2\n", "ends at 2 s, not after 5 s", " row 2", "before end_s"),
        (HEADER + "1,neutral,-1,2\n", "before the recording", " row 2", "first frame"),
        (HEADER + "1,fear,0,5\n\n2,fear,4,9\n", "starts at 4 s, before", " row 4", "overlap"),
        (HEADER + "1,fear,0,9\n2,fear,4,5\n", "starts at 4 s, before", " row 3", "overlap"),
        (HEADER + "1,fear,0,5\n1,fear,5,9\n", "scene 1 stands there 2 times", " row", "once"),
        (HEADER + "0,fear,0,5\n", "scene '0'", " row 2", "from 1 to 7"),
        (HEADER + "8,fear,0,5\n", "scene '8'", " row 2", "from 1 to 7"),
        (HEADER + "1.0,fear,0,5\n", "scene '1.0'", " row 2", "whole number"),
        (HEADER + "1,fear,,5\n", "start_s is empty", " row 2", "fill"),
        (HEADER + "1,fear,0\n", "end_s is empty", " row 2", "fill"),
        (HEADER + "1,fear,0,nan\n", "end_s 'nan'", " row 2", "12.5"),
        (HEADER + "1,fear,0,1e3\n", "end_s '1e3'", " row 2", "12.5"),
        (HEADER + "1,fear,0,9999999999\n", "end_s '9999999999'", " row 2", "12.5"),
        (HEADER + '1,fear,0,"12,5"\n', "end_s '12,5' has a decimal comma", " row 2", "write 12.5"),
        (HEADER + "1,fear,0,12,5\n", "5 cells under 4 columns", " row 2", "12.5"),
        ("scene;emotion;start_s;end_s\n1;fear;0;12,5\n", "end_s '12,5'", " row 2", "write 12.5"),
        (HEADER + '1,"fear,0,5\n', "not CSV", " row", "quotes"),
        ((HEADER + "1,año,0,5\n").encode("latin-1"), "not UTF-8", " row 2", "UTF-8"),
        ((HEADER + "1,fear,0,5\n").encode("utf-16"), "not UTF-8", " row 1", "UTF-8"),
    ],
)
def test_what_cannot_be_names_file_row_and_remedy(
    tmp_path: Path, text: str | bytes, what: str, row: str, remedy: str
) -> None:
    path = scenes_csv(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_scenes(path)
    assert what in caught.value.what
    assert caught.value.where.startswith(f"{path}{row}")
    assert remedy in caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file; .*absent\.csv"):
        read_scenes(tmp_path / "absent.csv")


@st.composite
def touching_or_apart(draw: st.DrawFn) -> list[tuple[int, str, int, int]]:
    """Scenes that do not overlap, in ms, in any order of rows."""
    count = draw(st.integers(1, 7))
    edges = draw(
        st.lists(st.integers(0, 3_600_000), min_size=2 * count, max_size=2 * count, unique=True)
    )
    edges.sort()
    rows = [
        (number, draw(st.sampled_from(EMOTIONS)), start, end)
        for number, start, end in zip(
            draw(st.permutations(range(1, 8))), edges[::2], edges[1::2], strict=False
        )
    ]
    return draw(st.permutations(rows))


@given(rows=touching_or_apart(), separator=st.sampled_from(",;"), end=st.sampled_from("\r\n"))
def test_every_table_of_scenes_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str, int, int]],
    separator: str,
    end: str,
) -> None:
    lines = [separator.join(("scene", "emotion", "start_s", "end_s"))]
    lines += [separator.join((str(s), e, f"{a / 1000}", f"{b / 1000}")) for s, e, a, b in rows]
    found = read_scenes(scenes_csv(tmp_path_factory.mktemp("csv"), end.join(lines)))
    wanted = sorted(rows, key=lambda row: row[2])
    assert [(s.scene, s.emotion, s.start_ns, s.end_ns) for s in found] == [
        (s, e, a * NS_PER_MS, b * NS_PER_MS) for s, e, a, b in wanted
    ]


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_no_bytes_do_more_than_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with pytest.raises(InputError):
        read_scenes(scenes_csv(tmp_path_factory.mktemp("csv"), content))


@given(cells=st.lists(st.text(max_size=12), min_size=4, max_size=4))
def test_no_cells_do_more_than_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    path = scenes_csv(tmp_path_factory.mktemp("csv"), HEADER + ",".join(cells))
    try:
        scenes = read_scenes(path)
    except InputError:
        return
    assert all(0 <= scene.start_ns < scene.end_ns for scene in scenes)


# Against the recording: 25 fps, frames at 0, 40, … 960 ms, the last one shown until 1000 ms.
TIMES_NS = np.arange(25, dtype=np.int64) * 40 * NS_PER_MS
LAST_NS, END_NS = 960 * NS_PER_MS, 1000 * NS_PER_MS
LATEST_END_NS = LAST_NS + 500 * NS_PER_MS


def scene(start_ns: int, end_ns: int) -> Scene:
    return Scene(1, "fear", start_ns, end_ns, "scenes.csv row 2")


@pytest.mark.parametrize(
    ("start_ns", "end_ns", "cut_to"),
    [
        (0, LAST_NS, LAST_NS),
        (0, END_NS, END_NS),
        (0, END_NS + 1, END_NS),
        (0, LATEST_END_NS, END_NS),
        (LAST_NS, LATEST_END_NS, END_NS),
    ],
)
def test_scenes_reach_to_the_end_of_the_last_frame(start_ns: int, end_ns: int, cut_to: int) -> None:
    written = [scene(start_ns, end_ns)]
    fitted = fit_scenes(written, TIMES_NS, END_NS)
    assert [(s.start_ns, s.end_ns) for s in fitted] == [(start_ns, cut_to)]
    assert len(remarks(written, fitted)) == (cut_to < end_ns)


@pytest.mark.parametrize(
    ("start_ns", "end_ns", "what"),
    [
        (0, LATEST_END_NS + 1, "ends at 1.46 s"),
        (LAST_NS + 1, LAST_NS + NS_PER_MS, "starts at 0.96 s"),
        (1 * NS_PER_MS, 39 * NS_PER_MS, "no recorded frame"),
    ],
)
def test_scenes_outside_the_recording_are_refused(start_ns: int, end_ns: int, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        fit_scenes([scene(start_ns, end_ns)], TIMES_NS, END_NS)
    assert caught.value.where == "scenes.csv row 2"


def test_an_emotion_shown_twice_is_remarked() -> None:
    twice = [scene(0, 1), Scene(2, "fear", 1, 2, ""), Scene(3, "anger", 2, 3, "")]
    assert remarks(twice, twice) == ["2 scenes of fear"]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")


def test_a_compilation_is_shifted_to_where_it_began(study: Study) -> None:
    measured = [
        {"scene": 1, "emotion": "neutral", "start_ns": 0, "end_ns": 4 * NS_PER_S},
        {"scene": 2, "emotion": "anger", "start_ns": 4 * NS_PER_S, "end_ns": 9 * NS_PER_S},
    ]
    path = study.root / "stimuli" / "compilation-3.json"
    path.write_text(json.dumps({"scenes": measured}))
    assert [seconds(scene) for scene in compilation_scenes(study, 3, 1.5)] == [
        (1, "neutral", 1.5, 5.5),
        (2, "anger", 5.5, 10.5),
    ]
    with pytest.raises(InputError, match="before the recording"):
        compilation_scenes(study, 3, -1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scenes": [{"scene": 1}]}', '{"scenes": 3}'])
def test_a_damaged_compilation_is_named(study: Study, text: str) -> None:
    (study.root / "stimuli" / "compilation-3.json").write_text(text)
    with pytest.raises(InputError, match=r"damaged compilation file; .*compilation-3\.json"):
        compilation_scenes(study, 3, 0)


def test_a_compilation_not_built_asks_for_scenes(study: Study) -> None:
    with pytest.raises(InputError, match=r"not built; .*--scenes"):
        compilation_scenes(study, 3, 0)
