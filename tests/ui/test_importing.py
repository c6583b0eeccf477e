"""Importing a file by the page: what is sent is looked at first, and nothing good is lost."""

import csv
import gzip
import html
import io
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, expect

from segue.bootstrap import environment
from segue.bootstrap import uploads as uploads_module
from segue.bootstrap.reported import REPORT, Report, Stage, keep_report
from segue.bootstrap.uploads import KEPT, REPORTS_KEPT, Uploads
from segue.domain.campaigns import Delivery
from segue.domain.errors import NotFoundError
from segue.domain.instant import HOUR, format_instant
from segue.services.live.live import Live
from tests.http.running import running
from tests.ui.artefacts import keep
from tests.ui.conftest import DEFINITIONS, Studio
from tests.ui.test_browser import AXE, RULES
from tests.ui.waiting import eventually

GOOD = (
    "who,did,moment,price\nivo,import_test,2026-05-01T09:00:00Z,3\njan,import_test,2026-05-02,4\n"
)
BAD = "ivo,import_test,yesterday,1\n,import_test,2026-05-02,1\nkim,<script>alert(1)</script>,,5\n"
SAID = {"person_id": "who", "event": "did", "occurred_at": "moment", "asked": "true"}


def mark_of(studio: Studio) -> str:
    """What a form of this session carries."""
    found = re.search(r'name="mark" value="([^"]+)"', studio.page("/data/import"))
    assert found is not None
    return found[1]


def send(studio: Studio, name: str, data: bytes | str, **fields: str) -> httpx.Response:
    """Send a file by the form."""
    fields.setdefault("mark", mark_of(studio))
    content = data.encode() if isinstance(data, str) else data
    return studio.client.post("/studio/data/import", data=fields, files={"file": (name, content)})


def sent(studio: Studio, name: str, data: bytes | str) -> str:
    """The address of a file that was taken."""
    response = send(studio, name, data)
    assert response.status_code == 200, response.text
    return response.url.path


def imported(studio: Studio, address: str, **mapping: str) -> str:
    """The report of an import, when it has ended."""
    data = {"mark": mark_of(studio), **mapping}
    response = studio.client.post(address, data=data)
    assert response.status_code == 200, response.text
    return eventually(lambda: _ended(studio, address))


def _ended(studio: Studio, address: str) -> str | None:
    text = studio.client.get(address).text
    return None if "data-working" in text else text


def _all(studio: Studio, name: str) -> int:
    return sum(one[1] == name for one in studio.server.events())


# ------------------------------------------------------------------------------------------- looking


def test_a_file_is_looked_at_before_anything_is_stored(studio: Studio) -> None:
    """The columns are guessed where their names say it; the rest is asked for."""
    address = sent(studio, "some.csv", GOOD)
    page = studio.client.get(address).text

    assert "Choose first: What was done" not in page or "Who did it" in page
    assert _all(studio, "import_test") == 0

    mapped = studio.client.get(address, params=SAID).text
    assert "All 2 rows" in mapped
    assert "none is refused" in mapped
    assert "price 3" in mapped


