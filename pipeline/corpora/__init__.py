"""Public corpora into the dataset form: one file a corpus, the registry, the import.

A corpus is its annotation sheet and its folders of numbered frames. `reading` turns the sheet into
clips, `folders` finds their frames, `importing` writes the dataset. A row that cannot be used is
reported with its number and reason; nothing is repaired. Another corpus is another small file with
a `Corpus` in it and its line in `registry.py`.
"""
