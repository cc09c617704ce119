"""Camera, recorder, sessions, import of existing recordings, self-report."""
