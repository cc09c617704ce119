"""ELAN files: what another reader finds in them, the rules of the format, and the way back."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pympi.Elan import Eaf

from annotate.cli import annotate
from annotate.exchange import eaf_read, eaf_write
from annotate.exchange.exporting import says_anything
from annotate.exchange.importing import acts_for
from annotate.exchange.incoming import Stretch
from annotate.exchange.media_times import MediaTimes
from annotate.exchange.notation import parse_aus, plain_text, xml_text
from mexlab.codes import CONFIDENCES, INTENSITIES, VERDICTS, Code, codes_of
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError
from tests.annotate.coded import code, frame_times, ids, new_study, write_intervals
from tests.conftest import refused, run_command

FRAMES = 300
FULL = {
    "verdict": "adjust",
    "emotion": "happiness",
    "onset": 10,
    "apex": 16,
    "offset": 25,
    "AU12": "C",
    "AU06": "B",
    "confidence": 4,
    "comment": "a <smile> & more",
}


@pytest.fixture
def study(tmp_path):
    """One session whose film time and clock differ by 0.5 s and by jitter."""
    capture = frame_times(jitter=0.3)
    pts = capture + np.arange(len(capture)) * 1000
    return new_study(tmp_path / "study", capture_ns=capture + 500_000_000, pts_ns=pts)


@pytest.fixture
def session(study):
    return study.sessions()[0]


def exported(study, session, name="out.eaf", *options):
    path = study.root.parent / name
    run_command(annotate, "export-codes", study.root, path, *options)
    return path


def frame_ms(session, frame):
    return round(session.frames()["pts_ns"].to_numpy()[frame] / 1e6)


def test_pympi_reads_tiers_times_and_values(study, session):
    code(session, "anna", 0, FULL)
    code(session, "ben", 1, {"verdict": "reject"})
    eaf = Eaf(str(exported(study, session)))
    kinds = ("interval", "expression", "onset", "apex", "offset", "emotion", "AUs", "verdict",
             "confidence", "comment", "state")  # fmt: skip
    assert set(eaf.get_tier_names()) == {f"{c}/{k}" for c in ("anna", "ben") for k in kinds}
    ((start, end, name),) = eaf.get_annotation_data_for_tier("anna/interval")
    assert (start, end, name) == (0, pytest.approx(1500, abs=2), ids(session)[0])
    begin, finish = frame_ms(session, 10), frame_ms(session, 25)
    assert eaf.get_annotation_data_for_tier("anna/expression") == [(begin, finish, "expression")]
    apex = (frame_ms(session, 16), frame_ms(session, 17), "apex")
    assert eaf.get_annotation_data_for_tier("anna/apex") == [apex]
    for kind, text in (
        ("emotion", "happiness"),
        ("AUs", "AU06B+AU12C"),
        ("verdict", "adjust"),
        ("confidence", "4"),
        ("comment", "a <smile> & more"),
    ):
        found = eaf.get_ref_annotation_data_for_tier(f"anna/{kind}")
        assert found == [(start, end, text, name)]
    assert eaf.get_annotation_data_for_tier("ben/expression") == []
    assert [a[2] for a in eaf.get_ref_annotation_data_for_tier("ben/verdict")] == ["reject"]
    words = [value[0] for value, _ in eaf.controlled_vocabularies["emotion"][1].values()]
    assert [word for word, *_ in words] == list(EMOTIONS)
    assert eaf.media_descriptors[0]["RELATIVE_MEDIA_URL"] == (
        f"./study/sessions/{session.id}/webcam.mp4"
    )
    assert ("mexlab.session", session.id) in eaf.properties


def spans(root, tier):
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE")) for s in root.iter("TIME_SLOT")}
    (found,) = [t for t in root.iter("TIER") if t.get("TIER_ID") == tier]
    return [
        (slots[a.get("TIME_SLOT_REF1")], slots[a.get("TIME_SLOT_REF2")])
        for a in found.iter("ALIGNABLE_ANNOTATION")
    ]


def test_overlapping_intervals_stand_on_tiers_of_their_own(study, session):
    write_intervals(session, [(1, 4), (2, 5), (4, 7)])
    for number in range(3):
        code(session, "anna", number, {"emotion": "fear", "apex": 60 + 45 * number})
    path = exported(study, session)
    root = ET.parse(path).getroot()
    assert [len(spans(root, name)) for name in ("anna/interval", "anna.2/interval")] == [2, 1]
    for name in ("anna", "anna.2"):
        found = spans(root, f"{name}/interval")
        assert all(a[1] <= b[0] for a, b in pairwise(found))
        for start, end in spans(root, f"{name}/apex"):
            assert any(a <= start < end <= b for a, b in found)
    before = codes_of(session.codes_path("anna"))
    session.codes_path("anna").unlink()
    run_command(annotate, "import-codes", study.root, path, "--coder", "anna")
    assert codes_of(session.codes_path("anna")) == before


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "\x00\x01",
        "a\r\nb\rc",
        "\\u0041",
        "\\\\u000d\\",
        "  ",
        "]]>",
        "<&>\"'",
        "\ufffe",
        "=1+1",
        "😀",
    ]
)
MOMENT = st.none() | st.integers(0, FRAMES - 1)
CODES = st.builds(
    Code,
    interval_id=st.sampled_from(["S-s1-r1", "S-s1-r2", "ä <odd> \\u0041"]),
    coder=st.just("anna"),
    verdict=st.none() | st.sampled_from(VERDICTS),
    onset=MOMENT,
    apex=MOMENT,
    offset=MOMENT,
    emotion=st.none() | st.sampled_from(EMOTIONS),
    aus=st.dictionaries(st.sampled_from(AUS), st.sampled_from(INTENSITIES)),
    confidence=st.none() | st.sampled_from(CONFIDENCES),
    comment=TEXT,
    submitted=st.sampled_from([None, "code", "final", "gold"]),
    submitted_at=st.just("2026-11-23T12:00:00.123+00:00"),
    unblinded=st.booleans(),
    suggested=st.booleans(),
    revealed=st.booleans(),
)


def consistent(made):
    """As a coder's file can come to it: a time only where submitted, sight only with a mark."""
    if not made.codable:
        made = replace(made, onset=None, apex=None, offset=None, emotion=None, aus={})
    marked = says_anything(replace(made, comment="", submitted=None))
    return replace(
        made,
        submitted_at=made.submitted_at if made.submitted else None,
        unblinded=made.unblinded and marked,
        revealed=made.revealed or made.submitted is not None,
    )


