"""What nobody can make templates do: reach Python, run away, or carry markup out of a profile."""

import json
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.language.links import SCHEMES, link_problem
from tests.adapters.message_templates.contexts import (
    TEMPLATES,
    refused,
    rendered,
    said,
    with_traits,
    wrong,
)

# ------------------------------------------------------------------------------------- injection

INJECTIONS = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__ }}",
    "{{ (1).__class__ }}",
    "{{ person.__class__ }}",
    "{{ person['__init__']['__globals__'] }}",
    "{{ person.values }}",
    "{{ person.path }}",
    "{{ person.get }}",
    "{{ person.name.__class__ }}",
    "{{ person.name.upper() }}",
    "{{ person.tags.append }}",
    "{{ event.__init__ }}",
    "{{ event.at.at }}",
    "{{ event.at.local }}",
    "{{ now.zone }}",
    "{{ link.__globals__ }}",
    "{{ link.__call__ }}",
    "{{ link['_follow'] }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ joiner }}",
    "{{ namespace() }}",
    "{{ dict() }}",
    "{{ config }}",
    "{{ request }}",
    "{{ _zone }}",
    "{{ environment }}",
    "{{ range(3) }}",
    "{{ caller() }}",
    "{{ super() }}",
    "{{ varargs }}",
    "{{ person.name | attr('__class__') }}",
    "{{ person.tags | map(attribute='__class__') | join }}",
    "{{ person.name | safe }}",
    "{{ person.name | format }}",
    "{{ '%s' | format(person) }}",
    "{{ '{0.__class__}'.format(person) }}",
    "{{ person | tojson }}",
    "{{ person | pprint }}",
    "{{ person.name | _json }}",
    "{{ person.name | _items }}",
    "{{ person.name is sameas person }}",
    "{{ person.name is callable }}",
    "{{ person.name is filter }}",
    "{% set x = person %}",
    "{% with x = person %}{% endwith %}",
    "{% include 'etc/passwd' %}",
    "{% import 'x' as x %}",
    "{% from 'x' import y %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{% macro x() %}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}{% endfilter %}",
    "{% autoescape false %}{{ person.name }}{% endautoescape %}",
    "{% for x in person.tags recursive %}{{ loop(x) }}{% endfor %}",
    "{% for x in person.tags %}{{ loop._iterator }}{% endfor %}",
    "{% for x in person.tags %}{{ loop['__class__'] }}{% endfor %}",
    "{% for x in person.tags %}{{ loop.cycle('a') }}{% endfor %}",
    "{% do person.x %}",
    "{% debug %}",
    "{{ {'a': 1} }}",
    "{{ person.name(*[1]) }}",
    "{{ link(**person) }}",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("part", ["text", "html", "subject"])
def test_nothing_of_python_can_be_reached(text: str, part: str) -> None:
    """Neither by a template, nor, as templates are not made of values, by a profile."""
    problem = refused(text, part)

    assert "0x" not in problem
    assert "<class" not in problem


@pytest.mark.parametrize("text", INJECTIONS[:20])
def test_nor_from_within_json(text: str) -> None:
    refused(json.dumps({"a": text}), "payload")
    refused(json.dumps([{"text": f"{text} x"}]), "steps")


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_profile_is_no_template(text: str) -> None:
    """A trait that looks like a template is printed as it stands."""
    assert said("{{ person.name }}", context=with_traits(name=text)) == text
    assert json.loads(said('{"a": "{{ person.name }}"}', "payload", with_traits(name=text))) == {
        "a": text
    }


# -------------------------------------------------------------------------------------- running away

RUNAWAYS = [
    "{{ 'a' * 1000000000 }}",
    "{{ 1000000000 * 'a' }}",
    "{{ [1] * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 9 // 1 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ 'x' | indent(1000000000) }}",
    "{{ 'x' | replace('x', 'y') }}",
    "{{ person.huge | join }}",
    "{% for a in person.huge %}x{% endfor %}",
    "{% for a in person.some %}{% for b in person.some %}{% for c in person.some %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in person.some %}{% for b in person.some %}{{ person.long }}{% endfor %}{% endfor %}",
    "{{ person.name }}" * 10_000,
    "x" * 100_001,
    "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "{% if person.a %}" * 200 + "{% endif %}" * 200,
    "{{ " + "-" * 500 + "1 }}",
    "{% for a in person.some %}{% for b in person.some %}" + "{{ a }}" * 100 + "{% endfor %}{% endfor %}",
]  # fmt: skip


@pytest.mark.parametrize("text", RUNAWAYS, ids=lambda text: text[:40])
def test_no_template_runs_away(text: str) -> None:
    """Each ends soon, with a reason or with a text of bounded length."""
    context = with_traits(huge=list(range(20_000)), some=["x"] * 100, long="x" * 30_000)

    started = time.process_time()
    found = rendered(text, context=context)

    assert time.process_time() - started < 2
    assert found.problem or len(found.parts["text"]) <= 500_000


