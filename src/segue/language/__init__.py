"""The segment language: grammar, tree, parse, print, check, describe, builder."""
