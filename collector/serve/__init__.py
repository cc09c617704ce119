"""One server for the operator's pages and the participants' form.

server     both together behind the guard (`mexlab.web`), until Ctrl-C; the form alone, after a film
app_cli    the command `collector app`
"""
