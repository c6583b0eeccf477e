"""Figures of Plotly: the script as the wheel has it, and figures as data that nothing can end."""

import json
import re

import pytest
from plotly.graph_objects import Figure

from segue.ui.plots import as_data, plot, plotly
from tests.ui.conftest import Studio


def test_the_script_may_be_kept_for_ever_under_its_address(studio: Studio) -> None:
    response = studio.client.get(plotly().address)

    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["content-encoding"] == "gzip"
    assert "window.Plotly = Plotly" in response.text[-200:]


@pytest.mark.parametrize("query", ["", "?v=old", f"?{plotly().address.partition('?')[2]}&x=1"])
def test_under_another_address_it_is_asked_for_anew(studio: Studio, query: str) -> None:
    response = studio.client.get(f"/studio/plots/plotly.min.js{query}")
    assert response.headers["cache-control"] == "no-cache"


def test_who_cannot_read_it_compressed_gets_it_plain(studio: Studio) -> None:
    headers = {"accept-encoding": "identity"}
    plain = studio.client.get(plotly().address, headers=headers)
    assert "content-encoding" not in plain.headers
    assert plain.content == studio.client.get(plotly().address).content


def test_every_style_element_that_it_would_make_is_known() -> None:
    """What Plotly asks for by its id before it makes a style element stands in the page."""
    script = plotly()
    assert script.styles
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in script.styles)


def test_a_page_without_figures_loads_nothing_of_it(studio: Studio) -> None:
    assert "plotly" not in studio.page("/segments")
    assert plotly().address in studio.page("/journey")


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "a < b", "“ü”"])
def test_nothing_in_a_figure_ends_it(text: str) -> None:
    figure = Figure(layout={"title": {"text": text}})
    data = plot(figure, "odd", caption=text, said=text).json

    assert "<" not in data
    assert json.loads(data)["layout"]["title"]["text"] == text
    assert as_data('"<"') == '"\\u003c"'


def test_links_go_along_with_the_figure() -> None:
    one = plot(Figure(), "flow", caption="", said="", links={"node": ["/studio/people"]})
    assert json.loads(one.json)["layout"]["meta"]["links"] == {"node": ["/studio/people"]}
    assert one.id == "figure-flow"