def test_rows_that_are_no_events_are_shown_with_line_reason_and_hint(studio: Studio) -> None:
    """What is wrong with them, how often, and what to do; as text, never as markup."""
    address = sent(studio, "mixed.csv", GOOD + BAD)
    page = studio.client.get(address, params=SAID).text

    assert "occurred_at is no instant" in page
    assert "Say how times are written" in page
    assert "no person_id" in page
    assert "<script>alert" not in page
    assert html.escape("<script>alert(1)</script>", quote=False) in page

    table = studio.client.get(f"{address}/rejects.csv", params=SAID)
    assert table.headers["content-disposition"] == 'attachment; filename="mixed.csv-rejects.csv"'
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [(one["row"], one["reason"]) for one in rows] == [
        ("3", "occurred_at is no instant"),
        ("4", "no person_id"),
        ("5", "no occurred_at"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("table.xlsx", b"PK", "files that end in .xlsx are not read"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("noname", b"a,b\n", "files that end in nothing are not read"),
    ],
)
def test_what_is_no_such_file_is_said_at_once(
    studio: Studio, name: str, data: bytes, says: str
) -> None:
    """The form is shown again, with why."""
    response = send(studio, name, data)

    assert response.status_code == 400
    assert says in html.unescape(response.text)
    assert "Drop a file here" in response.text


@pytest.mark.parametrize("name", ["torn.parquet", "torn.csv.gz"])
def test_what_only_looks_like_one_is_said_by_its_own_name(studio: Studio, name: str) -> None:
    """Nobody is shown where on the server it is."""
    page = studio.client.get(sent(studio, name, b"nothing of the sort")).text

    assert f"{name} cannot be read" in page
    assert str(studio.server.serving.workspace.imports) not in page


def test_one_name_may_stand_for_all_rows(studio: Studio) -> None:
    """A table of orders has no column that says so."""
    address = sent(studio, "orders.csv", "who,moment,total\nivo,2026-05-01,3\njan,2026-05-02,4\n")
    said = {"person_id": "who", "occurred_at": "moment", "asked": "true"}

    assert "Choose first: What was done" in studio.client.get(address, params=said).text
    report = imported(studio, address, **said, event_name="ordered by page")

    assert "<b>2</b> events taken of 2 rows" in report
    assert _all(studio, "ordered by page") == 2


def test_an_export_of_a_known_tool_needs_nothing_said(studio: Studio) -> None:
    """Its columns are what they are."""
    line = {"event": "posthog_test", "distinct_id": "ivo", "timestamp": "2026-05-01T09:00:00Z"}
    address = sent(studio, "export.jsonl", json.dumps(line))

    page = studio.client.get(address).text
    assert "This is an export of <b>PostHog</b>" in page
    assert "All 1 rows" in page or "become events" in page
    assert "<b>1</b> event taken" in imported(studio, address)


# ----------------------------------------------------------------------------------- taking it in


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "ndjson", "parquet"])
def test_every_kind_of_file_is_taken(studio: Studio, kind: str) -> None:
    """Loading it twice changes nothing."""
    event = f"kind {kind}"
    address = sent(studio, f"rows.{kind}", _written(kind, event))
    said = {"person_id": "who", "event": "did", "occurred_at": "moment", "asked": "true"}

    assert "<b>2</b> events taken of 2 rows" in imported(studio, address, **said)
    again = sent(studio, f"again.{kind}", _written(kind, event))
    assert "<b>0</b> events taken of 2 rows" in imported(studio, again, **said)
    assert _all(studio, event) == 2


def _written(kind: str, event: str) -> bytes:
    rows = [
        {"who": "ivo", "did": event, "moment": "2026-05-01T09:00:00Z", "price": 3},
        {"who": "jan", "did": event, "moment": "2026-05-02T09:00:00Z", "price": 4},
    ]
    if kind == "ndjson":
        return "\n".join(map(json.dumps, rows)).encode()
    if kind == "parquet":
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), out)
        return out.getvalue()
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    data = text.getvalue().encode()
    return gzip.compress(data) if kind.endswith("gz") else data


def test_nothing_good_is_lost_with_the_bad(studio: Studio) -> None:
    """The report says what became of each row, and has those that were refused."""
    address = sent(studio, "both.csv", (GOOD + BAD).replace("import_test", "both_test"))
    report = imported(studio, address, **SAID)

    assert "<b>2</b> events taken of 5 rows" in report
    assert "Say how times are written" in report
    rows = list(csv.DictReader(io.StringIO(studio.client.get(f"{address}/rejects.csv").text)))
    assert [one["row"] for one in rows] == ["3", "4", "5"]
    assert rows[0]["text"].startswith("ivo,both_test,yesterday") or "yesterday" in rows[0]["text"]
    assert _all(studio, "both_test") == 2


def test_nobody_acts_upon_an_import(studio: Studio) -> None:
    """Whoever enters a segment by it is told nothing by a campaign."""
    before = len(_deliveries(studio))
    moment = format_instant(environment.now() - HOUR)
    row = f"who,did,moment\nimported-buyer,buy,{moment}\n"
    imported(studio, sent(studio, "buyers.csv", row), **SAID)

    assert "Buyers" in studio.page("/people/imported-buyer")
    assert len(_deliveries(studio)) == before


def _deliveries(studio: Studio) -> list[Delivery]:
    return studio.server.serving.store.deliveries(campaign_id="offer", limit=10_000)


