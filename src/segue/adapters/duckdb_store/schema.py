"""The tables of a store, as migrations: one script per version, each applied once, in order."""

from __future__ import annotations

from typing import Final

import duckdb

from segue.domain.errors import StoreDamagedError, StoreTooNewError

MIGRATIONS: Final = (
    """
    CREATE TABLE segue_meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
    CREATE TABLE names (code INTEGER NOT NULL, name VARCHAR NOT NULL);
    CREATE TABLE distinct_ids (code INTEGER NOT NULL, distinct_id VARCHAR NOT NULL);
    CREATE TABLE events (
        ref BIGINT NOT NULL,
        who INTEGER NOT NULL,
        name INTEGER NOT NULL,
        occurred_at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        sequence BIGINT,
        event_id VARCHAR NOT NULL,
        properties VARIANT NOT NULL
    );
    CREATE TABLE definitions (
        version INTEGER NOT NULL, known_at BIGINT NOT NULL, text VARCHAR NOT NULL
    );
    CREATE TABLE thresholds (
        quantile VARCHAR NOT NULL, grid_at BIGINT NOT NULL, threshold BIGINT
    );
    """,
    """
    CREATE TABLE segment_versions (
        code INTEGER NOT NULL,
        segment_id VARCHAR NOT NULL,
        version INTEGER NOT NULL,
        fingerprint VARCHAR NOT NULL,
        since BIGINT NOT NULL,
        until BIGINT
    );
    CREATE TABLE transitions (
        id BIGINT NOT NULL,
        segment INTEGER NOT NULL,
        person INTEGER NOT NULL,
        entered BOOLEAN NOT NULL,
        retracted BOOLEAN NOT NULL,
        corrected BOOLEAN NOT NULL,
        live BOOLEAN NOT NULL,
        cause TINYINT NOT NULL,
        true_at BIGINT NOT NULL,
        known_at BIGINT NOT NULL,
        ref BIGINT
    );
    CREATE TABLE progress (
        ticked_at BIGINT, next_ref BIGINT NOT NULL, next_transition BIGINT NOT NULL
    );
    INSERT INTO progress VALUES (NULL, 0, 0);
    CREATE TABLE former_ids (code INTEGER NOT NULL, distinct_id VARCHAR NOT NULL);
    CREATE TABLE api_keys (
        kind VARCHAR NOT NULL,
        id VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        text VARCHAR,
        digest VARCHAR,
        signing_key VARCHAR,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT
    );
    CREATE TABLE webhook_endpoints (
        id VARCHAR NOT NULL,
        url VARCHAR NOT NULL,
        signing_key VARCHAR NOT NULL,
        cursor BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        live_only BOOLEAN NOT NULL,
        segments VARCHAR[] NOT NULL,
        kinds VARCHAR[] NOT NULL,
        description VARCHAR NOT NULL,
        disabled VARCHAR NOT NULL
    );
    CREATE TABLE dead_letters (
        endpoint VARCHAR NOT NULL,
        transition BIGINT NOT NULL,
        attempts INTEGER NOT NULL,
        buried_at BIGINT NOT NULL,
        error VARCHAR NOT NULL
    );
    CREATE TABLE rejected_events (
        id BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        reason VARCHAR NOT NULL,
        message_id VARCHAR NOT NULL,
        sdk VARCHAR NOT NULL,
        key_name VARCHAR NOT NULL,
        excerpt VARCHAR NOT NULL
    );
    CREATE VIEW texts_of_ids AS
        SELECT code, distinct_id FROM distinct_ids UNION ALL
        SELECT code, distinct_id FROM former_ids;
    CREATE VIEW boundaries AS
        SELECT segment, person, true_at, entered
        FROM transitions
        WHERE segment IN (SELECT code FROM segment_versions WHERE until IS NULL)
        GROUP BY segment, person, true_at, entered
        HAVING sum(CASE WHEN retracted THEN -1 ELSE 1 END) > 0;
    CREATE VIEW transitions_named AS
        SELECT
            id,
            segment_id,
            version,
            texts_of_ids.distinct_id AS person_id,
            CASE WHEN retracted THEN 'retracted' WHEN entered THEN 'entered' ELSE 'left' END
                AS kind,
            CASE WHEN entered THEN 'entered' ELSE 'left' END AS boundary,
            make_timestamp(true_at * 1000) AS true_at,
            make_timestamp(known_at * 1000) AS known_at,
            ['event', 'time', 'correction', 'import', 'definition'][cause + 1] AS cause,
            corrected,
            live,
            event_id
        FROM transitions
        JOIN segment_versions ON segment_versions.code = transitions.segment
        JOIN texts_of_ids ON texts_of_ids.code = transitions.person
        LEFT JOIN events USING (ref);
    CREATE VIEW memberships AS
        SELECT
            segment_id,
            distinct_id AS person_id,
            make_timestamp(true_at * 1000) AS entered_at,
            make_timestamp(next_at * 1000) AS left_at
        FROM (
            SELECT
                *, lead(true_at) OVER (PARTITION BY segment, person ORDER BY true_at) AS next_at
            FROM boundaries
        )
        JOIN segment_versions ON segment_versions.code = segment
        JOIN texts_of_ids ON texts_of_ids.code = person
        WHERE entered;
    """,
    """
    CREATE TABLE deliveries (
        id VARCHAR NOT NULL,
        campaign_id VARCHAR NOT NULL,
        fingerprint VARCHAR NOT NULL,
        person INTEGER NOT NULL,
        person_id VARCHAR NOT NULL,
        channel VARCHAR NOT NULL,
        variant VARCHAR NOT NULL,
        occasion VARCHAR NOT NULL,
        occasion_key BIGINT NOT NULL,
        due_at BIGINT NOT NULL,
        known_at BIGINT NOT NULL,
        not_before BIGINT NOT NULL,
        state VARCHAR NOT NULL,
        because VARCHAR,
        detail VARCHAR NOT NULL,
        tags VARCHAR NOT NULL,
        transactional BOOLEAN NOT NULL,
        attempts INTEGER NOT NULL,
        approved BOOLEAN,
        handed_at BIGINT,
        delivered_at BIGINT,
        shown_at BIGINT,
        clicked_at BIGINT,
        dismissed_at BIGINT,
        converted_at BIGINT,
        ended_at BIGINT,
        segments VARCHAR NOT NULL
    );
    CREATE TABLE suppressions (
        address VARCHAR NOT NULL,
        channel VARCHAR NOT NULL,
        purpose VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        since BIGINT NOT NULL
    );
    CREATE TABLE campaign_controls (
        campaign_id VARCHAR NOT NULL, paused VARCHAR, launched BIGINT
    );
    CREATE TABLE acting_progress (
        "transition" BIGINT NOT NULL, fact BIGINT NOT NULL, goal BIGINT NOT NULL,
        stopped BOOLEAN NOT NULL
    );
    INSERT INTO acting_progress VALUES (-1, -1, -1, false);
    """,
    """
    CREATE TABLE users (
        id VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        role VARCHAR NOT NULL,
        password VARCHAR NOT NULL,
        created_at BIGINT NOT NULL,
        ended_at BIGINT
    );
    CREATE TABLE user_tokens (
        digest VARCHAR NOT NULL,
        user_id VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    );
    """,
    """
    CREATE TABLE deeds (
        id BIGINT NOT NULL,
        done_at BIGINT NOT NULL,
        user_name VARCHAR NOT NULL,
        what VARCHAR NOT NULL,
        about VARCHAR NOT NULL
    );
    """,
    """
    CREATE TABLE adopted_runs (
        run VARCHAR NOT NULL,
        run_at BIGINT NOT NULL,
        known_at BIGINT NOT NULL,
        segments INTEGER[] NOT NULL
    );
    CREATE TABLE adopted_spans (
        segment INTEGER NOT NULL,
        person INTEGER NOT NULL,
        entered_at BIGINT NOT NULL,
        left_at BIGINT
    );
    CREATE TABLE erased_ids (digest VARCHAR NOT NULL);
    """,
)
"""Version n of the schema is what the first n scripts make. A released script is never edited.

Version 2: `transitions` are published facts, `segment` the code of a row of `segment_versions`,
`person` the code of a distinct id, `cause` the place in `CAUSES`; `progress` is one row.
`former_ids` holds codes of distinct ids that have no event left (erased ones without the text), so
that no code is ever given again. For whoever opens the file: `transitions_named`, and
`memberships`, which is what was published minus what was retracted.

Version 3: of `deliveries`, `person` is the code of a distinct id, `tags` and `segments` are JSON;
`suppressions` holds addresses in lower case, those of erased people as `sha256:` and the hash;
`acting_progress` is one row: the last transition that deliveries were made of, the last event whose
fact was noted, and the last one that was looked through for goals.

Version 4: `users` operate Segue; `password` is empty where there is none. `user_tokens` holds
hashes: of one-time links and of sessions.

Version 5: `deeds` are what users changed in the studio, the latest of them; never a person's id.

Version 6: memberships that come from runs elsewhere. `adopted_runs` has the last run that was taken
over, `adopted_spans` those of its spans that had not ended then; `erased_ids` are SHA-256 hashes of
the ids of people who were erased since a run was, whom later ones may still have.
"""

