"""The tables of the dream store. Migrations are only ever appended; each is a list of statements."""

from daydream.store.rows import COMMITS, KEY, Migration, Schema

_DREAMS_VIEW = """
CREATE VIEW dreams AS
SELECT d.*, v.viability, v.tier, v.reasons, v.evaluator, e.event, e.reason AS event_reason,
       CASE WHEN e.event = 'archived' OR v.tier = 3 THEN 'archived'
            WHEN v.dream_id IS NOT NULL THEN 'evaluated'
            ELSE 'pending_evaluation' END AS status
FROM dream_procedures d
LEFT JOIN verdicts v ON v.number = (SELECT MAX(number) FROM verdicts WHERE dream_id = d.id)
LEFT JOIN dream_events e ON e.number = (SELECT MAX(number) FROM dream_events WHERE dream_id = d.id)
"""


def _catalogue_1() -> list[str]:
    return [
        COMMITS,
        f"""CREATE TABLE catalogue_files ({KEY}, path TEXT NOT NULL, blob TEXT NOT NULL, status TEXT NOT NULL,
            reason TEXT, parser TEXT NOT NULL, PRIMARY KEY (run, path)) WITHOUT ROWID""",
        f"""CREATE TABLE file_history ({KEY}, path TEXT NOT NULL, last_change TEXT NOT NULL,
            PRIMARY KEY (run, path)) WITHOUT ROWID""",
        f"""CREATE TABLE procedures ({KEY}, path TEXT NOT NULL, qualname TEXT NOT NULL,
            occurrence INTEGER NOT NULL, source_hash TEXT NOT NULL, blob TEXT NOT NULL,
            first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, signature TEXT NOT NULL,
            summary TEXT NOT NULL, complexity INTEGER NOT NULL, side_effects TEXT NOT NULL,
            is_async INTEGER NOT NULL, decorators TEXT NOT NULL, mention TEXT NOT NULL,
            PRIMARY KEY (run, path, qualname, occurrence)) WITHOUT ROWID""",
        f"""CREATE TABLE test_mentions ({KEY}, path TEXT NOT NULL, blob TEXT NOT NULL, names TEXT NOT NULL,
            PRIMARY KEY (run, path)) WITHOUT ROWID""",
        f"""CREATE TABLE tested_names ({KEY}, name TEXT NOT NULL, tests INTEGER NOT NULL,
            paths TEXT NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID""",
        f"""CREATE TABLE snapshots (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, commit_id TEXT,
            files INTEGER NOT NULL, procedures INTEGER NOT NULL, complete INTEGER NOT NULL,
            names_hash TEXT NOT NULL, mentions_known INTEGER NOT NULL, finished_at TEXT NOT NULL,
            UNIQUE (run))""",
    ]


def _dreams_1() -> list[str]:
    return [
        f"""CREATE TABLE dream_procedures (id TEXT PRIMARY KEY, {KEY}, base_path TEXT NOT NULL,
            base_qualname TEXT NOT NULL, base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL,
            dream_type TEXT NOT NULL, name TEXT NOT NULL, code TEXT NOT NULL, diff TEXT NOT NULL,
            transform_id TEXT NOT NULL, reasoning TEXT NOT NULL, generated_description TEXT NOT NULL,
            assumption TEXT NOT NULL, details TEXT NOT NULL, variant_hash TEXT NOT NULL, model_used TEXT,
            created_by TEXT NOT NULL, generated_at TEXT NOT NULL,
            UNIQUE (base_path, base_qualname, base_occurrence, base_source_hash, variant_hash))""",
        "CREATE INDEX dreams_by_run ON dream_procedures (run, seq)",
        "CREATE INDEX dreams_by_type ON dream_procedures (dream_type)",
        f"""CREATE TABLE verdicts (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, dream_id TEXT NOT NULL,
            viability REAL NOT NULL, tier INTEGER NOT NULL, reasons TEXT NOT NULL, evaluator TEXT NOT NULL,
            evaluated_at TEXT NOT NULL, UNIQUE (dream_id, evaluator))""",
        f"""CREATE TABLE dream_events (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY},
            dream_id TEXT NOT NULL, event TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL)""",
        "CREATE INDEX events_by_dream ON dream_events (dream_id, number)",
        f"""CREATE TABLE generation_visits ({KEY}, path TEXT NOT NULL, qualname TEXT NOT NULL,
            occurrence INTEGER NOT NULL, source_hash TEXT NOT NULL, kind TEXT NOT NULL,
            kind_version INTEGER NOT NULL, proposed INTEGER NOT NULL, stored INTEGER NOT NULL,
            PRIMARY KEY (path, qualname, occurrence, kind, run)) WITHOUT ROWID""",
        f"""CREATE TABLE dream_generation_runs ({KEY}, strategy TEXT, timestamp TEXT NOT NULL,
            total_dreams_generated INTEGER NOT NULL, constraint_relaxation_count INTEGER NOT NULL,
            cross_project_synthesis_count INTEGER NOT NULL, parameter_exploration_count INTEGER NOT NULL,
            conditional_variant_count INTEGER NOT NULL, duration_seconds REAL, model_usage TEXT NOT NULL,
            PRIMARY KEY (run)) WITHOUT ROWID""",
        _DREAMS_VIEW,
    ]


def _version_1() -> list[str]:
    return [*_catalogue_1(), *_dreams_1()]


MIGRATIONS: tuple[Migration, ...] = (_version_1,)
CATALOGUE_TABLES = (
    "catalogue_files",
    "file_history",
    "procedures",
    "test_mentions",
    "tested_names",
    "snapshots",
)
DREAM_TABLES = (
    "dream_procedures",
    "verdicts",
    "dream_events",
    "generation_visits",
    "dream_generation_runs",
)
TABLES = CATALOGUE_TABLES + DREAM_TABLES

_COPIES = {
    "procedures of a file": (
        "INSERT INTO procedures (run, seq, path, qualname, occurrence, source_hash, blob, first_line, last_line, "
        "signature, summary, complexity, side_effects, is_async, decorators, mention) "
        "SELECT ?, ?, path, qualname, occurrence, source_hash, blob, first_line, last_line, "
        "signature, summary, complexity, side_effects, is_async, decorators, mention "
        "FROM procedures WHERE run = ? AND path = ?"
    ),
    "tested names": (
        "INSERT INTO tested_names (run, seq, name, tests, paths) "
        "SELECT ?, ?, name, tests, paths FROM tested_names WHERE run = ?"
    ),
}

SCHEMA = Schema(
    file="dreams.db",
    name="dream store",
    anew="dream anew",
    application_id=0x44415944,
    migrations=MIGRATIONS,
    tables=TABLES,
    copies=_COPIES,
)
