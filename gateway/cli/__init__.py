"""The command line: ``gsalab``."""
