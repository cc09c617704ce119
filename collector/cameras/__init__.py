"""Cameras behind one interface: what the session loop reads frames from."""