def test_one_file_is_imported_at_a_time(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is told whose it waits for, and the first can be stopped; what it took stays."""
    monkeypatch.setattr(uploads_module, "ROWS_AT_ONCE", 1)
    may_go, going = threading.Event(), threading.Event()
    submit = Live.submit

    def slowly(live: Live, batch: object) -> object:
        going.set()
        assert may_go.wait(120)
        return submit(live, batch)  # type: ignore[arg-type]

    serving = studio.server.serving
    monkeypatch.setattr(serving.uploads, "_submit", lambda batch: slowly(serving.live, batch))
    rows = "".join(f"ivo,slow_test,2026-05-01T09:{i:02}:00Z,{i}\n" for i in range(50))
    first = sent(studio, "first.csv", GOOD.splitlines()[0] + "\n" + rows)
    second = sent(studio, "second.csv", GOOD)
    mark = mark_of(studio)
    studio.client.post(first, data={"mark": mark, **SAID})
    assert going.wait(120)

    told = studio.client.post(second, data={"mark": mark, **SAID}).text
    assert "first.csv is being imported" in told
    assert "one file is imported at a time" in told.lower()
    studio.client.post(f"{first}/stop", data={"mark": mark})
    may_go.set()

    report = eventually(lambda: _ended(studio, first))
    assert "The import was stopped" in report
    assert "Import it again" in report
    assert 1 <= _all(studio, "slow_test") < 50


# ----------------------------------------------------------------------------------------- who may


def test_only_a_form_of_ones_own_page_is_read(studio: Studio) -> None:
    """Nothing of a file is written before that is known."""
    kept = len(list(studio.server.serving.workspace.imports.glob("*")))

    assert send(studio, "a.csv", GOOD, mark="another").status_code == 403
    foreign = {"origin": "https://elsewhere.example"}
    files = {"file": ("a.csv", GOOD)}
    data = {"mark": mark_of(studio)}
    response = studio.client.post("/studio/data/import", data=data, files=files, headers=foreign)
    assert response.status_code == 403
    late = {"file": ("a.csv", GOOD), "mark": (None, mark_of(studio))}
    assert studio.client.post("/studio/data/import", files=late).status_code == 403
    nobody = httpx.post(f"{studio.address}/studio/data/import", files=files, timeout=60)
    assert nobody.status_code == 303
    assert len(list(studio.server.serving.workspace.imports.glob("*"))) == kept


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"a=b", "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_without_a_file_says_so(studio: Studio, body: bytes, kind: str) -> None:
    """Whatever is sent instead."""
    headers = {"content-type": kind}
    response = studio.client.post("/studio/data/import", content=body, headers=headers)

    assert response.status_code == 400


# -------------------------------------------------------------------------------------- what is kept


def _uploads(folder: Path, clock: list[int]) -> Uploads:
    return Uploads(folder, lambda _: pytest.fail("nothing is imported"), lambda: clock[0])


def _kept(desk: Uploads, name: str, data: bytes) -> str:
    with desk.arriving(name, "ana") as arriving:
        arriving.write(data)
    return arriving.upload.id


def test_what_nobody_looks_at_for_a_day_is_forgotten(tmp_path: Path) -> None:
    """Its file too; what a former server kept is gone at once."""
    (tmp_path / "imports" / "old").mkdir(parents=True)
    clock = [0]
    desk = _uploads(tmp_path / "imports", clock)
    assert not (tmp_path / "imports").exists()
    first, second = _kept(desk, "a.csv", b"a\n"), _kept(desk, "b.csv", b"b\n")

    clock[0] = KEPT
    desk.get(second)
    clock[0] += 1

    assert [one.id for one in desk.all()] == [second]
    assert [one.name for one in (tmp_path / "imports").iterdir()] == [second]
    with pytest.raises(NotFoundError):
        desk.get(first)


@contextmanager
def _begun(folder: Path) -> Iterator[Studio]:
    """A studio over the workspace in the folder, and somebody who came by the link."""
    with (
        running(folder, definitions=DEFINITIONS) as server,
        httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as client,
    ):
        client.post(server.studio_link)
        yield Studio(server, client)


def test_a_report_outlives_the_server(tmp_path: Path) -> None:
    """What was taken, what was refused and why, by whom and when; the file itself is gone, and what
    was never imported. Rows go with the first who is erased, as they may be theirs."""
    with _begun(tmp_path / "shop") as before:
        address = sent(before, "report.json.csv", GOOD + BAD)
        waiting = sent(before, "waiting.csv", GOOD)
        report = imported(before, address, **SAID)
        table = before.client.get(f"{address}/rejects.csv").text
    assert "Sent by admin on" in report
    assert "admin had it imported" in report

    with _begun(tmp_path / "shop") as after:
        again = after.client.get(address).text
        assert _said(again) == _said(report)
        assert "2</b> events taken of 5 rows" in again
        assert after.client.get(f"{address}/rejects.csv").text == table
        assert "2 events taken" in after.page("/data/import")
        assert after.client.get(waiting).status_code == 404
        assert sum(one.is_file() for one in (tmp_path / "shop/segue.imports").glob("*/*.csv")) == 0

        after.server.serving.live.erase("ivo").result(30)
        rows = after.client.get(f"{address}/rejects.csv").text
        assert rows == "row,reason,hint,text\r\n"
        assert "they are no longer kept" in after.client.get(address).text
        assert "occurred_at is no instant" in after.client.get(address).text

        after.client.post(f"{address}/remove", data={"mark": mark_of(after)})
        assert after.client.get(address).status_code == 404


def _said(report: str) -> str:
    """What a report says, without what belongs to the session."""
    main = report.partition('<section id="import">')[2]
    return re.sub(r"<input[^>]*>", "", main.partition("</section>")[0])


def _broken(_: object) -> Any:
    raise RuntimeError("of a test")


def test_an_import_that_ended_early_is_reported_too(tmp_path: Path) -> None:
    """With why; it has to be sent again then."""
    with _begun(tmp_path / "shop") as before:
        address = sent(before, "odd.csv", GOOD)
        before.server.serving.uploads._submit = _broken
        report = imported(before, address, **SAID)
    assert "The import failed" in report

    with _begun(tmp_path / "shop") as after:
        page = after.client.get(address).text
        assert "The import failed" in page
        assert "send it again" in page
        assert "Import it again" not in page


def test_a_report_is_kept_for_a_month(tmp_path: Path) -> None:
    """One that cannot be read is dropped, and keeps nobody from the others."""
    folder, clock = tmp_path / "imports", [0]
    made = Report("a.csv", "ana", 1, "bea", 2, Stage.DONE, 9, None, None, None, "", "")
    for name in ("good", "broken"):
        (folder / name).mkdir(parents=True)
        keep_report(folder / name, made)
    (folder / "broken" / REPORT).write_text('{"name": 1}')
    desk = _uploads(folder, clock)
    (one,) = desk.all()
    assert (one.id, one.by, one.begun_by, one.ended, one.stage) == ("good", "ana", "bea", 2, "done")
    assert [one.name for one in folder.iterdir()] == ["good"]

    clock[0] = REPORTS_KEPT + 2
    assert desk.all() == [one]
    clock[0] += 1
    assert desk.all() == []
    assert list(folder.iterdir()) == []


def test_a_file_that_is_too_large_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large it says that it is."""
    monkeypatch.setattr(uploads_module, "MOST_BYTES", 10)
    desk = _uploads(tmp_path / "imports", [0])

    with pytest.raises(Exception, match="has more than"):
        _kept(desk, "a.csv", b"a" * 11)
    assert list((tmp_path / "imports").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/x.csv", "x.csv"),
        ("C:\\data\\my file.csv", "my_file.csv"),
        (".hidden.csv", "hidden.csv"),
        ("a" * 300 + ".csv", "a" * 96 + ".csv"),
        ("Käufe 2026.csv", "Käufe_2026.csv"),
    ],
)
def test_a_name_is_only_a_name(tmp_path: Path, name: str, kept: str) -> None:
    """Nothing is written anywhere else."""
    desk = _uploads(tmp_path / "imports", [0])
    found = desk.get(_kept(desk, name, b"a\n"))

    assert found.name == kept
    assert found.path.parent.parent == tmp_path / "imports"
    assert found.stage is Stage.WAITING


