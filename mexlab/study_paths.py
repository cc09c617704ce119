"""Where everything above a session lies in a study folder.

Another module asks the study, never puts a path together; what lies in a session's folder is the
session's to say (`mexlab.session`).
"""

from pathlib import Path

from mexlab.participants import check_participant_id


class StudyPaths:
    """The paths of the study in the folder `root`; none needs to exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def settings_path(self) -> Path:
        return self.root / "study.toml"

    @property
    def participants_path(self) -> Path:
        return self.root / "participants"

    @property
    def sessions_path(self) -> Path:
        return self.root / "sessions"

    @property
    def recording_lock_path(self) -> Path:
        """There while a process of some computer records a session."""
        return self.root / "recording.lock"

    @property
    def live_path(self) -> Path:
        """How the last recording goes or went, written every second while it runs."""
        return self.root / "recording.json"

    @property
    def orders_path(self) -> Path:
        """What the operator's pages tell a running recording."""
        return self.root / "recording.orders"

    @property
    def run_log_path(self) -> Path:
        """What a recording that the operator's pages started has printed."""
        return self.root / "recording.log"

    @property
    def forms_path(self) -> Path:
        """What participants are asked and told, and the wordings they agreed to."""
        return self.root / "forms"

    @property
    def calibrations_path(self) -> Path:
        """Delays from screen to camera, one file for each computer, camera and display."""
        return self.root / "calibrations"

    @property
    def stimuli_path(self) -> Path:
        return self.root / "stimuli"

    @property
    def protocol_path(self) -> Path:
        return self.stimuli_path / "protocol.toml"

    def compilation_path(self, number: int) -> Path:
        """Measured scene boundaries of a built film compilation."""
        return self.stimuli_path / f"compilation-{number}.json"

    def film_path(self, number: int) -> Path:
        """The built film compilation itself."""
        return self.stimuli_path / f"compilation-{number}.mp4"

    def participant_path(self, participant: str) -> Path:
        return self.participants_path / f"{check_participant_id(participant)}.json"
