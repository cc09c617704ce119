"""The paper's figures of one session, from its tables and its recording.

One file a figure: `peak` and `emotions` (Figure 4), `change` (Figures 22 and 23), `sheet`
(Figures 24 and 25) and `interactive`, the curves as a page for the browser. `recording` reads what
they draw on, `draw` decodes the film once for all of them and writes into analysis/plots/.

peak, change and sheet show a face: who shows them to others needs the participant's consent to
the scope `excerpts`.
"""

FIGURE_NAMES = ("peak", "emotions", "change", "sheet", "interactive")
