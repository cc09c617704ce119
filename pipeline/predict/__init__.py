"""A trained network on a new face: a recording in, emotions per frame and interval out.

    record / take ──> look ──> segment ──────────────> condition, judge ──> show
    a file, a camera  times,   a temporary study,      crop and flow as     Parquet, JSON,
                      people   annotate's commands     in training          annotated MP4

This is the paper's second data flow. Intervals come from the stage that locates them, run as a
command on a study that is gone when the prediction is there.

run       the whole                          look, people  first decode: times, whose face
locating  the temporary study                record        a camera's recording
stages    other stages as commands
moments   intervals and 20 fps frames        course        second decode: crops, samples
samples   what the network is shown          judge         the network
tables, outputs  what is written             film, canvas  the annotated video
"""
