"""The paper's models, trained and judged without leaks. Reads datasets; writes run folders.

blocks   Inception, channel and spatial attention (equations 12-20)
models   the networks built of them, by name and preset
data     clips and frames as arrays, with consent and labels checked
train    the loop: folds, seeds, epochs            metrics  UF1, UAR and the rest
run      the run folder on disk                    plots, report  what a person reads
"""
