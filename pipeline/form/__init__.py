"""The dataset on disk and all that describes it.

dataset, header     the folder: subjects' tables, dataset.json, what `finish` adds
hub, pictures       as the `datasets` library reads it; single pictures at random
card, card_tables, contact_sheet, demographics   README.md for people
codebook, croissant, statements                  columns with units; for machines; words both use
"""
