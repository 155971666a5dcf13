"""Tests with files and command lines that are wrong on purpose: each is read, or refused with a line.

`make test-hostile` runs them; a plain `pytest tests` leaves them out. `weights.py` makes files, and
`readers.py` sends them through every reader of weights. `commands.py` runs every command with
words, files and folders that make no sense. The other files of `tests/` are generated from the
notebooks. This folder is written by hand, because its files are wrong byte by byte.
"""
