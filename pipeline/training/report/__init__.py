"""One HTML page, its pictures, and tables on the terminal, for one or several runs.

    run folders ──> read ──> sheets and details (tables), figures, maps ──> page, terminal

Reads run folders, and for the maps the datasets they name; writes the page and a folder of PNGs.
"""
