"""Settings as an admin uses them, what others see of them, and how the server is."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap import environment
from segue.bootstrap.pulse import Pulse, room_of
from segue.domain.rejected import RejectedEvent
from segue.domain.users import Role
from segue.language.models import Privacy
from segue.language.project import project_from
from segue.services.live.answers import Turned
from segue.services.live.editing import put_privacy, put_zone
from segue.ui import health
from tests.http.running import WRITE_KEY
from tests.ui.conftest import Studio
from tests.ui.hostile import secret_of

YAML = """\
# ours
project: shop  # the shop
timezone: Europe/Berlin
privacy:
  store_ip: true  # asked for by Ann
segments: {}
"""


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    """A page of the admin; nothing may be said on its console."""
    said: list[str] = []
    with chromium.new_context(base_url=studio.address) as context:
        context.add_cookies(
            [{"name": "segue_session", "value": studio.cookie, "url": f"{studio.address}/studio"}]
        )
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said


# --------------------------------------------------------------------------------------------- keys


def test_a_secret_key_is_shown_once(page: Page, studio: Studio) -> None:
    """On the page after its form; it works, until it is revoked by a second click."""
    page.goto("/studio/settings/keys")
    page.get_by_label("What it is for").fill("reports")
    page.get_by_label("Secret").check()
    page.get_by_role("button", name="Make it").click()
    text = page.get_by_label("The secret key").inner_text()
    there = f"{studio.address}/api/segments"
    headers = {"authorization": f"Bearer {text}"}
    assert httpx.get(there, headers=headers, timeout=30).status_code == 200

    page.reload()
    expect(page.get_by_label("The secret key")).to_have_count(0)
    assert text not in page.content()

    page.get_by_text("Revoke reports…").click()
    page.get_by_role("button", name="Revoke reports").click()
    expect(page.get_by_text("1 revoked")).to_be_visible()
    assert httpx.get(there, headers=headers, timeout=30).status_code == 401


def test_nobody_else_is_shown_what_one_made(studio: Studio) -> None:
    """Another admin who comes by the address of the page finds nothing there, and takes nothing
    away."""
    mark = _mark(studio)
    made = studio.client.post(
        "/studio/settings/keys",
        data={"mark": mark, "name": "mine", "kind": "secret"},
        follow_redirects=False,
    )
    cookies = {"segue_session": secret_of(studio.server, Role.ADMIN, "other admin")}
    theirs = httpx.get(f"{studio.address}{made.headers['location']}", cookies=cookies, timeout=30)
    own = studio.client.get(made.headers["location"])

    assert "sk_" not in theirs.text
    assert "sk_" in own.text


def test_write_keys_stand_there_as_they_are_public(studio: Studio) -> None:
    """And the key for reports, which is good for nothing else."""
    page = studio.page("/settings/keys")

    assert f"<code>{WRITE_KEY}</code>" in page
    assert "<code>fb_" in page


def _mark(studio: Studio) -> str:
    return studio.page("/account").partition('name="mark" value="')[2].partition('"')[0]


def _send(studio: Studio, path: str, **form: str) -> httpx.Response:
    return studio.client.post(f"/studio{path}", data={"mark": _mark(studio), **form})


# ------------------------------------------------------------------------------------------ members


def test_somebody_is_invited_comes_in_and_is_ended(
    page: Page, studio: Studio, chromium: Browser
) -> None:
    """As an admin does it, and as they do: the link lets in once, and the end is at once."""
    ended = sum(one.ended_at is not None for one in studio.server.serving.store.users())
    page.goto("/studio/settings/members")
    page.get_by_label("Name, or e-mail address").fill("bea@shop.example")
    page.get_by_label("Editor").check()
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("The link").inner_text()
    with chromium.new_context(base_url=studio.address) as context:
        theirs = context.new_page()
        theirs.goto(link)
        theirs.get_by_role("button", name="Enter").click()
        theirs.get_by_label("New password").fill("four words nobody guesses")
        theirs.get_by_role("button", name="Keep it").click()
        expect(theirs.get_by_role("heading", level=1)).not_to_have_text("Your account")
        theirs.goto("/studio/settings")
        expect(theirs.get_by_text("Settings are for admins")).to_be_visible()

        page.goto("/studio/settings/members")
        page.get_by_text("End access bea@shop.example…").click()
        page.get_by_role("button", name="End the access of bea@shop.example").click()
        expect(page.get_by_text(f"{ended + 1} whose access ended")).to_be_visible()
        theirs.reload()
        expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_role_is_changed_at_once(studio: Studio) -> None:
    user = studio.server.serving.store.add_user("carl", Role.VIEWER, now=environment.now())
    _send(studio, f"/settings/members/{user.id}/role", role="editor")

    found = next(one for one in studio.server.serving.store.users() if one.id == user.id)
    assert found.role is Role.EDITOR


def test_an_admin_remains(studio: Studio) -> None:
    """The last one can neither be ended nor made less, by themselves either."""
    store = studio.server.serving.store
    admins = [one for one in store.users() if one.role is Role.ADMIN and one.ended_at is None]
    for other in admins:
        if other.name != "admin":
            store.end_user(other.id, now=environment.now())
    (last,) = [one for one in admins if one.name == "admin"]

    for path, form in (("role", {"role": "viewer"}), ("end", {})):
        response = _send(studio, f"/settings/members/{last.id}/{path}", **form)
        assert response.status_code == 400
        assert "is the only admin" in response.text


def test_a_lost_password_is_replaced_by_a_link(studio: Studio) -> None:
    """What they knew before is worth nothing then; for oneself there is the account."""
    store = studio.server.serving.store
    user = store.add_user("dora", Role.VIEWER, now=environment.now())
    session = store.begin_session(user.id, now=environment.now())
    page = _send(studio, f"/settings/members/{user.id}/link").text

    assert store.session(session, now=environment.now()) is None
    assert re.search(r"/studio/enter/[\w-]+</code>", page)
    own = next(one for one in store.users() if one.name == "admin")
    assert "This is you" in _send(studio, f"/settings/members/{own.id}/link").text


def test_whoever_was_ended_can_be_let_in_again(studio: Studio) -> None:
    store = studio.server.serving.store
    user = store.add_user("emil", Role.EDITOR, now=environment.now())
    store.end_user(user.id, now=environment.now())
    page = _send(studio, f"/settings/members/{user.id}/readmit").text

    assert "A link for emil" in page
    assert next(one for one in store.users() if one.id == user.id).ended_at is None


def test_a_password_takes_the_one_before(studio: Studio) -> None:
    """A browser that was left open is not enough."""
    response = _send(studio, "/account", password="another good one", current="wrong one it is")

    assert response.status_code == 400
    assert "That is not your password now." in response.text


def test_signing_out_everywhere(studio: Studio) -> None:
    store = studio.server.serving.store
    user = store.add_user("fay", Role.VIEWER, now=environment.now())
    here, there = (store.begin_session(user.id, now=environment.now()) for _ in range(2))
    session = store.session(here, now=environment.now())
    assert session is not None
    httpx.post(
        f"{studio.address}/studio/account/sign-out-everywhere",
        data={"mark": session.id},
        cookies={"segue_session": here},
        timeout=30,
    )

    assert [store.session(one, now=environment.now()) for one in (here, there)] == [None, None]


# ----------------------------------------------------------------------------------- project and log


def test_privacy_is_written_into_the_file(page: Page, studio: Studio) -> None:
    """And can be taken back."""
    file = studio.server.serving.workspace.definitions
    before = file.read_text("utf-8")
    page.goto("/studio/settings")
    page.get_by_label("Honour Global Privacy Control").check()
    page.get_by_label("Consent that events must carry").fill("analytics, marketing")
    page.get_by_role("button", name="Save to segue.yaml").click()
    expect(page.get_by_text("Privacy was changed.")).to_be_visible()
    assert "honour_gpc: true" in file.read_text("utf-8")
    assert studio.server.serving.project.project.privacy.require_consent == [
        "analytics",
        "marketing",
    ]

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Honour Global Privacy Control")).not_to_be_checked()
    assert file.read_text("utf-8") == before


def test_comments_of_the_file_stay() -> None:
    changed = put_privacy(YAML, Privacy(store_ip=False, honour_gpc=True))

    assert changed == YAML.replace("true  #", "false #").replace(
        "segments", "  honour_gpc: true\nsegments"
    )
    assert put_privacy(YAML, Privacy(store_ip=True)) == YAML
    bare = "project: shop\nsegments: {}\n"
    assert put_privacy(bare, Privacy()) == bare
    assert put_privacy(bare, Privacy(store_ip=True)) == bare + "privacy:\n  store_ip: true\n"


def test_the_time_zone_is_written_into_the_file(page: Page, studio: Studio) -> None:
    """In force it is from the next start on; everything else can be changed meanwhile, and the file
    stays as it is but for the name of the zone."""
    serving = studio.server.serving
    file = serving.workspace.definitions
    before = file.read_text("utf-8")
    versions = len(serving.store.definition_versions())
    page.goto("/studio/settings")
    page.get_by_label("Time zone of the project").fill("asia/tokyo")
    page.get_by_role("button", name="Save the zone to segue.yaml").click()
    expect(page.get_by_text("The time zone is Asia/Tokyo, from the next start")).to_be_visible()
    expect(page.get_by_text("until then everything goes by Europe/Berlin")).to_be_visible()

    assert file.read_text("utf-8") == before.replace("Europe/Berlin", "Asia/Tokyo")
    assert serving.live.definitions.timezone == "Europe/Berlin"
    assert len(serving.store.definition_versions()) == versions + 1
    assert serving.store.deeds(1)[0].what == "Change the time zone, from the next start on"
    serving.look_at_project()
    assert (serving.project.trouble, serving.project.next_zone) == ("", "Asia/Tokyo")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("until then everything goes by")).to_have_count(0)
    assert file.read_text("utf-8") == before


def test_other_things_are_changed_while_a_zone_waits(studio: Studio) -> None:
    """Also by whoever edits the file; and a zone that waits can be another one, or none."""
    serving = studio.server.serving
    file = serving.workspace.definitions
    before = file.read_text("utf-8")
    _send(studio, "/settings/zone", zone="UTC")
    _send(studio, "/settings/privacy", store_ip="true")
    project = serving.project
    assert (project.project.privacy.store_ip, project.next_zone) == (True, "UTC")
    assert project.project.timezone == "Europe/Berlin"

    told = _send(studio, "/settings/zone", zone="America/New_York").text
    token = re.search(r"/studio/undo/(\w+)", told)
    assert token is not None
    _send(studio, f"/undo/{token[1]}?back=/studio/settings")
    assert serving.project.next_zone == "UTC"
    assert (
        "The time zone stays Europe/Berlin."
        in _send(studio, "/settings/zone", zone="Europe/Berlin").text
    )

    file.write_text(before.replace("Europe/Berlin", "Asia/Tokyo"), "utf-8")
    serving.look_at_project()  # as the server does every second: it may have been sooner
    assert (project.trouble, project.next_zone, project.project.privacy.store_ip) == (
        "",
        "Asia/Tokyo",
        False,
    )
    serving.change_definitions(lambda _: before)
    assert serving.project.next_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Berln", "Perhaps Europe/Berlin"),
        ("Berlin", "Perhaps Europe/Berlin?"),
        ("new york", "Perhaps America/New_York?"),
        ("<b>", "Write it as Europe/Berlin."),
    ],
)
def test_what_is_no_zone_is_said_beside_the_field(studio: Studio, zone: str, hint: str) -> None:
    """With what was written still in it, and what is meant perhaps; nothing is changed."""
    before = studio.server.serving.workspace.definitions.read_text("utf-8")
    response = _send(studio, "/settings/zone", zone=zone)

    assert response.status_code == 400
    assert f"There is no time zone “{html.escape(zone)}”" in response.text
    assert hint in response.text
    assert f'value="{html.escape(zone)}"' in response.text
    assert studio.server.serving.workspace.definitions.read_text("utf-8") == before


def test_only_an_admin_changes_the_zone(studio: Studio) -> None:
    store = studio.server.serving.store
    user = store.add_user("gus", Role.EDITOR, now=environment.now())
    session = store.session(
        secret := store.begin_session(user.id, now=environment.now()), now=environment.now()
    )
    assert session is not None
    for mark in (session.id, "forged"):
        response = httpx.post(
            f"{studio.address}/studio/settings/zone",
            data={"mark": mark, "zone": "UTC"},
            cookies={"segue_session": secret},
            timeout=30,
        )
        assert response.status_code == 403
    assert studio.server.serving.project.next_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (YAML, YAML.replace("Europe/Berlin", "Asia/Tokyo")),
        (YAML.replace("\n", "\r\n"), YAML.replace("\n", "\r\n").replace("Europe/Berlin", "Asia/Tokyo")),
        ("timezone:   'UTC'   # ö\nsegments:   {}", "timezone:   'Asia/Tokyo'   # ö\nsegments:   {}"),
        ("# top\nproject: x # y\nsegments: {}\n", "# top\nproject: x # y\ntimezone: Asia/Tokyo\nsegments: {}\n"),
        ("segments:\n      a:   {when:   everyone}\n", "timezone: Asia/Tokyo\nsegments:\n      a:   {when:   everyone}\n"),
        ("project: x", "project: x\ntimezone: Asia/Tokyo\n"),
        ("project: >\n  x\n  y\n", "project: >\n  x\n  y\ntimezone: Asia/Tokyo\n"),
        ("", "timezone: Asia/Tokyo\n"),
        ("timezone: Asia/Tokyo #\n", "timezone: Asia/Tokyo #\n"),
    ],
)  # fmt: skip
def test_only_the_name_of_the_zone_changes_in_the_file(before: str, after: str) -> None:
    assert put_zone(before, "Asia/Tokyo") == after


@pytest.mark.parametrize(
    "text", ["{project: x}\n", "timezone: &z UTC\nproject: *z\n", "timezone:\n  UTC\n"]
)
def test_a_file_of_another_make_gets_its_zone_too(text: str) -> None:
    changed = put_zone(text, "Asia/Tokyo")

    assert project_from(changed).timezone == "Asia/Tokyo"
    assert project_from(changed).project == project_from(text).project


def test_what_was_changed_stands_there_with_who_did_it(studio: Studio) -> None:
    _send(studio, "/campaigns/offer/pause", why="a typo")
    _send(studio, "/campaigns/offer/resume")
    page = studio.page("/settings/log")
    (latest, before, *_) = studio.server.serving.store.deeds()

    assert (before.user, before.about) == ("admin", "offer")
    assert latest.at >= before.at
    assert f"<td>{before.what}</td><td>offer</td>" in page


def test_a_version_is_held_against_the_one_before(studio: Studio) -> None:
    store = studio.server.serving.store
    store.save_definitions("project: one\n", known_at=1)
    made = store.save_definitions("project: two\n", known_at=2)
    page = studio.page("/settings/log", version=str(made.version))

    assert '<span class="went">-project: one' in page
    assert '<span class="came">+project: two' in page
    assert studio.client.get("/studio/settings/log?version=999").status_code == 404


# ------------------------------------------------------------------------------------------- health


@pytest.fixture
def broken(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Breaks `segue.yaml` when called, and mends it when called again. However busy this machine
    is, the turns count as quick, and however full its disk is, there is room."""
    serving = studio.server.serving
    monkeypatch.setattr(health, "TIGHT", 0)
    monkeypatch.setattr(serving, "pulse", Pulse())
    file = serving.workspace.definitions
    whole = file.read_text("utf-8")
    texts = iter([f"{whole}nonsense: 1\n", whole])

    def change() -> None:
        file.write_text(next(texts), "utf-8")
        serving.look_at_project()

    yield change
    file.write_text(whole, "utf-8")
    serving.look_at_project()


