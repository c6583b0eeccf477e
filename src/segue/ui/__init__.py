"""The studio: pages for the people who make segments and act on them.

Pages are made on the server and can be read without scripts; small scripts of our own add comfort.
`studio` is the application, which `segue serve` shows under `/studio`; `prepare` does what takes a
while and can be done before.
"""

from segue.ui.app import studio
from segue.ui.pages import prepare

__all__ = ["prepare", "studio"]
