"""`annotate export-codes`: review/*.jsonl of sessions in, .eaf files or a CSV file out.

A CSV file holds all sessions. An .eaf file holds one session, so FILE is SESSION.eaf for one and a
folder for several. What is there already is never written over: it may have been worked on since.
"""

from collections.abc import Mapping
from pathlib import Path

import click

from annotate.exchange import csv_codes, eaf_write
from annotate.exchange.media_times import MediaTimes
from annotate.exchange.sessions import allowed_sessions, stretches
from mexlab.atomic import write_text
from mexlab.codes import Code, coder_files, codes_of
from mexlab.errors import InputError, StudyError
from mexlab.session import Session
from mexlab.study import Study

Codes = Mapping[str, list[Code]]  # coder -> codes


def export_study(
    root: Path, file: Path, kind: str | None, session_id: str | None, coder: str | None
) -> None:
    """Write the codes and name each file. Raises StudyError where there is none."""
    study = Study.open(root)
    kind = format_of(file, kind)
    for folder in (study.sessions_path, study.participants_path):
        if file.resolve().is_relative_to(folder.resolve()):
            raise InputError("this is a folder of the study", file, "choose a place outside it")
    found = {}
    for session in allowed_sessions(study, session_id):
        if codes := session_codes(session, coder):
            found[session.id] = (session, codes)
    if not found:
        whose = f" by {coder}" if coder else ""
        remedy = f"code first: annotate review {root} --coder NAME"
        raise StudyError(f"no codes{whose}", study.sessions_path, remedy)
    texts = _csv(file, found) if kind == "csv" else _eaf(file, found)
    for path in texts:
        if path.exists():
            raise InputError("there is a file of that name", path, "choose another or remove it")
    for path, (text, said) in texts.items():
        write_text(path, text)
        click.echo(f"{path}: {said}")


def format_of(file: Path, kind: str | None) -> str:
    """eaf or csv, as asked or by the ending of the file's name; no ending is a folder of .eaf."""
    by_ending = {".csv": "csv", ".eaf": "eaf", "": "eaf"}.get(file.suffix.lower())
    if kind is None and file.is_dir():
        return "eaf"
    if kind is None and by_ending is None:
        raise InputError("what format?", file, "add --format eaf or --format csv")
    return kind or str(by_ending)


def session_codes(session: Session, coder: str | None = None) -> Codes:
    """Codes that say anything, by coder, of one coder only if named.

    Raises StudyError for a mark beyond the recording.
    """
    found = {}
    for name, path in coder_files(session.review_path).items():
        if coder in (None, name):
            codes = [code for code in codes_of(path).values() if says_anything(code)]
            if codes:
                found[name] = codes
    if found:
        _check_frames(session, found)
    return found


def says_anything(code: Code) -> bool:
    """Whether a mark or a submission stands."""
    marks = (code.verdict, code.emotion, code.confidence, code.submitted)
    standing = any(mark is not None for mark in marks)
    return standing or bool(code.moments or code.aus or code.comment)


def _check_frames(session: Session, codes: Codes) -> None:
    frames = len(session.frames())
    for code in (code for found in codes.values() for code in found):
        last = max(code.moments, default=0)
        if last >= frames:
            what = f"{code.coder} marked frame {last}, the recording has {frames}"
            raise StudyError(what, session.codes_path(code.coder), "restore it from a copy")


def _csv(file: Path, found: Mapping[str, tuple[Session, Codes]]) -> dict[Path, tuple[str, str]]:
    rows = [
        (session, code)
        for session, (_, codes) in found.items()
        for coded in codes.values()
        for code in coded
    ]
    times = {name: s.frames()["capture_ns"].to_numpy() for name, (s, _) in found.items()}
    said = f"{len(rows)} codes of {len(found)} sessions"
    return {file: (csv_codes.codes_csv(rows, times), said)}


def _eaf(file: Path, found: Mapping[str, tuple[Session, Codes]]) -> dict[Path, tuple[str, str]]:
    single = file.suffix.lower() == ".eaf"
    if single and len(found) > 1:
        what = f"{len(found)} sessions have codes, and an .eaf file holds one"
        raise InputError(what, file, "name a folder, or choose one with --session")
    if not single and file.is_file():
        raise InputError("there is a file of that name", file, "name a folder")
    texts = {}
    for name, (session, codes) in found.items():
        path = file if single else file / f"{name}.eaf"
        texts[path] = _document(session, codes, path.parent)
    return texts


def _document(session: Session, codes: Codes, folder: Path) -> tuple[str, str]:
    times = MediaTimes.of(session)
    intervals = {s.interval_id: (s.start, s.end) for s in stretches(session)}
    placed: dict[str, list[eaf_write.Placed]] = {}
    for coder, coded in codes.items():
        placed[coder] = []
        for code in coded:
            item = eaf_write.place(code, intervals.get(code.interval_id), times)
            if item:
                placed[coder].append(item)
            else:
                where = f"{session.id}: {coder}'s code of {code.interval_id}"
                what = "the interval is not there any more, and it has no moment; use csv"
                click.echo(f"{where}: not exported: {what}", err=True)
    text = eaf_write.document(session, placed, times, folder)
    return text, f"{sum(map(len, placed.values()))} codes by {', '.join(placed)}"
