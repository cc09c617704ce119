"""Measurements a user can repeat; each prints its figures and says what they mean."""
