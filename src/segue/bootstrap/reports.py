"""The report as a page: the numbers of the services, drawn by the adapter, said in our words."""

from __future__ import annotations

from segue.adapters.report_page import Speech, report_page
from segue.services.insight.report import Report, report_document
from segue.services.insight.wording import length_words, range_words


def page_of(report: Report) -> str:
    """The report as one page of HTML that needs nothing from anywhere else."""
    return report_page(report_document(report), Speech(range_words, length_words))
