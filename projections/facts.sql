-- The facts: what is in the log, one row an event, in typed columns. Rows are only ever added.
--
-- position  where the event lies in the log; rows of all tables are in its order
-- session   the session it belongs to; `stream` where it is a ticket's
-- happened_at when it happened, UTC
-- person    who did it; `stillfixed` for what the runtime did by itself
-- step      which event it was, where a table holds more than one kind

CREATE TABLE sessions (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    step VARCHAR NOT NULL,      -- opened, handed_over
    ticket VARCHAR, client VARCHAR, team VARCHAR, category VARCHAR, title VARCHAR,
    earlier VARCHAR             -- handed_over: the technician before
);

CREATE TABLE endpoints (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    step VARCHAR NOT NULL,      -- added, connected, lost
    endpoint VARCHAR NOT NULL, kind VARCHAR, address VARCHAR, platform VARCHAR,
    detail VARCHAR              -- connected: the host's identity; lost: the reason
);

CREATE TABLE runs (             -- a command as it was sent
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    run VARCHAR NOT NULL, endpoint VARCHAR NOT NULL, command VARCHAR NOT NULL,
    effect VARCHAR NOT NULL,    -- reads, changes, unknown
    check_name VARCHAR,           -- the check it is a run of, in canonical form
    monitor VARCHAR
);

CREATE TABLE run_ends (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    run VARCHAR NOT NULL,
    ending VARCHAR NOT NULL,    -- exited, signalled, timed_out, cancelled, not_sent, interrupted
    exit_status INTEGER, signal VARCHAR, reason VARCHAR,
    stdout_bytes BIGINT, stderr_bytes BIGINT, dropped_bytes BIGINT
);

CREATE TABLE declared_changes ( -- a change outside the session: a cable, a vendor's console
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    text VARCHAR NOT NULL
);

CREATE TABLE checks (           -- a run of a check as a baseline
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    endpoint VARCHAR NOT NULL, check_name VARCHAR NOT NULL, run VARCHAR NOT NULL,
    health VARCHAR NOT NULL, reasons VARCHAR[], judge VARCHAR,
    counts BOOLEAN NOT NULL     -- false where a change ran meanwhile
);

CREATE TABLE comparisons (      -- a run of a check beside its baseline
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    endpoint VARCHAR NOT NULL, check_name VARCHAR NOT NULL,
    baseline VARCHAR NOT NULL, verification VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL, reasons VARCHAR[], judge VARCHAR, health VARCHAR,
    fields STRUCT(              -- the values behind the verdict, worst first
        item VARCHAR, field VARCHAR, "before" VARCHAR, "after" VARCHAR, verdict VARCHAR, rule VARCHAR,
        before_line BIGINT, after_line BIGINT, note VARCHAR
    )[],
    fields_left_out INTEGER
);

CREATE TABLE overrides (        -- a dispatcher's verdict in place of the judge's
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    endpoint VARCHAR NOT NULL, check_name VARCHAR NOT NULL, verification VARCHAR NOT NULL,
    replaces VARCHAR NOT NULL, verdict VARCHAR NOT NULL, reason VARCHAR NOT NULL
);

CREATE TABLE expectations (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    endpoint VARCHAR NOT NULL, check_name VARCHAR NOT NULL, command VARCHAR, expect VARCHAR,
    runbook VARCHAR             -- the runbook that brought it; NULL where a person stated it
);

CREATE TABLE annotations (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    step VARCHAR NOT NULL,      -- written, accepted
    annotation VARCHAR NOT NULL,
    kind VARCHAR,               -- written: note, verification, cannot_verify
    text VARCHAR
);

CREATE TABLE monitors (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    step VARCHAR NOT NULL,      -- started, fired, ended
    monitor VARCHAR NOT NULL, endpoint VARCHAR, command VARCHAR, check_name VARCHAR,
    every_seconds DOUBLE, until_at TIMESTAMP, due_at TIMESTAMP, next_due_at TIMESTAMP,
    reason VARCHAR              -- fired: why no run followed; ended: why
);

CREATE TABLE closures (
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    step VARCHAR NOT NULL,      -- requested, refused, confirmed, sent_back, granted
    policy VARCHAR, mode VARCHAR,
    reasons VARCHAR[],          -- refused: the gate's; sent_back: the dispatcher's; granted: what
                                -- the policy would have refused for, had its mode been enforce
    evidence VARCHAR[],         -- granted: the runs and annotations that carry it
    overrides VARCHAR[]
);

CREATE TABLE callbacks (        -- the client came back, as somebody recorded it
    position BIGINT NOT NULL, session VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,      -- reopened, new_ticket
    ticket VARCHAR NOT NULL, text VARCHAR
);

CREATE TABLE tickets (          -- what a ticket system says
    position BIGINT NOT NULL, stream VARCHAR NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    step VARCHAR NOT NULL,      -- opened, changed, resolved, closed, reopened, linked
    system VARCHAR NOT NULL, ticket VARCHAR NOT NULL,
    client VARCHAR, team VARCHAR, technician VARCHAR, category VARCHAR, title VARCHAR,
    contact VARCHAR, endpoint VARCHAR,
    reopened_before INTEGER,    -- reopenings before this closure whose moments are not known
    linked_to VARCHAR           -- linked: the earlier ticket that this is a callback about
);

CREATE TABLE policies (         -- one row a policy of each adopted text, team and client
    position BIGINT NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    policy VARCHAR, mode VARCHAR, begins DATE,
    team VARCHAR, client VARCHAR -- empty: all
);

CREATE TABLE remarks (          -- on closures of the daily sample
    position BIGINT NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    ticket VARCHAR NOT NULL, closed_at TIMESTAMP NOT NULL, -- which closure
    client VARCHAR, team VARCHAR, session VARCHAR, text VARCHAR NOT NULL
);

CREATE TABLE set_aside (        -- events that the views leave out, because somebody said so
    position BIGINT NOT NULL, happened_at TIMESTAMP NOT NULL, person VARCHAR NOT NULL,
    event BIGINT NOT NULL,      -- the position that is left out
    reason VARCHAR NOT NULL
);

CREATE TABLE checkpoint (       -- one row: how far the log is in these tables
    position BIGINT NOT NULL, data_until TIMESTAMP, version INTEGER NOT NULL
);
