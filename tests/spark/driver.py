"""A driver of its own: one run of a folder of files, then it waits to be killed or ended.

`python -m tests.spark.driver MASTER FOLDER` prints `published` when the run is.
"""

import sys
from pathlib import Path

from segue.adapters.spark.session import opened
from tests.spark.cluster import SETTINGS
from tests.spark.growing_folder import Folder


def main() -> None:
    """Make one run."""
    master, place = sys.argv[1:]
    with opened(master, SETTINGS) as spark:
        Folder(spark, Path(place)).run()
        print("published", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
