"""The dataset explorer in the browser: `pipeline app`.

server      the application behind the guard, until Ctrl-C; its list of routes
shelf       what was opened: datasets and runs, each under its number
reading     a dataset's clips and splits, tolerant of columns; what is damaged is named
frames      one subject's frames: only the columns and row groups that are asked for
facets      filters made from the columns there are, and what they let through
counts      clips per emotion and subject
origin      back to the study: source frame, session, interval, codes, answers
recording   pictures of the recording that frames were taken from
asked       a request with its language; mistakes in words
explorer    the pages: what is open, a dataset, a clip
media       pictures, flow and AU scores of a clip, as bytes
rendering   templates/ filled in; static/ is our script and style; the head's navigation
words       what the pages say, in Spanish and English (words_clip: the clip page)

A further page is a module with `routes(room)`, a line in `server.ROUTES`, one in
`rendering.NAVIGATION` and one in `rendering.WORDS`; the player is `mexlab.web`'s player.js, which
wants chunks of numbered pictures (`mexlab.web.chunk`). Nothing is written, nothing kept between
requests but what was read.
"""
