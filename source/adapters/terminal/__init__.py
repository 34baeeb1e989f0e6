"""A person at a terminal, or a program that pipes lines in."""
