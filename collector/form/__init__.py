"""The participant's form: what is asked, how it is filled in, and the pages that ask it.

instrument  the questions, from one file that a laboratory edits
kinds       one class a kind of question: what it asks, which answers it gives
filling     a form being filled in: the next question, every answer on disk
items       what the questions are about: scenes of the film, or moments of the own face
pictures    stills and excerpts of them
links       who may open which form: one-time links, and the keys they turn into
words       what the pages themselves say, in each language
routes      the pages, served
"""
