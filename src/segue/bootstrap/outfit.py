"""What acting works with in a server: its store, its settings, and the project's campaigns."""

from __future__ import annotations

from functools import partial

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.message_templates import MessageTemplates
from segue.bootstrap import environment
from segue.bootstrap.acting import Actor, Means, Unwatched, Watcher
from segue.bootstrap.carriers import carriers, destination
from segue.bootstrap.settings import Settings
from segue.bootstrap.webhooks import default_reach
from segue.domain.campaigns import Acting
from segue.domain.errors import NotFoundError
from segue.services.acting.composing import Composer
from segue.services.acting.gathering import Sources
from segue.services.acting.links import Links
from segue.services.acting.profiles import StoredProfiles
from segue.services.acting.results import harmed
from segue.services.live.answers import CurrentMembership
from segue.services.live.feed import Feed
from segue.services.live.live import Live
from segue.services.live.reading import asked, reasons


def actor_of(
    store: DuckDBStore,
    live: Live,
    feed: Feed,
    settings: Settings,
    watcher: Watcher | None = None,
) -> Actor:
    """The actor of a server, not begun yet."""
    templates, channels = MessageTemplates(), settings.channels
    secret = store.link_secret()
    reach = settings.webhook_reach or default_reach(settings.host)

    def composer(acting: Acting) -> Composer:
        return Composer(
            templates,
            Links(secret, acting.messaging.public_url),
            title_of=partial(title_of, live),
            endpoint_of=lambda to: destination(to, channels.destinations),
            counts_opens=channels.counts_opens,
        )

    sources = Sources(
        store, StoredProfiles(store), live.stays, partial(evidence_of, store, live), feed.after
    )
    return Actor(
        Means(
            sources=sources,
            live=live,
            composer=composer,
            carriers=lambda acting: carriers(
                acting, channels, reach=reach, link_secret=secret, now=environment.now
            ),
            now=environment.now,
            harmed=partial(harmed, store),
            watcher=watcher or Unwatched(),
        )
    )


def title_of(live: Live, segment_id: str) -> str:
    """The title of a segment; its id where there is none."""
    segments = live.definitions.segments
    return next((one.title for one in segments if one.id == segment_id), segment_id)


def evidence_of(store: DuckDBStore, live: Live, person_id: str, segment_id: str, at: int) -> str:
    """Why somebody is in a segment, in words; "" where nobody can say."""
    stay = CurrentMembership(segment_id, at, None)
    if not live.knows_reasons:
        return asked(live.definitions, [stay]).get(segment_id, "")
    try:
        return reasons(store, live.definitions, person_id, [stay], at).get(segment_id, "")
    except NotFoundError:
        return ""