class Film:
    """A recording's name and place, which is all that the writer asks of a session."""

    id = "P001-20261123T120000"
    recording_path = Path("webcam.mp4")


def back(codes, times, intervals_ns, tmp_path):
    """Codes -> file -> acts -> codes."""
    placed = [eaf_write.place(c, intervals_ns[c.interval_id], times) for c in codes]
    path = tmp_path / "round.eaf"
    text = eaf_write.document(Film(), {"anna": placed}, times, tmp_path)
    path.write_text(text, encoding="utf-8", newline="\n")
    stretches = [
        Stretch(name, times.of_clock(start), times.of_clock(end))
        for name, (start, end) in intervals_ns.items()
    ]
    gathered = eaf_read.gather(eaf_read.read_eaf(path), "anna", stretches, times)
    assert gathered.problems == []
    return [Code.of("anna", acts_for(None, coming)) for coming in gathered.codes()]


INTERVALS_NS = {
    "S-s1-r1": (0, 2_000_000_000),
    "S-s1-r2": (1_000_000_000, 3_000_000_000),
    "ä <odd> \\u0041": (5_000_000_000, 6_000_000_000),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.lists(
        CODES.map(consistent).filter(says_anything),
        min_size=1,
        max_size=3,
        unique_by=lambda c: c.interval_id,
    ),
    st.sampled_from([10, 25, 29.97, 30, 59.94, 60, 90, 120, 200, 240]),
    st.sampled_from([0.0, 0.4]),
    st.integers(0, 5),
)
def test_out_and_in_gives_the_same_codes(tmp_path, codes, hz, jitter, seed):
    clock = frame_times(FRAMES, hz, jitter, seed)
    times = MediaTimes.from_ns(clock, clock + 123_456_789)
    found = {made.interval_id: made for made in back(codes, times, INTERVALS_NS, tmp_path)}
    assert found == {made.interval_id: made for made in codes}


@given(TEXT)
@example("\\u0041")
def test_text_survives_xml(text):
    held = ET.fromstring(ET.tostring(element_with(xml_text(text)))).text or ""
    assert plain_text(held) == text


def element_with(text):
    element = ET.Element("a")
    element.text = text
    return element


def test_ordinary_text_stays_as_it_was():
    assert xml_text("C:\\film, \n<b> ñ") == "C:\\film, \n<b> ñ"


@pytest.mark.parametrize(
    ("text", "aus", "strange"),
    [
        ("AU06B+AU12D", {"AU06": "B", "AU12": "D"}, []),
        ("6b 12D", {"AU06": "B", "AU12": "D"}, []),
        ("AU 1A, au4e", {"AU01": "A", "AU04": "E"}, []),
        ("12", {}, ["12"]),
        ("AU99C; 12F", {}, ["AU99C", "12F"]),
        ("L12C", {}, ["L12C"]),
        ("", {}, []),
    ],
)
def test_aus_as_people_write_them(text, aus, strange):
    assert parse_aus(text) == (aus, strange)


def test_frames_that_milliseconds_cannot_tell_apart_are_refused():
    clock = frame_times(20, hz=1000)
    with pytest.raises(InputError, match="too close"):
        MediaTimes.from_ns(clock, clock)
    clock = frame_times(20, hz=400)
    assert MediaTimes.from_ns(clock, clock).frame(3) == 1


def test_a_thousand_frames_a_second_go_out_as_csv(tmp_path):
    fast = frame_times(4000, hz=1000)
    study = new_study(tmp_path / "study", capture_ns=fast)
    code(study.sessions()[0], "anna", 0, FULL)
    said = refused(annotate, "export-codes", study.root, tmp_path / "a.eaf")
    assert "too close" in said
    assert "--format csv" in said
    run_command(annotate, "export-codes", study.root, tmp_path / "a.csv")
