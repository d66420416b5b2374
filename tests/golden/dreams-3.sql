PRAGMA application_id = 1145133380;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE catalogue_files (run TEXT NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, blob TEXT NOT NULL, status TEXT NOT NULL,
            reason TEXT, parser TEXT NOT NULL, PRIMARY KEY (run, path)) WITHOUT ROWID;
INSERT INTO "catalogue_files" VALUES('2026-11-21.1',1,'pkg/a.py','87502d2cc64ebe7aa5c94d17a0b890f9af67c113','read',NULL,'Python 3.11 catalogue 1');
CREATE TABLE commits (run TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID;
INSERT INTO "commits" VALUES('2026-11-21.1',1);
INSERT INTO "commits" VALUES('2026-11-21.1',2);
INSERT INTO "commits" VALUES('2026-11-21.1',3);
INSERT INTO "commits" VALUES('2026-11-21.1',4);
INSERT INTO "commits" VALUES('2026-11-21.1',5);
INSERT INTO "commits" VALUES('2026-11-21.1',6);
INSERT INTO "commits" VALUES('2026-11-22.1',1);
INSERT INTO "commits" VALUES('2026-11-22.1',2);
INSERT INTO "commits" VALUES('2026-11-23.1',1);
INSERT INTO "commits" VALUES('2026-11-24.1',1);
INSERT INTO "commits" VALUES('2026-11-24.1',2);
INSERT INTO "commits" VALUES('2026-11-24.1',3);
INSERT INTO "commits" VALUES('2026-11-24.1',4);
CREATE TABLE counterexamples (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, base_path TEXT NOT NULL, base_qualname TEXT NOT NULL, base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL,
            dream_id TEXT NOT NULL, inputs TEXT NOT NULL, at TEXT NOT NULL);
INSERT INTO "counterexamples" VALUES(1,'2026-11-24.1',3,'pkg/a.py','fetch',1,'c24a1ecad105b697','992c889524d3bc20','{"given":[["int","0"]],"named":[]}','2026-11-24T02:00:00Z');
CREATE TABLE dream_events (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL,
            dream_id TEXT NOT NULL, event TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, outcome TEXT, error TEXT, effectiveness REAL);
INSERT INTO "dream_events" VALUES(1,'2026-11-22.1',1,'70bf9167cb653b4a','archived','the procedure changed','2026-11-22T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dream_events" VALUES(2,'2026-11-22.1',2,'992c889524d3bc20','archived','the procedure is gone','2026-11-22T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dream_events" VALUES(3,'2026-11-23.1',1,'992c889524d3bc20','restored','the procedure is again what it was','2026-11-23T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dream_events" VALUES(4,'2026-11-22.1',9,'ab28841e6cfc441e','pending_test','tier 1','2026-11-22T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dream_events" VALUES(5,'2026-11-22.1',10,'ab28841e6cfc441e','tested','tried','2026-11-22T02:00:01Z','success',NULL,1.25);
INSERT INTO "dream_events" VALUES(6,'2026-11-24.1',3,'992c889524d3bc20','pending_test','chosen for a trial','2026-11-24T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dream_events" VALUES(7,'2026-11-24.1',4,'992c889524d3bc20','tested','behaviour_changing','2026-11-24T02:00:00Z','failure','another value on 3 of 20 inputs',NULL);
CREATE TABLE dream_generation_runs (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, strategy TEXT,
            timestamp TEXT NOT NULL, total_dreams_generated INTEGER NOT NULL,
            constraint_relaxation_count INTEGER NOT NULL, cross_project_synthesis_count INTEGER NOT NULL,
            parameter_exploration_count INTEGER NOT NULL, conditional_variant_count INTEGER NOT NULL,
            duration_seconds REAL, model_usage TEXT NOT NULL, UNIQUE (run));
INSERT INTO "dream_generation_runs" VALUES(1,'2026-11-21.1',5,NULL,'2026-11-21T02:00:00Z',4,0,0,4,0,NULL,'{}');
CREATE TABLE dream_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, timestamp TEXT NOT NULL,
        tier1_count INTEGER NOT NULL, tier2_count INTEGER NOT NULL, tier3_count INTEGER NOT NULL, tier1_test_count INTEGER NOT NULL, high_novelty_count INTEGER NOT NULL,
        dreams_adopted_count INTEGER NOT NULL, dreams_count INTEGER NOT NULL, average_viability_score REAL, tier1_test_success_rate REAL, average_novelty_score REAL, cross_project_adoption_rate REAL, average_generation_time_seconds REAL, api_requests_per_dream REAL, novelty_score_weighted REAL, quality_evolution_weighted REAL, cross_project_leverage_weighted REAL, efficiency_weighted REAL, compound_health_score REAL, novelty REAL, quality REAL, leverage REAL, efficiency REAL,
        status TEXT NOT NULL, weights TEXT NOT NULL, missing TEXT NOT NULL, UNIQUE (run));
CREATE TABLE dream_scores (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, dream_id TEXT NOT NULL,
            structural_novelty REAL NOT NULL, behaviour_novelty REAL, novelty_score REAL NOT NULL,
            at TEXT NOT NULL);
CREATE TABLE "dreamt" (id TEXT PRIMARY KEY, run TEXT NOT NULL, seq INTEGER NOT NULL, base_path TEXT NOT NULL,
            base_qualname TEXT NOT NULL, base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL,
            dream_type TEXT NOT NULL, name TEXT NOT NULL, code TEXT NOT NULL, diff TEXT NOT NULL,
            transform_id TEXT NOT NULL, reasoning TEXT NOT NULL, generated_description TEXT NOT NULL,
            assumption TEXT NOT NULL, details TEXT NOT NULL, variant_hash TEXT NOT NULL, model_used TEXT,
            created_by TEXT NOT NULL, generated_at TEXT NOT NULL, model_requested TEXT, cost_usd REAL, parent_dream_id TEXT,
            UNIQUE (base_path, base_qualname, base_occurrence, base_source_hash, variant_hash));
INSERT INTO "dreamt" VALUES('992c889524d3bc20','2026-11-21.1',4,'pkg/a.py','fetch',1,'c24a1ecad105b697','parameter_exploration','timeout 30 -> 15','def fetch(url, timeout=15):
    retries = 3
    return url, timeout, retries
','--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@
-def fetch(url, timeout=30):
+def fetch(url, timeout=15):
     retries = 3
     return url, timeout, retries
','parameter_exploration.default@1','0.5 times the value; nothing in the source says that 30 was measured','the default of the parameter timeout is 15 instead of 30','timeout 30 is the right value here','{"from":30,"parameter":"timeout","seen_in":null,"to":15}','6a48fa79e895bbf7',NULL,'parameter_exploration@1','2026-11-21T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dreamt" VALUES('ab28841e6cfc441e','2026-11-21.1',4,'pkg/a.py','fetch',1,'c24a1ecad105b697','parameter_exploration','retries 3 -> 2','def fetch(url, timeout=30):
    retries = 2
    return url, timeout, retries
','--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@
 def fetch(url, timeout=30):
-    retries = 3
+    retries = 2
     return url, timeout, retries
','parameter_exploration.assigned@1','0.667 times the value; nothing in the source says that 3 was measured','the assigned value retries is 2 instead of 3','retries 3 is the right value here','{"from":3,"parameter":"retries","seen_in":null,"to":2}','1e10c2676d0e6525',NULL,'parameter_exploration@1','2026-11-21T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dreamt" VALUES('ce793b4cf5c8074c','2026-11-21.1',4,'pkg/a.py','fetch',1,'c24a1ecad105b697','parameter_exploration','timeout 30 -> 60','def fetch(url, timeout=60):
    retries = 3
    return url, timeout, retries
','--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@
-def fetch(url, timeout=30):
+def fetch(url, timeout=60):
     retries = 3
     return url, timeout, retries
','parameter_exploration.default@1','2 times the value; nothing in the source says that 30 was measured','the default of the parameter timeout is 60 instead of 30','timeout 30 is the right value here','{"from":30,"parameter":"timeout","seen_in":null,"to":60}','6c9764c3e1500c47',NULL,'parameter_exploration@1','2026-11-21T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "dreamt" VALUES('70bf9167cb653b4a','2026-11-21.1',4,'pkg/a.py','fetch',1,'c24a1ecad105b697','parameter_exploration','retries 3 -> 6','def fetch(url, timeout=30):
    retries = 6
    return url, timeout, retries
','--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@
 def fetch(url, timeout=30):
-    retries = 3
+    retries = 6
     return url, timeout, retries
','parameter_exploration.assigned@1','2 times the value; nothing in the source says that 3 was measured','the assigned value retries is 6 instead of 3','retries 3 is the right value here','{"from":3,"parameter":"retries","seen_in":null,"to":6}','bd8981ec8b5ec61d',NULL,'parameter_exploration@1','2026-11-21T02:00:00Z',NULL,NULL,NULL);
CREATE TABLE file_history (run TEXT NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, last_change TEXT NOT NULL,
            PRIMARY KEY (run, path)) WITHOUT ROWID;
CREATE TABLE forgotten (run TEXT NOT NULL, seq INTEGER NOT NULL, base_path TEXT NOT NULL, base_qualname TEXT NOT NULL,
            base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL, variant_hash TEXT NOT NULL,
            PRIMARY KEY (base_path, base_qualname, base_occurrence, base_source_hash, variant_hash)) WITHOUT ROWID;
CREATE TABLE generation_visits (run TEXT NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, qualname TEXT NOT NULL,
            occurrence INTEGER NOT NULL, source_hash TEXT NOT NULL, kind TEXT NOT NULL,
            kind_version INTEGER NOT NULL, proposed INTEGER NOT NULL, stored INTEGER NOT NULL,
            PRIMARY KEY (path, qualname, occurrence, kind, run)) WITHOUT ROWID;
INSERT INTO "generation_visits" VALUES('2026-11-21.1',4,'pkg/a.py','fetch',1,'c24a1ecad105b697','parameter_exploration',1,8,4);
CREATE TABLE procedures (run TEXT NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, qualname TEXT NOT NULL,
            occurrence INTEGER NOT NULL, source_hash TEXT NOT NULL, blob TEXT NOT NULL,
            first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, signature TEXT NOT NULL,
            summary TEXT NOT NULL, complexity INTEGER NOT NULL, side_effects TEXT NOT NULL,
            is_async INTEGER NOT NULL, decorators TEXT NOT NULL, mention TEXT NOT NULL,
            PRIMARY KEY (run, path, qualname, occurrence)) WITHOUT ROWID;
INSERT INTO "procedures" VALUES('2026-11-21.1',1,'pkg/a.py','fetch',1,'c24a1ecad105b697','87502d2cc64ebe7aa5c94d17a0b890f9af67c113',1,3,'(url, timeout=30)','',1,'pure',0,'[]','fetch');
CREATE TABLE snapshots (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, commit_id TEXT,
            files INTEGER NOT NULL, procedures INTEGER NOT NULL, complete INTEGER NOT NULL,
            names_hash TEXT NOT NULL, mentions_known INTEGER NOT NULL, finished_at TEXT NOT NULL,
            UNIQUE (run));
INSERT INTO "snapshots" VALUES(1,'2026-11-21.1',3,NULL,1,1,1,'e7d3799ecc09f5cb',1,'2026-11-21T02:00:00Z');
CREATE TABLE test_mentions (run TEXT NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, blob TEXT NOT NULL, names TEXT NOT NULL,
            PRIMARY KEY (run, path)) WITHOUT ROWID;
INSERT INTO "test_mentions" VALUES('2026-11-21.1',2,'tests/test_a.py','a469d53452ec2812c3542c963edb64e8d02130d7','["fetch"]');
CREATE TABLE tested_names (run TEXT NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, tests INTEGER NOT NULL,
            paths TEXT NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO "tested_names" VALUES('2026-11-21.1',3,'fetch',1,'["tests/test_a.py"]');
CREATE TABLE transform_reach (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL,
            transform_id TEXT NOT NULL, projects INTEGER NOT NULL, at TEXT NOT NULL);
CREATE TABLE trial_runs (run TEXT NOT NULL, seq INTEGER NOT NULL, backend TEXT NOT NULL, ground TEXT NOT NULL, noise_floor REAL,
            at TEXT NOT NULL, PRIMARY KEY (run)) WITHOUT ROWID;
INSERT INTO "trial_runs" VALUES('2026-11-24.1',1,'bubblewrap','0337418e85aa9d973cc38f57',1.02,'2026-11-24T02:00:00Z');
CREATE TABLE trials (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, dream_id TEXT NOT NULL,
            outcome TEXT NOT NULL, category TEXT, reason TEXT NOT NULL, effect TEXT, effectiveness REAL, effect_low REAL, effect_high REAL, noise_floor REAL, cpu_s REAL, sampled INTEGER NOT NULL,
            backend TEXT, ground TEXT, seed INTEGER NOT NULL, counts TEXT NOT NULL, evidence TEXT NOT NULL,
            at TEXT NOT NULL);
INSERT INTO "trials" VALUES(1,'2026-11-24.1',2,'ab28841e6cfc441e','behaviour_preserving',NULL,'the same on 20 inputs, 18 of which return','gained',1.25,1.1,1.4,1.02,2.5,0,'bubblewrap','0337418e85aa9d973cc38f57',7,'{"asked":20}','{"effect":{"p":0.001}}','2026-11-24T02:00:00Z');
INSERT INTO "trials" VALUES(2,'2026-11-24.1',3,'992c889524d3bc20','behaviour_changing','logic','another value on 3 of 20 inputs',NULL,NULL,NULL,NULL,NULL,NULL,1,'bubblewrap','0337418e85aa9d973cc38f57',7,'{"asked":20}','{"differing":[]}','2026-11-24T02:00:00Z');
CREATE TABLE unexercised (run TEXT NOT NULL, seq INTEGER NOT NULL, base_path TEXT NOT NULL, base_qualname TEXT NOT NULL, base_occurrence INTEGER NOT NULL, base_source_hash TEXT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (run, base_path, base_qualname, base_occurrence)) WITHOUT ROWID;
INSERT INTO "unexercised" VALUES('2026-11-24.1',4,'pkg/a.py','fetch',1,'c24a1ecad105b697','an argument takes a lock');
CREATE TABLE verdicts (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, dream_id TEXT NOT NULL,
            viability REAL NOT NULL, tier INTEGER NOT NULL, reasons TEXT NOT NULL, evaluator TEXT NOT NULL,
            evaluated_at TEXT NOT NULL, evaluator_model TEXT, said_tier INTEGER, cost_usd REAL, UNIQUE (dream_id, evaluator));
INSERT INTO "verdicts" VALUES(1,'2026-11-21.1',6,'70bf9167cb653b4a',0.85,1,'["+0.10 6 is near 3","+0.15 it is pure as far as its source shows, so a trial can compare results","+0.10 1 test file mentions its name","+0.05 it is simple (1 ways through)","+0.00 when its file last changed is not known"]','rule-based','2026-11-21T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "verdicts" VALUES(2,'2026-11-21.1',6,'992c889524d3bc20',0.75,1,'["+0.10 15 is near 30","-0.10 it changes a default, which every caller without that argument notices","+0.15 it is pure as far as its source shows, so a trial can compare results","+0.10 1 test file mentions its name","+0.05 it is simple (1 ways through)","+0.00 when its file last changed is not known"]','rule-based','2026-11-21T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "verdicts" VALUES(3,'2026-11-21.1',6,'ab28841e6cfc441e',0.85,1,'["+0.10 2 is near 3","+0.15 it is pure as far as its source shows, so a trial can compare results","+0.10 1 test file mentions its name","+0.05 it is simple (1 ways through)","+0.00 when its file last changed is not known"]','rule-based','2026-11-21T02:00:00Z',NULL,NULL,NULL);
INSERT INTO "verdicts" VALUES(4,'2026-11-21.1',6,'ce793b4cf5c8074c',0.75,1,'["+0.10 60 is near 30","-0.10 it changes a default, which every caller without that argument notices","+0.15 it is pure as far as its source shows, so a trial can compare results","+0.10 1 test file mentions its name","+0.05 it is simple (1 ways through)","+0.00 when its file last changed is not known"]','rule-based','2026-11-21T02:00:00Z',NULL,NULL,NULL);
CREATE INDEX events_by_dream ON dream_events (dream_id, number);
CREATE INDEX dreamt_by_run ON dreamt (run, seq);
CREATE INDEX dreamt_by_time ON dreamt (generated_at, id);
CREATE INDEX dreamt_by_type ON dreamt (dream_type, generated_at);
CREATE INDEX dreamt_by_transform ON dreamt (transform_id, base_path);
CREATE INDEX scores_by_dream ON dream_scores (dream_id, number);
CREATE INDEX reach_by_transform ON transform_reach (transform_id, number);
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
    SELECT MAX(number) FROM transform_reach WHERE transform_id = d.transform_id);
CREATE TRIGGER legal_verdict BEFORE INSERT ON verdicts
WHEN NOT EXISTS (SELECT 1 FROM dream_procedures WHERE id = NEW.dream_id
                 AND (status IN ('pending_evaluation', 'evaluated') OR archived_reason = 'tier 3'))
BEGIN SELECT RAISE(ABORT, 'only a dream that waits for its verdict, or for a second opinion, can be judged'); END;
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
BEGIN SELECT RAISE(ABORT, 'a dream cannot go there from where it is'); END;
CREATE INDEX trials_by_dream ON trials (dream_id, number);
CREATE INDEX counterexamples_by_base ON counterexamples (base_path, base_qualname, base_occurrence);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('snapshots',1);
INSERT INTO "sqlite_sequence" VALUES('verdicts',4);
INSERT INTO "sqlite_sequence" VALUES('dream_events',7);
INSERT INTO "sqlite_sequence" VALUES('dream_generation_runs',1);
INSERT INTO "sqlite_sequence" VALUES('trials',2);
INSERT INTO "sqlite_sequence" VALUES('counterexamples',1);
COMMIT;
