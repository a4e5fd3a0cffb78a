"""The rules of engagement as one table: fields, messages and reasons in every FIX version that the venue speaks.

Everything that is said about FIX elsewhere comes from here: the data dictionaries under config/fix, the tag constants
of the codec and the pages under docs/fix. `python -m gateway.fix.rules --write` (or `make gen`) writes them again.
"""
