"""The paper's models, trained and judged without leaks. Reads datasets; writes run folders.

blocks/     the parts the networks are built of (equations 1-36)
models      the four networks built of them            presets   sizes and ablation options
data        who may be trained on, and what is a sample
cache       samples decoded once, memory-mapped        loader    batches out of it
protocols   who trains and who tests                   recipes/  settings of named trainings
plan        what is to be done and how long it takes   settings  everything that decides a run
train       a run from datasets to its folder: folds (folds, epochs, loop), assembled (assemble)
work        what an interrupted run has finished       checkpoint  a network on disk
metrics     UF1, UAR and the rest                      leak      a frame-level split beside LOSO
run         the run folder                             report/, plots  what a person reads
explain     where on the face a network looks          export    ONNX
"""
