"""The pages around coding: adjudication, agreement, training and drift."""

from starlette.responses import JSONResponse, Response

from annotate.app.asked import Asked
from annotate.app.desk_pages import chrome
from annotate.app.rendering import render, speaker
from annotate.coding.adjudication import Entry, disagreements, history
from annotate.coding.desk import Show
from annotate.coding.training import drift, training_score
from mexlab.codes import DamagedCodes
from mexlab.emotions import EMOTIONS
from mexlab.errors import ConsentError, StudyError
from mexlab.web.asking import REFUSED, to
from mexlab.web.language import Speaker

RESAMPLES = 200  # behind the intervals on the page: a thousand take too long to wait for
DECIDING = "?show=disagreement&mode=final"  # the part of the queue an adjudicator works on


def adjudication(asked: Asked) -> Response:
    """Where submitted codes differ. In what they differ is told to adjudicators only."""
    desk = asked.desk()
    settled = asked.query.get("settled") == "yes"
    found = disagreements(asked.study, settled) if desk.adjudicator else []
    number = {item.key: place for place, item in enumerate(desk.items(), 1)}
    # In the adjudicator's own order, which tells nothing about sessions.
    cases = sorted(
        (
            number[each.item.key],
            each.item.key,
            each.reasons,
            len(each.codes),
            each.final is not None,
        )
        for each in found
        if each.item.key in number
    )
    context = chrome(asked, "adjudication") | {"cases": cases, "settled": settled}
    return render("adjudication.html", asked.language, **context)


def decide(asked: Asked) -> Response:
    """Open a disagreement: the other codes come in sight, which is logged."""
    desk = asked.desk()
    if not desk.adjudicator:
        return to("/adjudication")
    item = asked.item(desk)
    desk.act(item, "unblind")
    return to(f"/code/{item.key}{DECIDING}")


def past(asked: Asked) -> Response:
    """Every act about an item, in words; for adjudicators who see the codes already."""
    desk = asked.desk()
    item = asked.item(desk)
    if not desk.adjudicator or desk.seen(item).revealed is None:
        return JSONResponse({"error": "adjudicators only"}, REFUSED)
    say = speaker(asked.language)
    return JSONResponse([_told(entry, say) for entry in history(item)])


def _told(entry: Entry, say: Speaker) -> dict[str, object]:
    act = entry.act
    value = say(str(act.value)) if act.value in EMOTIONS else str(act.value or "")
    field = say(act.field) if act.field and say.knows(act.field) else act.field or ""
    what = " ".join(part for part in (say(f"act_{act.act}"), field, value) if part)
    return {
        "coder": entry.coder,
        "at": say.moment(act.at),
        "what": what,
        "stands": entry.stands or act.act == "undo",
    }


def agreement(asked: Asked) -> Response:
    """Figures between all coders, for those who have nothing left to code blind."""
    context = chrome(asked, "agreement") | {"found": None, "why": _too_early(asked)}
    if not context["why"]:
        from annotate.agreement.report import agreement as agreed

        try:
            context["found"] = agreed(asked.study, resamples=RESAMPLES)
        except DamagedCodes:
            raise
        except StudyError:
            context["why"] = "no_agreement"
    return render("agreement.html", asked.language, **context)


def agreement_csv(asked: Asked) -> Response:
    """The same figures as a file."""
    from annotate.agreement.report import agreement as agreed
    from annotate.agreement.table import as_csv

    if _too_early(asked):
        raise ConsentError("agreement is shown when all is coded", "agreement", "code the rest")
    name = {"content-disposition": 'attachment; filename="agreement.csv"'}
    found = agreed(asked.study, resamples=RESAMPLES)
    return Response(as_csv(found), media_type="text/csv", headers=name)


def _too_early(asked: Asked) -> str:
    """Why this coder must not see figures yet: they tell what others marked."""
    desk = asked.desk()
    blind = not desk.adjudicator and bool(desk.queue(Show("unreviewed")))
    return "agreement_later" if blind else ""


def training(asked: Asked) -> Response:
    """A coder's own work against gold answers, and over time."""
    coder = asked.coder
    context = chrome(asked, "training") | {
        "score": training_score(asked.study, coder),
        "blocks": drift(asked.study, coder),
    }
    return render("training.html", asked.language, **context)
