"""The report page: the paper's tables with these runs' numbers, pictures inside, no network."""

import base64
import json
import re
import shutil
import statistics
from pathlib import Path

import numpy as np
import pytest
from report_page import Page, edit, trained_run

from mexlab.errors import InputError, TableError
from pipeline.cli import pipeline
from pipeline.training.metrics import Predictions, evaluate
from pipeline.training.report.page import write_report
from pipeline.training.report.read import Reported
from pipeline.training.report.sheets import TESTING_COLUMNS, duration, flow_sheet
from pipeline.training.report.spread import NBSP, Spread
from pipeline.training.run import Run
from tests.conftest import refused

TOGETHER = {"uf1": 0.98761, "uar": 0.97652, "accuracy": 0.96543, "n": 16}
CLASSES = ("positive", "negative", "surprise")
PAPERS_OWN = ("0.8453", "0.8556", "0.8574", "0.8519", "0.9028")


@pytest.fixture(scope="module")
def run(small_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_run(small_dataset, tmp_path_factory.mktemp("report") / "a <b> run")


def copy_of(run: Path, root: Path, **settings: object) -> Path:
    """The run once more with other settings, as far as a report looks at them."""
    shutil.copytree(run, root)
    edit(root / "settings.json", **settings)
    return root


def with_leak(run: Path, root: Path, **more: object) -> Path:
    """The run with a leak report whose frame-level figures no other figure equals."""
    copy = copy_of(run, root)
    pooled = evaluate(Reported.read(run).predictions)
    apart = {"uf1": pooled["uf1"], "uar": pooled["uar"], "accuracy": pooled["accuracy"], "n": 64}
    leak = {"loso": apart, "frame_level": {**TOGETHER, **more}}
    (copy / "leak.json").write_text(json.dumps(leak))
    return copy


def test_page_holds_the_numbers_and_pictures(run: Path, tmp_path: Path) -> None:
    (entry,) = write_report([run], tmp_path / "page" / "report.html", maps=False)
    page = Page(tmp_path / "page" / "report.html")
    (row,) = [row for row in page.table("Testing") if row[0] == entry.name]
    for cell, key in zip(row[1:], TESTING_COLUMNS.values(), strict=False):
        values = [own[key] for own in entry.measures]
        assert len(values) == 2
        mean, deviation = statistics.mean(values), statistics.stdev(values)
        assert cell == f"{mean:.4f} ±{NBSP}{deviation:.4f}"
    assert row[-1] == "loso, 2 seeds"
    subjects = page.table("Each test subject")
    assert [row[0] for row in subjects[1:]] == ["P001, P002", "P003", "P004"]
    assert [row[1] for row in subjects[1:]] == ["16", "8", "8"]
    assert [row[0] for row in page.table("Each class")[1:]] == ["positive", "negative", "surprise"]
    assert len(page.pictures) == 3
    for picture in page.pictures:
        encoded = picture.removeprefix("data:image/png;base64,")
        assert base64.b64decode(encoded).startswith(b"\x89PNG")
    names = {path.name for path in (tmp_path / "page" / "report-figures").iterdir()}
    assert names == {f"1-a-b-run-{name}.png" for name in ("curves", "confusion", "roc")}
    assert not re.search(r"https?:|//cdn|<script|@import|url\(", page.text)
    assert "No maps: left out as asked." in page.words


def test_one_seed_is_said_and_has_no_deviation(run: Path, tmp_path: Path) -> None:
    whole = Reported.read(run)
    one = Reported(whole.run, whole.settings, whole.metrics, whole.of_seed(0), whole.curves)
    assert one.seeds_told == "one seed"
    assert one.measure("uf1").told() == f"{whole.measures[0]['uf1']:.4f}"
    assert Spread.of([None, 0.5]).told(2) == "0.50"
    assert Spread.of([None]).told() == "–"


def test_no_frame_level_figure_stands_alone(run: Path, tmp_path: Path) -> None:
    leaking = with_leak(run, tmp_path / "leaking")
    (entry,) = write_report([leaking], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    head, row = page.table("Leak report")
    assert [cell for cell in head if "frame-level" in cell] == [
        "UF1, frame-level",
        "UAR, frame-level",
    ]
    for measure, value in (("UF1", "0.9876"), ("UAR", "0.9765")):
        assert row[head.index(f"{measure}, frame-level")] == value
        pooled = f"{entry.metrics[measure.lower()]:.4f}"
        assert row[head.index(f"{measure}, LOSO")].startswith(pooled)
    # Nowhere else on the page, and the accuracy of that split nowhere at all.
    assert page.text.count("0.9876") == page.text.count("0.9765") == 1
    assert "0.9654" not in page.text
    # The paper's own figures are of such a split: a figure by LOSO stands in the same row.
    found = [row for row in page.rows if any(cell.endswith(PAPERS_OWN) for cell in row)]
    assert len(found) == 4
    for row in found:
        assert re.search(r"by LOSO: 0\.7|UF1 of 0\.753 by LOSO", " ".join(row))
    rows = "".join(" ".join(row) for row in found)
    assert all(page.text.count(value) == rows.count(value) > 0 for value in PAPERS_OWN)
    card = (leaking / "model_card.md").read_text()
    assert "frame" not in card.lower().replace("framework", "")


def test_readme_has_no_frame_level_figure_without_loso() -> None:
    text = Path("README.md").read_text(encoding="utf-8")
    paragraphs = [part for part in re.split(r"\n\s*\n", text) if re.search("frame.level", part)]
    for part in paragraphs:
        assert not re.search(r"\d\.\d", part) or "LOSO" in part
    assert not [value for value in PAPERS_OWN if value in text and "LOSO" not in text]


def test_the_leak_report_has_its_spread_where_the_run_kept_it(run: Path, tmp_path: Path) -> None:
    kept = with_leak(run, tmp_path / "kept", by_seed=[{"uf1": 0.9, "uar": 1}, {"uf1": 1, "uar": 1}])
    write_report([kept], tmp_path / "report.html", maps=False)
    head, row = Page(tmp_path / "report.html").table("Leak report")
    assert row[head.index("UF1, frame-level")] == f"0.9876 ±{NBSP}0.0707"


def test_rgb_stands_beside_flow_and_apart_from_other_networks(run: Path, tmp_path: Path) -> None:
    rgb = copy_of(run, tmp_path / "rgb", input="rgb")
    other = copy_of(run, tmp_path / "other", options=["laplacian"])
    entries = [Reported.read(root) for root in (run, other, rgb)]
    sheet = flow_sheet(entries)
    names = [row[0] for row in sheet.rows[: -sheet.quoted]]
    assert names == [
        "incep-cbam tiny, 3 classes, without optical flow (rgb)",
        "incep-cbam tiny, 3 classes, with optical flow (a <b> run)",
        "incep-cbam tiny laplacian, 3 classes, with optical flow (other)",
    ]
    assert "A pair" in sheet.note
    assert "A pair" not in flow_sheet([entries[0], entries[2]]).note


def test_every_table_of_runs_says_protocol_and_seeds(run: Path, tmp_path: Path) -> None:
    held = copy_of(run, tmp_path / "held", protocol="holdout")
    write_report([run, held], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    for heading in ("Without and with", "Training (", "Testing"):
        head, *rows = page.table(heading)
        assert head[-1] == "Protocol, seeds"
        told = [row[-1] for row in rows]
        assert set(told) == {"loso, 2 seeds", "holdout, 2 seeds", "mixed, not said"}


def test_ablation_compares_within_a_case_only(run: Path, tmp_path: Path) -> None:
    laplacian = copy_of(run, tmp_path / "laplacian", options=["laplacian"])
    mixer = copy_of(run, tmp_path / "mixer", model="vit", options=["mixer=inception"])
    held = copy_of(run, tmp_path / "held", protocol="holdout")
    shuffled = copy_of(run, tmp_path / "shuffled", shuffle_labels=True)
    write_report([shuffled, mixer, laplacian, held, run], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    head, *rows = page.table("Ablation: 3 classes, loso")
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["run"] for row in cells] == [
        *("a <b> run", "laplacian", "mixer", "shuffled, labels shuffled")
    ]
    assert [row["Laplacian"] for row in cells] == ["no", "yes", "–", "no"]
    assert [row["Token mixer"] for row in cells] == ["–", "–", "inception", "–"]
    assert "Ablation: 3 classes, holdout" not in page.text
    assert len(page.pictures) == 5 * 3 + 1


def test_only_the_same_case_stands_beside_the_literature(run: Path, tmp_path: Path) -> None:
    seven = copy_of(run, tmp_path / "seven", classes=7)
    entries = write_report([run, seven], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    beside, apart = page.table("Literature"), page.table("Not comparable")
    assert {"IncepTR", "STSTNet"} < {row[0] for row in beside}
    assert not {"HTNet", "MER-CLIP", entries[0].name, entries[1].name} & {row[0] for row in beside}
    why = {row[0]: row[-1] for row in apart}
    assert why[entries[0].name] == "tested on synthetic"
    assert why[entries[1].name] == "7 classes; tested on synthetic"
    assert why["HTNet"].endswith("chooses its epoch on the test subject")
    assert all(row[-1] for row in apart)
    figures = {row[0]: row[1:3] for row in beside + apart}
    assert figures["IncepTR"] == ["0.753", "0.746"]
    assert figures["HTNet, CASME II"] == ["0.953", "0.952"]


def test_a_composite_run_stands_there_with_each_set(run: Path, tmp_path: Path) -> None:
    composite = copy_of(run, tmp_path / "composite", protocol="composite")
    Run(composite).write_predictions(of_composite(442), CLASSES)
    (entry,) = write_report([composite], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    assert page.table("Literature")[-1][0] == entry.name
    sets = page.table("Each set")[1:]
    assert [row[0] for row in sets] == ["casme2", "samm", "smic-hs"]
    assert all("±" in cell for row in sets for cell in row[2:])


def test_a_part_of_the_composite_does_not_stand_there(run: Path, tmp_path: Path) -> None:
    part = copy_of(run, tmp_path / "part", protocol="composite")
    Run(part).write_predictions(of_composite(60), CLASSES)
    (entry,) = write_report([part], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    assert entry.name not in {row[0] for row in page.table("Literature")}
    assert page.table("Not comparable")[1][-1] == "60 of the 442 clips"


def of_composite(clips: int) -> Predictions:
    """Chance-like predictions of so many clips of the three sets, by two seeds."""
    rows = np.arange(2 * clips)
    clip = rows % clips
    return Predictions(
        clip_id=[f"clip-{n}" for n in clip],
        subject=[f"s{n % 68:02d}" for n in clip],
        truth=clip % 7 % 3,
        probabilities=np.random.default_rng(5).dirichlet((1, 1, 1), len(rows)).astype(np.float32),
        fold=clip % 68,
        seed=rows // clips,
        source=[("smic-hs", "casme2", "samm")[n % 68 % 3] for n in clip],
    )


def test_one_seed_and_a_class_that_no_clip_has(run: Path, tmp_path: Path) -> None:
    one = copy_of(run, tmp_path / "one")
    chances = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    predictions = Predictions(
        clip_id=[*"abcd"],
        subject=[*"PQRS"],
        truth=np.array([0, 1, 0, 1]),
        probabilities=chances.astype(np.float32),
        fold=np.arange(4),
        seed=np.zeros(4, np.int64),
        source=["own"] * 4,
    )
    Run(one).write_predictions(predictions, CLASSES)
    edit(one / "metrics.json", **evaluate(predictions))
    write_report([one], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    rows = {row[0]: row[1:] for row in page.table("Each class")[1:]}
    assert rows == {
        "positive": ["2", "1.000", "1.000"],
        "negative": ["2", "0.500", "0.625"],
        "surprise": ["0", "–", "–"],
    }
    (own,) = [row for row in page.table("Testing") if row[-1] == "loso, one seed"]
    assert own[1] == f"{(1 + 2 / 3) / 2:.4f}"  # over the two classes that there are
    assert "nan" not in page.words.lower()


def test_a_sample_of_the_leak_report_is_named(run: Path, tmp_path: Path) -> None:
    """Of flow from onset to apex no frame of a clip is on two sides: there is one sample a clip."""
    rgb = with_leak(run, tmp_path / "rgb")
    edit(rgb / "settings.json", input="rgb")
    lstm = with_leak(run, tmp_path / "lstm")
    edit(lstm / "settings.json", model="lstm", input="rgb")
    flow = with_leak(run, tmp_path / "flow")
    write_report([rgb, lstm, flow], tmp_path / "report.html", maps=False)
    head, *rows = Page(tmp_path / "report.html").table("Leak report")
    assert [row[head.index("A sample")] for row in rows] == ["a frame", "a clip", "a clip"]


def test_pictures_of_an_earlier_page_go_and_others_stay(run: Path, tmp_path: Path) -> None:
    figures = tmp_path / "report-figures"
    figures.mkdir()
    for name in ("2-old-run-faces.png", "comparison.png", "my own.png"):
        (figures / name).write_bytes(b"")
    write_report([run], tmp_path / "report.html", maps=False)
    names = {path.name for path in figures.iterdir()} - {"my own.png"}
    assert names == {f"1-a-b-run-{name}.png" for name in ("curves", "confusion", "roc")}
    assert (figures / "my own.png").is_file()


def test_a_folder_is_no_page(run: Path, tmp_path: Path) -> None:
    said = refused(pipeline, "report", run, "--out", tmp_path)
    assert said.startswith("error: a folder, not a page")
    assert list(tmp_path.iterdir()) == []


def test_no_run_and_damaged_runs_are_one_line_and_write_nothing(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with pytest.raises(InputError, match="no training run here"):
        write_report([run, tmp_path], page)
    for name, message in (
        ("metrics.json", "damaged or missing metrics"),
        ("settings.json", "damaged or missing settings"),
        ("leak.json", "damaged or missing leak"),
    ):
        broken = with_leak(run, tmp_path / f"broken {name}")
        (broken / name).write_text("{")
        with pytest.raises(TableError, match=message):
            write_report([run, broken], page)
    for name in ("predictions.parquet", "curves.parquet"):
        broken = copy_of(run, tmp_path / f"broken {name}")
        (broken / name).write_bytes(b"PAR1")
        with pytest.raises(TableError):
            write_report([run, broken], page)
    later = copy_of(run, tmp_path / "later", model="vit-2")
    with pytest.raises(TableError, match="vit-2 on flow, which is not known here"):
        write_report([later], page)
    foreign = with_leak(run, tmp_path / "foreign")
    leak = json.loads((foreign / "leak.json").read_text())
    leak["loso"]["uf1"] += 0.1
    (foreign / "leak.json").write_text(json.dumps(leak))
    with pytest.raises(TableError, match="beside another run's LOSO"):
        write_report([foreign], page)
    assert not page.exists()
    assert not (tmp_path / "report-figures").exists()


def test_no_line_breaks_between_a_number_and_its_unit(run: Path, tmp_path: Path) -> None:
    write_report([run], tmp_path / "report.html", maps=False)
    page = Page(tmp_path / "report.html")
    paper = page.table("Without and with")[-2]
    assert paper[2] == f"1{NBSP}h 45{NBSP}min 58{NBSP}s"
    assert page.table("Training (")[-1][4:7] == [
        f"8{NBSP}min 38{NBSP}s",
        f"13.3{NBSP}%",
        f"72.1{NBSP}%",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under 1 s"), (518, "8 min 38 s"), (6358, "1 h 45 min 58 s"), (60, "1 min")],
)
def test_durations_read_as_in_the_paper(seconds: float, text: str) -> None:
    assert duration(seconds) == text
