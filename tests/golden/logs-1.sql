PRAGMA application_id = 1145133388;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE commits (run TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID;
INSERT INTO "commits" VALUES('2026-11-21.1',3);
CREATE TABLE log_errors (run TEXT NOT NULL, seq INTEGER NOT NULL, source TEXT NOT NULL, error TEXT NOT NULL, kind TEXT NOT NULL,
            message TEXT NOT NULL, frames TEXT NOT NULL, count INTEGER, first REAL, last REAL, release TEXT,
            link TEXT, state TEXT);
INSERT INTO "log_errors" VALUES('2026-11-21.1',3,'app.log','x','x','x','[]',1,1.5,1.5,'x','x','x');
CREATE TABLE log_flags (run TEXT NOT NULL, seq INTEGER NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, identity TEXT NOT NULL,
            since INTEGER NOT NULL, magnitude REAL NOT NULL, UNIQUE (source, kind, identity, run));
INSERT INTO "log_flags" VALUES('2026-11-21.1',3,'app.log','x','x',1,1.5);
CREATE TABLE log_latencies (run TEXT NOT NULL, seq INTEGER NOT NULL, source TEXT NOT NULL, route TEXT NOT NULL, hour INTEGER NOT NULL,
            count INTEGER NOT NULL, p50 REAL NOT NULL, p95 REAL NOT NULL, histogram TEXT NOT NULL,
            UNIQUE (source, route, hour, run));
INSERT INTO "log_latencies" VALUES('2026-11-21.1',3,'app.log','x',1,1,1.5,1.5,'{}');
CREATE TABLE log_readings (run TEXT NOT NULL, seq INTEGER NOT NULL, source TEXT NOT NULL, started_at REAL NOT NULL,
            until REAL NOT NULL, bytes INTEGER NOT NULL, records INTEGER NOT NULL, undated INTEGER NOT NULL,
            future INTEGER NOT NULL, positions TEXT NOT NULL, UNIQUE (source, run));
INSERT INTO "log_readings" VALUES('2026-11-21.1',3,'app.log',1.5,1.5,1,1,1,1,'[]');
CREATE TABLE log_statuses (run TEXT NOT NULL, seq INTEGER NOT NULL, source TEXT NOT NULL, digit INTEGER NOT NULL, hour INTEGER NOT NULL,
            count INTEGER NOT NULL, UNIQUE (source, digit, hour, run));
INSERT INTO "log_statuses" VALUES('2026-11-21.1',3,'app.log',1,1,1);
CREATE TABLE log_templates (run TEXT NOT NULL, seq INTEGER NOT NULL, source TEXT NOT NULL, template TEXT NOT NULL, text TEXT NOT NULL,
            level INTEGER NOT NULL, first REAL, last REAL, count INTEGER NOT NULL, hours TEXT NOT NULL,
            levels TEXT NOT NULL, examples TEXT NOT NULL, origin TEXT, PRIMARY KEY (source, run, template)) WITHOUT ROWID;
INSERT INTO "log_templates" VALUES('2026-11-21.1',3,'app.log','0123456789abcdef','order <*> failed',1,1.5,1.5,1,'{}','{}','[]','x');
CREATE INDEX log_readings_by_run ON log_readings (run, seq);
CREATE INDEX log_templates_by_run ON log_templates (run, seq);
CREATE INDEX log_errors_by_run ON log_errors (run, seq);
CREATE INDEX log_latencies_by_run ON log_latencies (run, seq);
CREATE INDEX log_statuses_by_run ON log_statuses (run, seq);
CREATE INDEX log_flags_by_run ON log_flags (run, seq);
COMMIT;
