"""The studio: pages for the people who make segments and act on them.

Pages are made on the server and can be read without scripts; small scripts of our own add comfort.
`studio` is the application, which `segue serve` shows under `/studio`.
"""

from segue.ui.app import studio

__all__ = ["studio"]
