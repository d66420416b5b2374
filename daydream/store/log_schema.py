"""The tables of the memory of logs. Migrations are only ever appended; each is a list of statements."""

from daydream.store.rows import COMMITS, KEY, Migration, Schema

TABLES = (
    "log_readings",
    "log_templates",
    "log_errors",
    "log_latencies",
    "log_statuses",
    "log_flags",
    "log_parts",
)


def _version_1() -> list[str]:
    tables = [
        f"""CREATE TABLE log_readings ({KEY}, source TEXT NOT NULL, started_at REAL NOT NULL,
            until REAL NOT NULL, bytes INTEGER NOT NULL, records INTEGER NOT NULL, undated INTEGER NOT NULL,
            future INTEGER NOT NULL, positions TEXT NOT NULL, UNIQUE (source, run))""",
        f"""CREATE TABLE log_templates ({KEY}, source TEXT NOT NULL, template TEXT NOT NULL, text TEXT NOT NULL,
            level INTEGER NOT NULL, first REAL, last REAL, count INTEGER NOT NULL, hours TEXT NOT NULL,
            levels TEXT NOT NULL, examples TEXT NOT NULL, origin TEXT, PRIMARY KEY (source, run, template)) WITHOUT ROWID""",
        f"""CREATE TABLE log_errors ({KEY}, source TEXT NOT NULL, error TEXT NOT NULL, kind TEXT NOT NULL,
            message TEXT NOT NULL, frames TEXT NOT NULL, count INTEGER, first REAL, last REAL, release TEXT,
            link TEXT, state TEXT)""",
        f"""CREATE TABLE log_latencies ({KEY}, source TEXT NOT NULL, route TEXT NOT NULL, hour INTEGER NOT NULL,
            count INTEGER NOT NULL, p50 REAL NOT NULL, p95 REAL NOT NULL, histogram TEXT NOT NULL,
            UNIQUE (source, route, hour, run))""",
        f"""CREATE TABLE log_statuses ({KEY}, source TEXT NOT NULL, digit INTEGER NOT NULL, hour INTEGER NOT NULL,
            count INTEGER NOT NULL, UNIQUE (source, digit, hour, run))""",
        f"""CREATE TABLE log_flags ({KEY}, source TEXT NOT NULL, kind TEXT NOT NULL, identity TEXT NOT NULL,
            since INTEGER NOT NULL, magnitude REAL NOT NULL, UNIQUE (source, kind, identity, run))""",
    ]
    indexes = [f"CREATE INDEX {table}_by_run ON {table} (run, seq)" for table in TABLES[:6]]
    return [COMMITS, *tables, *indexes]


def _version_2() -> list[str]:
    return [
        f"CREATE TABLE log_parts ({KEY}, source TEXT NOT NULL, part INTEGER NOT NULL, state BLOB NOT NULL)",
        "CREATE INDEX log_parts_by_run ON log_parts (run, seq)",
    ]


MIGRATIONS: tuple[Migration, ...] = (_version_1, _version_2)

SCHEMA = Schema(
    file="logs.db",
    name="memory of logs",
    anew="begin its memory anew",
    application_id=0x4441594C,
    migrations=MIGRATIONS,
    tables=TABLES,
)