def test_health_begins_with_what_is_wrong(studio: Studio, broken: Callable[[], None]) -> None:
    """In words, with what to do; else it says that all is well."""
    assert "All is well" in studio.page("/health")
    broken()
    page = studio.page("/health")

    assert "segue.yaml cannot be used: " in page
    assert "nonsense" in page
    assert "Mend the file" in page
    assert page.index("cannot be used") < page.index("Events waiting")


def test_webhooks_that_fail_are_named_stopped_and_let_go_on(studio: Studio) -> None:
    hook = studio.server.serving.webhooks.create("http://127.0.0.1:9/", description="the CRM")
    assert "the CRM" in studio.page("/health")
    stopped = _send(studio, f"/health/webhooks/{hook.id}/disable").text
    assert "Let it go on" in stopped
    assert "Stop it" in _send(studio, f"/health/webhooks/{hook.id}/enable").text
    studio.server.serving.webhooks.delete(hook.id)


def test_events_that_were_not_taken_are_counted_by_day(studio: Studio) -> None:
    now = environment.now()
    studio.server.serving.store.note_rejected(
        [RejectedEvent(now - i, "there is no person") for i in range(3)]
    )
    page = studio.page("/health")

    assert 'data-name="not-taken"' in page
    assert '<th scope="row">there is no person</th><td class="num">3</td>' in page


