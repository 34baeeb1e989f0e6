"""Archiving, restoring and cleaning up by the real program, which is killed in the middle of each."""
