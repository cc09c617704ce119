"""A session's codes as coders submit them, and the clips planned from them."""

from mexlab.consensus import ReviewSettings
from mexlab.study_settings import LabelSettings
from pipeline.clips import plan_clips
from tests.annotate.coded import code

FOUND = {"verdict": "accept", "onset": 360, "apex": 365, "offset": 370, "emotion": "disgust"}
NEUTRAL_SCENE, DISGUST_SCENE, HAPPY_SCENE = 1, 2, 3


def decided(session, scene, marks=FOUND, coders=("ana", "ben"), submit="code", rank=1):
    """These coders submit the same code of a scene's interval."""
    for coder in coders:
        code(session, coder, f"{session.id}-s{scene}-r{rank}", marks, submit)


def planned(session, coders=2, **labels):
    """Scene -> plan, and scene -> reason; one interval a scene."""
    plans, left_out = plan_clips(session, LabelSettings(**labels), ReviewSettings(coders=coders))
    by_scene = {plan.interval["scene"]: plan for plan in plans}
    reasons = {each.scene: each.reason for each in left_out}
    assert len(by_scene) + len(reasons) == len(plans) + len(left_out) == 3
    return by_scene, reasons
