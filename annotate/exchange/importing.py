"""`annotate import-codes`: .eaf files or a CSV file in, acts appended to review/CODER.jsonl.

Nothing is written before every file is read. What is there already is not written again; what
cannot be taken is said, one line each, on stderr. A code whose making is not told counts as made
with sight of everything, since it may have been.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from annotate.exchange import csv_codes, eaf_read
from annotate.exchange.exporting import format_of, says_anything
from annotate.exchange.incoming import Gathered, Incoming, Stretch
from annotate.exchange.media_times import MediaTimes
from annotate.exchange.sessions import allowed_sessions, stretches
from mexlab.codes import (
    MARKS,
    MOMENTS,
    REFUSALS,
    Act,
    Code,
    Value,
    append_act,
    check_coder,
    codes_of,
    now,
)
from mexlab.emotions import AUS
from mexlab.errors import InputError
from mexlab.session import Session
from mexlab.study import Study


@dataclass(frozen=True)
class Arrival:
    """What came for one session: acts by interval, and how many codes were there already."""

    session: Session
    acts: Mapping[str, list[Act]]
    same: int


def import_study(
    root: Path, file: Path, kind: str | None, coder: str, session_id: str | None, merge: bool
) -> None:
    """Add the codes in a file to a coder's. Raises InputError where there is nothing to add."""
    check_coder(coder)
    study = Study.open(root)
    if not file.exists():
        raise InputError("no such file", file, "check the path")
    read = _from_csv if format_of(file, kind) == "csv" else _from_eaf
    found = read(study, file, coder, session_id)
    for line in (line for gathered in found.values() for line in gathered.problems):
        click.echo(line, err=True)
    sessions = {session.id: session for session in study.sessions()}
    arrivals = [
        _arrival(sessions[name], coder, gathered.codes()) for name, gathered in found.items()
    ]
    if not any(gathered.codes() for gathered in found.values()):
        raise InputError(f"no code of {coder}", file, "see the lines above, or check --session")
    if not merge:
        _refuse_changes(coder, arrivals, found)
    for arrival in arrivals:
        for act in (act for acts in arrival.acts.values() for act in acts):
            append_act(arrival.session.codes_path(coder), act)
        new = f"{len(arrival.acts)} codes imported"
        click.echo(f"{arrival.session.id}: {new}, {arrival.same} there already")


def _from_eaf(study: Study, file: Path, coder: str, session_id: str | None) -> dict[str, Gathered]:
    paths = sorted(file.glob("*.eaf")) if file.is_dir() else [file]
    if not paths:
        raise InputError("no .eaf file", file, "check the path")
    if session_id and len(paths) > 1:
        raise InputError("--session with several files", file, "name one file")
    found: dict[str, Gathered] = {}
    for path in paths:
        document = eaf_read.read_eaf(path)
        session = _session_of(study, session_id or document.session or path.stem, path)
        if session.id in found:
            raise InputError(f"a second file of session {session.id}", path, "import them singly")
        times = MediaTimes.of(session)
        intervals = [
            Stretch(s.interval_id, times.of_clock(s.start), times.of_clock(s.end))
            for s in stretches(session)
        ]
        found[session.id] = eaf_read.gather(document, coder, intervals, times)
    return found


def _from_csv(study: Study, file: Path, coder: str, session_id: str | None) -> dict[str, Gathered]:
    columns, lines = csv_codes.read_csv(file)
    by_session: dict[str, list[csv_codes.Line]] = {}
    others = {line["coder"].strip() for line in lines} - {coder, ""}
    for name in sorted(others):
        click.echo(f"{file.name}: not imported: lines of {name}", err=True)
    wanted = study.session(session_id).id if session_id else None
    for line in lines:
        name = line["session"].strip() or wanted or ""
        if line["coder"].strip() in others:
            continue
        if not name:
            raise InputError("no session", line.where, "add a column session, or --session")
        if wanted in (None, name):
            by_session.setdefault(name, []).append(line)
        else:
            click.echo(f"{line.where}: not imported: of session {name}", err=True)
    found = {}
    for name, of_session in by_session.items():
        session = _session_of(study, name, file)
        times = session.frames()["capture_ns"].to_numpy()
        found[session.id] = csv_codes.gather(columns, of_session, stretches(session), times)
    return found


def _session_of(study: Study, name: str, path: Path) -> Session:
    known = {session.id for session in study.sessions()}
    if name not in known and not any(one.startswith(name) for one in known):
        what = f"of no session of the study ({name!r})"
        raise InputError(what, path, "say which with --session")
    return allowed_sessions(study, name)[0]


