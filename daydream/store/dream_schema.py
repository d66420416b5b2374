"""The tables of the dream store. Migrations are only ever appended; each is a list of statements."""

from daydream.store.rows import COMMITS, KEY, Migration, Schema

_DREAMS_VIEW_1 = """
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
        _DREAMS_VIEW_1,
    ]


def _version_1() -> list[str]:
    return [*_catalogue_1(), *_dreams_1()]


# The present of every dream. What a person looks for has its classic name; `restorable` is whether what archived it
# can be taken back, `holds_up` whether it was judged, and neither its verdict nor a trial speaks against it.
_PRESENT_2 = """
CREATE VIEW dream_procedures AS
SELECT d.id, d.base_path || '::' || d.base_qualname
           || CASE WHEN d.base_occurrence > 1 THEN '#' || d.base_occurrence ELSE '' END AS base_procedure_id,
       d.base_qualname AS base_procedure_name, d.dream_type, d.name, d.code, d.model_used, d.reasoning,
       d.generated_description,
       CASE WHEN e.event IN ('archived', 'retired') OR v.tier = 3 THEN 'archived'
            WHEN t.event IS NOT NULL THEN t.event
            WHEN v.dream_id IS NOT NULL THEN 'evaluated'
            ELSE 'pending_evaluation' END AS status,
       v.tier, v.viability AS viability_score, v.reasons AS claude_reasoning,
       CASE WHEN t.event = 'pending_test' THEN 'pending' ELSE t.outcome END AS test_outcome,
       t.error AS test_error, CASE WHEN t.event = 'tested' THEN t.at END AS test_timestamp,
       s.novelty_score, r.projects AS cross_project_matches, t.effectiveness AS effectiveness_metric,
       d.generated_at, v.evaluated_at, d.created_by,
       v.evaluator, v.evaluator_model, v.said_tier, v.cost_usd AS evaluation_cost_usd,
       s.structural_novelty, s.behaviour_novelty,
       CASE WHEN e.event IN ('archived', 'retired') THEN e.at WHEN v.tier = 3 THEN v.evaluated_at END AS archived_at,
       CASE WHEN e.event IN ('archived', 'retired') THEN e.reason WHEN v.tier = 3 THEN 'tier 3' END
           AS archived_reason,
       a.at AS adopted_at,
       MAX(d.generated_at, COALESCE(v.evaluated_at, ''), COALESCE(e.at, '')) AS changed_at,
       e.event IS NOT NULL AND e.event = 'archived' AS restorable,
       v.tier IS NOT NULL AND v.tier < 3 AND t.outcome IS NOT 'failure' AS holds_up,
       d.transform_id, d.assumption, d.details, d.diff, d.base_path, d.base_qualname, d.base_occurrence,
       d.base_source_hash, d.variant_hash, d.parent_dream_id, d.model_requested, d.cost_usd, d.run, d.seq
FROM dreamt d
LEFT JOIN verdicts v ON v.number = (SELECT MAX(number) FROM verdicts WHERE dream_id = d.id)
LEFT JOIN dream_events e ON e.number = (SELECT MAX(number) FROM dream_events WHERE dream_id = d.id)
LEFT JOIN dream_events t ON t.number = (
    SELECT MAX(number) FROM dream_events WHERE dream_id = d.id AND event IN ('pending_test', 'tested'))
LEFT JOIN dream_events a ON a.number = (
    SELECT MAX(number) FROM dream_events WHERE dream_id = d.id AND event = 'adopted')
LEFT JOIN dream_scores s ON s.number = (SELECT MAX(number) FROM dream_scores WHERE dream_id = d.id)
LEFT JOIN transform_reach r ON r.number = (
    SELECT MAX(number) FROM transform_reach WHERE transform_id = d.transform_id)
"""

_LEGAL_VERDICT_2 = """
CREATE TRIGGER legal_verdict BEFORE INSERT ON verdicts
WHEN NOT EXISTS (SELECT 1 FROM dream_procedures WHERE id = NEW.dream_id
                 AND (status IN ('pending_evaluation', 'evaluated') OR archived_reason = 'tier 3'))
