"""Finding what was said: how words are compared, which turns bear on a question, how they are shown."""
