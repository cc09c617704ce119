"""`python -m collector`: how the operator's pages start a recording, whatever is on the PATH."""

from collector.cli import main

main()
