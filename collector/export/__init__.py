"""What participants said, for other programs: tidy CSV and BIDS.

gathering   who and what is exported, and who is left out
folder      the whole folder; the CSV files
codebook    every column and answer in words, with levels and units
bids        participants and phenotype files as BIDS wants them
readme      what the folder says of itself
command     `collector export`
"""
