"""What a study and a session are on disk, the clock, the emotions, the umbrella command.

Every other package stands on this one; this one imports none of them.
"""

__version__ = "0.1.0"