def _arrival(session: Session, coder: str, codes: list[Incoming]) -> Arrival:
    there = codes_of(session.codes_path(coder))
    for code in codes:
        if amiss := out_of_order(there.get(code.interval_id, Code(code.interval_id, coder)), code):
            said = f"not imported: {amiss}: the order is {', '.join(MOMENTS)}"
            click.echo(f"{session.id} {code.interval_id}: {said}", err=True)
            for moment in MOMENTS:
                code.marks.pop(moment, None)
        if out := passed_over(there.get(code.interval_id, Code(code.interval_id, coder)), code):
            said = f"not imported: {' '.join(out)}, since it is rejected or uncodable"
            click.echo(f"{session.id} {code.interval_id}: {said}", err=True)
    acts = {code.interval_id: acts_for(there.get(code.interval_id), code) for code in codes}
    changed = {name: made for name, made in acts.items() if made}
    return Arrival(session, changed, len(acts) - len(changed))


def acts_for(there: Code | None, coming: Incoming) -> list[Act]:
    """The acts that make a code of what is there and what came; none where that is the same.

    They are one gesture, so that one undo takes them back; only a submission keeps its own time.
    """
    name, how, at = coming.interval_id, coming.how, now()
    current = there or Code(name, "")
    marks = _changed(current, coming)
    acts = [Act("set", name, mark, value, how.unblinded, at) for mark, value in marks.items()]
    if how.suggested and not current.suggested:
        acts.insert(0, Act("shown", name, value="suggestion", at=at))
    if how.revealed and not current.revealed:
        acts.append(Act("unblind", name, at=at))
    done = (how.submitted, how.submitted_at or current.submitted_at)
    again = set(marks) - {"comment"} or done != (current.submitted, current.submitted_at)
    if how.submitted and again:
        value = None if how.submitted == "code" else how.submitted
        time = how.submitted_at or at
        acts.append(Act("submit", name, value=value, unblinded=how.unblinded, at=time))
    return acts


def _changed(current: Code, coming: Incoming) -> dict[str, Value]:
    """The marks that differ from those there, or all where they were made with sight, not blind."""
    out = set(passed_over(current, coming))
    marks = {mark: value for mark, value in coming.marks.items() if mark not in out}
    changed = {mark: value for mark, value in marks.items() if value != _mark(current, mark)}
    if current.verdict in REFUSALS and marks.get("verdict", current.verdict) not in REFUSALS:
        changed = marks  # else what was marked before the refusal would stand again
    # Whoever saw something once has seen it: no file makes a code blind again, but the reverse.
    seen = coming.state is not None and coming.state.unblinded and not current.unblinded
    if seen and not set(changed) - {"comment"}:
        changed |= {m: value for m, value in marks.items() if value is not None and m != "comment"}
    return changed


def passed_over(current: Code, coming: Incoming) -> list[str]:
    """Marks that came for an interval that is rejected or uncodable, which has none."""
    if coming.marks.get("verdict", current.verdict) not in REFUSALS:
        return []
    names = (*MARKS, *AUS)
    return [name for name in names if coming.marks.get(name) is not None]


def out_of_order(current: Code, coming: Incoming) -> str:
    """The moments that would stand, as text, where one would lie before another that it follows."""
    stand = {moment: coming.marks.get(moment, _mark(current, moment)) for moment in MOMENTS}
    known = {moment: frame for moment, frame in stand.items() if isinstance(frame, int)}
    frames = list(known.values())
    return "" if frames == sorted(frames) else ", ".join(f"{m} {f}" for m, f in known.items())


def _mark(code: Code, name: str) -> Value:
    if name in AUS:
        return code.aus.get(name)
    found: Value = getattr(code, name)
    return found if found != "" else None


def _refuse_changes(coder: str, arrivals: list[Arrival], found: Mapping[str, Gathered]) -> None:
    """Raise InputError where the coder has codes that the file does not hold as they are."""
    for arrival in arrivals:
        path = arrival.session.codes_path(coder)
        there = {name for name, code in codes_of(path).items() if says_anything(code)}
        held = {code.interval_id for code in found[arrival.session.id].codes()}
        other = (there - held) | (there & set(arrival.acts))
        if other:
            what = f"{coder} has {len(other)} other codes in {arrival.session.id}"
            remedy = "choose another --coder, or add --merge to let the file's marks replace them"
            raise InputError(what, path, remedy)
