"""The command line: parse, call, exit code; data on stdout, messages on stderr, no prompts."""

from sanzhixin.cli.app import main

__all__ = ["main"]
