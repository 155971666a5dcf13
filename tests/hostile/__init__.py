"""Tests with crafted files: whatever comes in is read, or refused with one line. `make test-hostile` runs them.

The other files of `tests/` are generated from the notebooks. This folder is written by hand, because its
files are wrong on purpose, byte by byte. A plain `pytest tests` leaves it out.
"""
