"""What coders do, without a page: what they are to code, what they may see, what they decide.

items         the intervals to be coded, each under a key that betrays nothing, and its frames
quality       why a picture is hard to judge
desk          one coder's queue, sight and acts; everything a page sends or shows passes here
rules         what an act of a coder comes to
adjudication  where coders disagree, and the history of every decision
training      trainees against gold answers; a coder's drift
influence     what showing the suggestion does to coders
reading       tables and coders' files, read again only where they changed

Reads sessions (frames, scenes, intervals, aus, report, coders' files) and writes coders' files.
"""
