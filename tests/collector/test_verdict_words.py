"""Everything the pre-flight check can find, said in both languages."""

import json
from string import Formatter

import pytest

from collector import verdicts
from collector.finding import Finding, Phrase, first_to_last
from collector.framing import Crop
from collector.verdict_words import WORDS
from mexlab.errors import VideoError
from stimuli.player.displays import AudioOutput, Display

MODES = {"width": 1280, "fps": 30.0, "fourcc": "MJPG", "lock": True}
SCREEN = Display(0, "A", 0, 0, 1920, 1080, 59.94, True)
PHONES = [AudioOutput("Headphones, left", True)]
GIVEN = {"backend": "V4L2", "asked": MODES, "granted": {"width": 640, "fps": 29.5}}

FINDINGS = [
    verdicts.failure("face model", VideoError("no {model}", "there", "fetch it")),
    verdicts.camera_finding("0", 640, 480, GIVEN),
    verdicts.rate_finding(84, 3.0, 30.0),
    verdicts.light_finding(0.5, 0.0, 0.0),
    verdicts.light_finding(0.125, 0.0, 0.0),
    verdicts.light_finding(0.9, 0.0, 0.0),
    *verdicts.face_findings(4, 9, 0.0, (0.5, 0.5), 0.0, None),
    *verdicts.face_findings(9, 9, 59.0, (0.9, 0.5), 3.0, None),
    *verdicts.face_findings(9, 9, 90.0, (0.5, 0.5), 12.0, Crop(0, 0, 300, 302)),
    verdicts.encoder_finding(0.95, 1.0, 4),
    verdicts.disk_finding(1_500_000_000, 1_000_000_000, 9.0),
    verdicts.display_finding([SCREEN], 0, 25.0),
    verdicts.display_finding([SCREEN], 1, 25.0),
    verdicts.display_finding([], 0, 25.0),
    verdicts.sound_finding([], None, False),
    verdicts.sound_finding(PHONES, None, False),
    verdicts.sound_finding(PHONES, 0.05, False),
    verdicts.sound_finding(PHONES, 0.6, True),
]


def by_name(name, verdict):
    return next(f for f in FINDINGS if (f.name, f.verdict) == (name, verdict))


def test_every_text_is_said_by_some_finding_and_none_is_missing():
    phrases = [phrase for f in FINDINGS for phrase in (*f.phrases, f.advice) if phrase]
    assert {phrase.key for phrase in phrases} | {f.name for f in FINDINGS} == set(WORDS)


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_have_the_same_places(key):
    assert all(text.strip() for text in WORDS[key])
    spanish, english = (
        {(name, form) for _, name, form, _ in Formatter().parse(text) if name}
        for text in WORDS[key]
    )
    assert spanish == english


def test_a_name_in_english_is_its_key():
    for finding in FINDINGS:
        name, _, _ = finding.said("en")
        assert name == finding.name


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: f"{finding.name}")
def test_a_finding_says_the_same_after_its_json(finding):
    there = json.loads(json.dumps(finding.to_json()))
    assert there["detail"] == finding.said("en")[1]
    assert there["remedy"] == finding.said("en")[2]
    back = Finding.from_json(there)
    assert [back.said(language) for language in ("es", "en")] == [
        finding.said(language) for language in ("es", "en")
    ]
    assert str(back) == str(finding)


def test_numbers_follow_the_language():
    assert by_name("rate", "ok").said("es")[1] == "28,0 imágenes por segundo de 30"
    assert by_name("rate", "ok").said("en")[1] == "28.0 pictures a second of 30"
    assert "brillo 12\u00a0%" in by_name("light", "warn").said("es")[1]
    assert "brightness 12%" in by_name("light", "warn").said("en")[1]
    assert by_name("disk", "warn").said("es")[1] == "1,5 GB libres, 1,00 GB para 9 min"
    camera = by_name("camera", "warn").said("es")[1]
    assert "640x480" in camera
    assert "fps 29,5 en lugar de 30,0" in camera


def test_an_errors_own_words_stay_as_they_are():
    said = [FINDINGS[0].said(language)[1:] for language in ("es", "en")]
    assert said == [("no {model} (there)", "fetch it")] * 2


def test_what_fails_comes_first():
    findings = [Finding(v, v, (Phrase("muted"),)) for v in ("ok", "warn", "fail", "warn")]
    assert [f.verdict for f in first_to_last(findings)] == ["fail", "warn", "warn", "ok"]
