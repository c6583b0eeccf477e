"""The report as one page: everything in one file, no script, nothing from elsewhere."""

from segue.adapters.report_page.page import Speech, report_page

__all__ = ["Speech", "report_page"]
