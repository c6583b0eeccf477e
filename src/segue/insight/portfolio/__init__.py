"""Lint of a project's segments and campaigns as a whole: the known mistakes, with evidence."""
