"""A person is forgotten by a program that is killed over and over; nothing of theirs is left, all of others' is."""
