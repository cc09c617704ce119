"""A clip from a recording's frames to the rows of the dataset.

session, decoding    a session's clips, decoded once
settings             what may be asked of frames
making, clip_rows    a clip in the making; its rows
retouch, encoding    denoising and light; picture formats
analyses, quality    what the analysis knows of the frames; what they are worth
"""
