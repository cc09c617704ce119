"""What our pages in the browser share: the collector's desk and form, the coders' pages.

listening  where a server listens: hosts, ports, TLS files
guard      before every page: who may see what
serving    an application at a socket, until Ctrl-C
options    --host, --port and the like
language   texts in Spanish and English, dates and numbers as each writes them
"""