# ------------------------------------------------------------------------------------ in a browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_what_would_be_refused_is_shown_to_everybody(
    chromium: Browser, studio: Studio, scheme: Literal["light", "dark"], width: int
) -> None:
    """axe-core finds nothing, and the page is no wider than the window."""
    address = sent(studio, "mixed.csv", GOOD + BAD)
    with chromium.new_context(
        base_url=studio.address,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        bypass_csp=True,  # for axe-core only
    ) as context:
        url = f"{studio.address}/studio"
        context.add_cookies([{"name": "segue_session", "value": studio.cookie, "url": url}])
        page = context.new_page()
        page.goto(f"{address}?{urlencode(SAID)}")
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if (width, scheme) == (1440, "light"):  # which keeps all four
            keep(page, "rows that would be refused")

    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found["violations"]] == []
    assert wider <= 0


def test_a_file_is_dropped(chromium: Browser, studio: Studio) -> None:
    """It is sent at once, and the page that maps it comes."""
    with chromium.new_context(base_url=studio.address) as context:
        url = f"{studio.address}/studio"
        context.add_cookies([{"name": "segue_session", "value": studio.cookie, "url": url}])
        page = context.new_page()
        page.goto("/studio/data/import")
        page.evaluate(
            """text => {
                const data = new DataTransfer();
                data.items.add(new File([text], "dropped.csv"));
                const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true });
                document.querySelector("[data-upload]").dispatchEvent(drop);
            }""",
            GOOD,
        )
        expect(page.get_by_role("heading", level=1)).to_have_text("dropped.csv")

        page.goto("/studio/data/import")
        page.get_by_label("Drop a file here").set_input_files(
            {"name": "table.xlsx", "mimeType": "application/zip", "buffer": b"PK"}
        )
        page.get_by_role("button", name="Send it").click()
        expect(page.get_by_role("alert")).to_contain_text("files that end in .xlsx are not read")