CURRENT: Final = len(MIGRATIONS)


def migrate(db: duckdb.DuckDBPyConnection) -> None:
    """Bring the database to the current schema, in one commit.

    Raises `StoreTooNewError` where a newer Segue wrote it and `StoreDamagedError` where it holds
    tables but none of Segue's.
    """
    version = check_schema(db)
    if version == CURRENT:
        return
    db.begin()
    for script in MIGRATIONS[version:]:
        db.execute(script)
    db.execute("DELETE FROM segue_meta WHERE key = 'schema_version'")
    db.execute("INSERT INTO segue_meta VALUES ('schema_version', ?)", [str(CURRENT)])
    db.commit()


def check_schema(db: duckdb.DuckDBPyConnection) -> int:
    """The schema version of the database; 0 where it is empty. Raises as `migrate` does."""
    query = "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary"
    tables = {name for (name,) in db.execute(query).fetchall()}
    if not tables:
        return 0
    if "segue_meta" not in tables:
        raise StoreDamagedError(
            "the file is a DuckDB database, but not a Segue store",
            hint="Choose another path, or import the data into a new workspace.",
        )
    query = "SELECT value FROM segue_meta WHERE key = 'schema_version'"
    version = int(db.execute(query).fetchall()[0][0])
    if version > CURRENT:
        raise StoreTooNewError(
            f"the store has schema version {version}; this Segue knows versions up to {CURRENT}",
            hint="Upgrade Segue, or restore a backup made by this version.",
        )
    return version