BEGIN SELECT RAISE(ABORT, 'only a dream that waits for its verdict, or for a second opinion, can be judged'); END
"""

_LEGAL_EVENT_2 = """
CREATE TRIGGER legal_event BEFORE INSERT ON dream_events
WHEN NOT EXISTS (
    SELECT 1 FROM dream_procedures p WHERE p.id = NEW.dream_id AND CASE NEW.event
        WHEN 'pending_test' THEN p.status = 'evaluated'
        WHEN 'tested' THEN p.status = 'pending_test' AND NEW.outcome IN ('success', 'failure')
        WHEN 'archived' THEN p.status <> 'archived' OR p.archived_reason = 'tier 3'
        WHEN 'retired' THEN p.status <> 'archived'
        WHEN 'restored' THEN p.restorable
        WHEN 'adopted' THEN p.status IN ('evaluated', 'tested')
        WHEN 'unjudged' THEN p.status = 'pending_evaluation'
        ELSE 0 END)
BEGIN SELECT RAISE(ABORT, 'a dream cannot go there from where it is'); END
"""


def _runs_2() -> list[str]:
    columns = (
        "run, seq, strategy, timestamp, total_dreams_generated, constraint_relaxation_count, "
        "cross_project_synthesis_count, parameter_exploration_count, conditional_variant_count, "
        "duration_seconds, model_usage"
    )
    return [
        "ALTER TABLE dream_generation_runs RENAME TO former_runs",
        f"""CREATE TABLE dream_generation_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, strategy TEXT,
            timestamp TEXT NOT NULL, total_dreams_generated INTEGER NOT NULL,
            constraint_relaxation_count INTEGER NOT NULL, cross_project_synthesis_count INTEGER NOT NULL,
            parameter_exploration_count INTEGER NOT NULL, conditional_variant_count INTEGER NOT NULL,
            duration_seconds REAL, model_usage TEXT NOT NULL, UNIQUE (run))""",
        f"INSERT INTO dream_generation_runs ({columns}) SELECT {columns} FROM former_runs ORDER BY timestamp, run",  # noqa: S608 -- our own names
        "DROP TABLE former_runs",
    ]


def _metrics_2() -> str:
    counts = ", ".join(f"tier{tier}_count INTEGER NOT NULL" for tier in (1, 2, 3))
    measured = (
        "average_viability_score, tier1_test_success_rate, average_novelty_score, cross_project_adoption_rate, "
        "average_generation_time_seconds, api_requests_per_dream, novelty_score_weighted, "
        "quality_evolution_weighted, cross_project_leverage_weighted, efficiency_weighted, compound_health_score, "
        "novelty, quality, leverage, efficiency"
    )
    reals = ", ".join(f"{name} REAL" for name in measured.split(", "))
    return f"""CREATE TABLE dream_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, timestamp TEXT NOT NULL,
        {counts}, tier1_test_count INTEGER NOT NULL, high_novelty_count INTEGER NOT NULL,
        dreams_adopted_count INTEGER NOT NULL, dreams_count INTEGER NOT NULL, {reals},
        status TEXT NOT NULL, weights TEXT NOT NULL, missing TEXT NOT NULL, UNIQUE (run))"""


def _version_2() -> list[str]:
    return [
        "DROP VIEW dreams",
        "DROP INDEX dreams_by_run",
        "DROP INDEX dreams_by_type",
        "ALTER TABLE dream_procedures RENAME TO dreamt",
        "ALTER TABLE dreamt ADD COLUMN model_requested TEXT",
        "ALTER TABLE dreamt ADD COLUMN cost_usd REAL",
        "ALTER TABLE dreamt ADD COLUMN parent_dream_id TEXT",
        "CREATE INDEX dreamt_by_run ON dreamt (run, seq)",
        "CREATE INDEX dreamt_by_time ON dreamt (generated_at, id)",
        "CREATE INDEX dreamt_by_type ON dreamt (dream_type, generated_at)",
        "CREATE INDEX dreamt_by_transform ON dreamt (transform_id, base_path)",
        "ALTER TABLE verdicts ADD COLUMN evaluator_model TEXT",
        "ALTER TABLE verdicts ADD COLUMN said_tier INTEGER",
        "ALTER TABLE verdicts ADD COLUMN cost_usd REAL",
        "ALTER TABLE dream_events ADD COLUMN outcome TEXT",
        "ALTER TABLE dream_events ADD COLUMN error TEXT",
        "ALTER TABLE dream_events ADD COLUMN effectiveness REAL",
        f"""CREATE TABLE dream_scores (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, dream_id TEXT NOT NULL,
            structural_novelty REAL NOT NULL, behaviour_novelty REAL, novelty_score REAL NOT NULL,
            at TEXT NOT NULL)""",
        "CREATE INDEX scores_by_dream ON dream_scores (dream_id, number)",
        f"""CREATE TABLE transform_reach (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY},
            transform_id TEXT NOT NULL, projects INTEGER NOT NULL, at TEXT NOT NULL)""",
        "CREATE INDEX reach_by_transform ON transform_reach (transform_id, number)",
        f"""CREATE TABLE forgotten ({KEY}, base_path TEXT NOT NULL, base_qualname TEXT NOT NULL,
            base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL, variant_hash TEXT NOT NULL,
            PRIMARY KEY (base_path, base_qualname, base_occurrence, base_source_hash, variant_hash)) WITHOUT ROWID""",
        *_runs_2(),
        _metrics_2(),
        _PRESENT_2,
        _LEGAL_VERDICT_2,
        _LEGAL_EVENT_2,
    ]


def _version_3() -> list[str]:
    base = "base_path TEXT NOT NULL, base_qualname TEXT NOT NULL, base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL"
    effect = ", ".join(
        f"{name} REAL" for name in ("effectiveness", "effect_low", "effect_high", "noise_floor", "cpu_s")
    )
    return [
        f"""CREATE TABLE trials (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, dream_id TEXT NOT NULL,
            outcome TEXT NOT NULL, category TEXT, reason TEXT NOT NULL, effect TEXT, {effect}, sampled INTEGER NOT NULL,
            backend TEXT, ground TEXT, seed INTEGER NOT NULL, counts TEXT NOT NULL, evidence TEXT NOT NULL,
            at TEXT NOT NULL)""",
        "CREATE INDEX trials_by_dream ON trials (dream_id, number)",
        f"""CREATE TABLE counterexamples (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, {base},
            dream_id TEXT NOT NULL, inputs TEXT NOT NULL, at TEXT NOT NULL)""",
        "CREATE INDEX counterexamples_by_base ON counterexamples (base_path, base_qualname, base_occurrence)",
        f"""CREATE TABLE unexercised ({KEY}, {base}, reason TEXT NOT NULL,
            PRIMARY KEY (run, base_path, base_qualname, base_occurrence)) WITHOUT ROWID""",
        f"""CREATE TABLE trial_runs ({KEY}, backend TEXT NOT NULL, ground TEXT NOT NULL, noise_floor REAL,
            at TEXT NOT NULL, PRIMARY KEY (run)) WITHOUT ROWID""",
    ]


def _version_4() -> list[str]:
    return [
        "ALTER TABLE generation_visits ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0",
        f"""CREATE TABLE answers (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, dream_id TEXT NOT NULL,
            answer TEXT NOT NULL, reason TEXT NOT NULL, answered TEXT NOT NULL, at TEXT NOT NULL)""",
        "CREATE INDEX answers_by_dream ON answers (dream_id, number)",
        f"""CREATE TABLE lessons (number INTEGER PRIMARY KEY AUTOINCREMENT, {KEY}, kind TEXT NOT NULL,
            model TEXT NOT NULL, operator TEXT NOT NULL, module TEXT NOT NULL, category TEXT NOT NULL,
            effect TEXT NOT NULL, standing TEXT NOT NULL, counted INTEGER NOT NULL, decided INTEGER NOT NULL,
            low REAL NOT NULL, high REAL NOT NULL, example TEXT NOT NULL, reason TEXT NOT NULL, since TEXT NOT NULL,
            expires TEXT NOT NULL, at TEXT NOT NULL)""",
        "CREATE INDEX lessons_by_condition ON lessons (kind, model, operator, module, category, number)",
    ]


MIGRATIONS: tuple[Migration, ...] = (_version_1, _version_2, _version_3, _version_4)
CATALOGUE_TABLES = (
    "catalogue_files",
    "file_history",
    "procedures",
    "test_mentions",
    "tested_names",
    "snapshots",
)
DREAM_TABLES = (
    "dreamt",
    "verdicts",
    "dream_events",
    "dream_scores",
    "transform_reach",
    "generation_visits",
    "dream_generation_runs",
    "dream_metrics",
    "forgotten",
    "trials",
    "counterexamples",
    "unexercised",
    "trial_runs",
    "answers",
    "lessons",
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
