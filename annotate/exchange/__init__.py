"""Coders' codes as files of other programs, out and in: ELAN's .eaf, and CSV."""
