"""Recordings of warped real faces by another method than the collector's simulator."""
