"""What runs beside a repository's tests: standard library only, importing nothing of ours, Python 3.8 and later.

`guard` starts the command; `sitecustomize` and `daydream_outcomes` are copied to a folder of their own
that leads the tests' import path.
"""
