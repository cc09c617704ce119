"""One server for the operator's pages and the participants' form.

listening  where it listens: hosts, ports, TLS files
guard      before both: who may see what
server     both together, until Ctrl-C; the form alone, after a film
app_cli    the command `collector app`
"""
