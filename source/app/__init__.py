"""The composition root: settings, logging, and what is plugged into what."""