def test_the_page_of_health_looks_again_by_itself(page: Page, broken: Callable[[], None]) -> None:
    """While somebody looks at it; without scripts there is a link."""
    page.clock.install()
    page.goto("/studio/health")
    expect(page.get_by_text("All is well")).to_be_visible()
    broken()
    page.clock.run_for(6_000)
    expect(page.get_by_text("segue.yaml cannot be used")).to_be_visible()
    broken()
    page.clock.run_for(6_000)

    expect(page.get_by_text("All is well")).to_be_visible()


def test_the_pulse_of_turns() -> None:
    """Medians, shares of the parts, the slow ones, and only of the time that is asked for."""
    pulse = Pulse()
    for at, took in ((0, 9.0), (1_000, 0.1), (2_000, 0.2), (3_000, 0.7)):
        parts = {"append": took / 4, "commit": took * 3 / 4}
        pulse.turned(Turned(at, 0, events=2, seconds=parts, lateness=[at // 10]))
    recent = pulse.recent(3_500, within=3_000)

    assert (recent.turns, recent.median, recent.longest) == (
        3,
        pytest.approx(0.2),
        pytest.approx(0.7),
    )
    assert recent.parts == {"commit": pytest.approx(0.75), "append": pytest.approx(0.25)}
    assert (recent.events, recent.lag) == (6, 300)
    assert [one.at for one in pulse.slow()] == [3_000, 0]
    assert pulse.recent(99_000, within=1).turns == 0


def test_the_room_that_a_store_takes(tmp_path: Path) -> None:
    store = tmp_path / "segue.duckdb"
    store.write_bytes(b"12345")
    room = room_of(store, tmp_path / "none")

    assert (room.file, room.ahead, room.index) == (5, 0, 0)
    assert room.free > 0
    assert room.memory > 1_000_000