def test_the_longest_loops_are_short() -> None:
    text = "{% for a in person.some %}{% for b in person.some %}{{ a }}{% endfor %}{% endfor %}"

    assert said(text, context=with_traits(some=["x"] * 100)) == "x" * 10_000


# ---------------------------------------------------------------------------- markup of profiles

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "&lt;script&gt;",
    "<!--",
    "]]>",
    "\u003cscript\u003e",
    "＜script＞",
    "a\x00<b>",
]


class _Parser(HTMLParser):
    """What a mail program sees: tags with their attributes, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(text: str) -> _Parser:
    parser = _Parser()
    parser.feed(text)
    parser.close()
    return parser


HTML = '<p title="{{ person.name }}">{{ person.name }}</p>'


@given(st.sampled_from(PAYLOADS) | st.text(max_size=40))
@settings(deadline=None)
def test_no_markup_comes_out_of_a_profile(name: str) -> None:
    """In HTML, values are text and nothing else, also in attributes."""
    found = parsed(said(HTML, "html", with_traits(name=name)))

    assert [(tag, set(attributes)) for tag, attributes in found.tags] == [("p", {"title"})]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("way", ["upper", "title", "truncate(80)", "default('')", "trim"])
def test_no_filter_makes_text_safe(payload: str, way: str) -> None:
    text = "<p>{{ person.name | " + way + " }}{{ '<b>' ~ person.name }}</p>"
    found = parsed(said(text, "html", with_traits(name=payload)))

    assert [tag for tag, _ in found.tags] == ["p"]


@given(st.text(max_size=40) | st.sampled_from(["javascript:alert(1)", "data:text/html,x", "//x"]))
@settings(deadline=None)
def test_a_link_made_of_a_profile_leads_to_the_web_or_nowhere(link: str) -> None:
    found = rendered('<a href="{{ person.link }}">x</a>', "html", with_traits(link=link))

    for _, attributes in parsed(found.parts.get("html", "")).tags:
        assert str(attributes["href"]).split(":")[0].lower() in SCHEMES


LINKS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil",
    "https://",
    "http:///x",
    "https://a b",
    "mailto:",
    "x:y",
    "",
]


@pytest.mark.parametrize("link", LINKS)
def test_links_that_lead_astray(link: str) -> None:
    context = with_traits(link=link)

    assert link_problem(link)
    assert refused("{{ person.link }}", "url", context)
    assert refused("{{ link(person.link) }}", "text", context)
    assert not link or refused('[{"text": "x", "url": "{{ person.link }}"}]', "steps", context)


@pytest.mark.parametrize(
    "link",
    ["https://a.example", "http://a.example:80/x?y=1#z", "mailto:a@b.example", "/x", "#a", "?a=b"],
)
def test_links_that_may_be_followed(link: str) -> None:
    assert link_problem(link) == ""
    assert said("{{ person.link }}", "url", with_traits(link=link)) == link


ACTIVE = [
    "<script>{{ person.name }}</script>",
    "<a href={{ person.name }}>x</a>",
    "<p onclick=\"x('{{ person.name }}')\">",
    "<style>{{ person.name }}</style>",
    '<p style="color: {{ person.name }}">x</p>',
    "<meta http-equiv='refresh' content='0;url={{ person.name }}'>",
    "<base href='https://x.example'>",
    "<iframe src='https://x.example'></iframe>",
    "<form action='https://x.example'>",
]


@pytest.mark.parametrize("text", ACTIVE)
def test_places_where_no_escaping_helps_are_mistakes(text: str) -> None:
    assert wrong(text, "html")


@given(st.text(max_size=60))
@settings(deadline=None)
def test_no_line_break_gets_into_a_line(name: str) -> None:
    """A header of an e-mail is one line, whatever somebody is called."""
    text = said(
        "Hello {{ person.name }}", "subject", with_traits(name=f"a{name}\r\nBcc: x@y.example")
    )

    assert text.isprintable()
    assert len(text.splitlines()) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
        max_leaves=10,
    )
)
@settings(deadline=None)
def test_json_stays_json_whatever_is_put_into_it(value: object) -> None:
    parts = {"payload": '{"whole": "{{ person.x | default(0) }}", "within": "a{{ person.x }}"}'}
    found = TEMPLATES.render(parts, with_traits(x=value))

    if not found.problem:
        made = json.loads(found.parts["payload"])
        assert set(made) == {"whole", "within"}
        assert made["within"].startswith("a")


@given(st.text(alphabet="{}%#-|.()[]'\"abc personame\n", max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_rendered_or_refused(text: str) -> None:
    """Whatever is written, nothing is raised."""
    found = rendered(text)
    problems = TEMPLATES.problems("text", text)
    TEMPLATES.needs({"text": text})

    assert bool(found.problem) or "text" in found.parts
    assert not (problems and not found.problem)
