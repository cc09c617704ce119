"""People and sessions as they lie on disk after some days, without a picture in them."""

from datetime import UTC, datetime, timedelta

from collector.form.filling import FIRST, begin
from mexlab.consent import SCOPES, decide
from mexlab.emotions import EMOTIONS
from mexlab.participants import Participant
from mexlab.session import Answer, SelfReport, SessionHeader
from mexlab.tables import SCENES
from mexlab.timebase import NS_PER_S

BEGUN = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


def register(study, name, granted=SCOPES, simulated=False, **demographics):
    """On file, with a decision on every scope; `granted` None for no decision."""
    person = Participant(name, simulated=simulated, demographics=demographics)
    person = person if granted is None else person.deciding(decide(granted, "form"))
    study.save_participant(person)
    return person


def sat(study, name, state="closed", compilation=1, source="recorded", later_s=0):
    """A session of seven scenes, one an emotion, ten seconds each."""
    started = BEGUN + timedelta(seconds=later_s)
    with study.new_session(name, started) as session:
        header = SessionHeader(
            session=session.id,
            participant=name,
            started_at=started.isoformat(),
            recording="webcam.mp4",
            recording_sha256="0" * 64,
            source=source,
            state=state,
            compilation=compilation,
        )
        session.write_header(header)
        rows = {
            "scene": list(range(1, 8)),
            "emotion": list(EMOTIONS),
            "start_ns": [10 * k * NS_PER_S for k in range(7)],
            "end_ns": [10 * (k + 1) * NS_PER_S for k in range(7)],
        }
        SCENES.write(session.scenes_path, SCENES.build(rows))
    return study.session(session.id)


def from_elsewhere(session, **emotions):
    """A report that no form of ours asked for: scene1="fear" and so on."""
    given = [Answer(int(key[5:]), "emotion", value, "2026") for key, value in emotions.items()]
    SelfReport("paper", "1", "es", tuple(given)).write(session.report_path)


def filled_in(study, session, emotions, attention=2, finish=True):
    """The form, with an emotion for each scene in turn and nothing else but the attention check."""
    filling = begin(study, session, FIRST, "es")
    left = list(emotions)
    for number, step in enumerate(filling.steps):
        values = dict.fromkeys(step.answers)
        if "emotion" in values:
            values["emotion"] = left.pop(0)
        if "attention" in values:
            values["attention"] = attention
        filling = filling.save(number, values)
    return filling.finish() if finish else filling


def analysed(session):
    session.aus_path("landmarker").parent.mkdir(parents=True)
    session.aus_path("landmarker").touch()


def reviewed(session):
    session.review_path.mkdir()
    (session.review_path / "ana.jsonl").touch()
