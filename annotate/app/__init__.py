"""The coders' pages in the browser: `annotate review`.

server     the application behind the guard, until Ctrl-C
asked      a request with its coder and language; mistakes in words
desk_pages who am I, queue, coding page
acts       what a coder may see of an item and does to it, as JSON
pictures   frames, neutral frame, times and curves, as bytes
others     adjudication, agreement, training
rendering  templates/ filled in; static/ is our script and style
media      frames in chunks: whole, crop, flow, magnified (recording, stacks, once)
neutral    the calmest frame of the same person
curves     what the analyzer saw, in bytes
words      what the pages say, in Spanish and English (words_coding: the coding page)

Everything a coder may or may not see is decided by `annotate.coding`; nothing here looks into
scenes, reports or other coders' files. Nothing is kept between requests but pictures in memory.
"""
