"""`docs/benchmarks.md` is its record: no table, no picture and no number is of anything else."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.peers.charts import charts
from bench.peers.pages import filled, proof, without_figures
from bench.peers.record import Record

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_figure_of_the_page_is_one_of_the_record() -> None:
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    record = Record.read(DOCS / "proofs")
    assert filled(page, record) == page
    assert proof(record) == (DOCS / "proofs" / "benchmarks.md").read_text(encoding="utf-8")
    assert not re.findall(r"\d[\d.,]* ?(?:ms|s|seconds|MiB|×|times)\b", without_figures(page))


def test_the_pictures_are_those_of_the_record() -> None:
    for name, picture in charts(Record.read(DOCS / "proofs")).items():
        assert (DOCS / "images" / name).read_text(encoding="utf-8") == picture
        assert ET.fromstring(picture).tag.endswith("svg")
