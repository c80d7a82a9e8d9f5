-- Tables that follow from the facts; `derived/*.sql` brings them up to date, and only the rows of
-- sessions and tickets that something new was recorded about.

CREATE TABLE derivation (       -- one row: how far the facts are in the tables of this file
    position BIGINT NOT NULL
);

CREATE TABLE check_results (    -- one row a check of each session, as it stands now
    session VARCHAR NOT NULL, endpoint VARCHAR NOT NULL, check_name VARCHAR NOT NULL,
    command VARCHAR,            -- as it was typed first
    baseline VARCHAR, baseline_at TIMESTAMP, baseline_by VARCHAR,
    verification VARCHAR, verification_at TIMESTAMP, verification_by VARCHAR,
    standing VARCHAR NOT NULL,  -- the verdict in force; not_rerun: a change came after the last
                                -- run; baseline_only: nothing was changed since
    verdict VARCHAR,            -- the judge's, of the last verification
    reasons VARCHAR[], judge VARCHAR,
    overridden_by VARCHAR, override_reason VARCHAR,
    fields STRUCT(item VARCHAR, field VARCHAR, "before" VARCHAR, "after" VARCHAR, verdict VARCHAR)[],
    comparison BIGINT           -- position of the comparison
);

CREATE TABLE session_states (   -- one row a session
    session VARCHAR NOT NULL, ticket VARCHAR, client VARCHAR, team VARCHAR, category VARCHAR,
    title VARCHAR,
    technician VARCHAR,         -- who holds it now
    opened_at TIMESTAMP,
    status VARCHAR NOT NULL,    -- open, awaiting_confirmation, closed
    status_since TIMESTAMP,     -- of the last step of its closure; NULL where nobody asked for one
    status_by VARCHAR,
    policy VARCHAR, mode VARCHAR, -- granted under
    refusals INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    changes INTEGER NOT NULL    -- changing or unknown commands, and declared changes
);

CREATE TABLE ticket_openings (  -- one row a ticket, from the ticket system or else its first session
    system VARCHAR NOT NULL, ticket VARCHAR NOT NULL, opened_at TIMESTAMP NOT NULL,
    client VARCHAR, category VARCHAR, contact VARCHAR, endpoint VARCHAR
);

CREATE TABLE closed_tickets (   -- one row a closure; a ticket that was reopened has several
    system VARCHAR NOT NULL,    -- the ticket system; empty where only sessions tell of the ticket
    ticket VARCHAR NOT NULL,
    number INTEGER NOT NULL,    -- which closure of the ticket, from 1
    closed_at TIMESTAMP NOT NULL, -- resolved; where the system does not say when: closed
    client VARCHAR, team VARCHAR, technician VARCHAR, category VARCHAR,
    contact VARCHAR, endpoint VARCHAR,
    sessions INTEGER NOT NULL,  -- since the closure before
    reassigned INTEGER,         -- times another team or technician took it before; NULL: not told
    session VARCHAR,            -- the one that was granted; NULL: no grant
    policy VARCHAR, mode VARCHAR,
    proof VARCHAR NOT NULL,     -- proven, refused_then_fixed, waived, unverified
    reopened_at TIMESTAMP,      -- the first reopening before the next closure
    linked_at TIMESTAMP,        -- the first new ticket that somebody linked to this one
    reopened_undated INTEGER NOT NULL, -- reopenings whose moment the ticket system does not tell
    suspected_at TIMESTAMP      -- the next ticket of the same client and category, and the same
                                -- contact or endpoint, that nobody linked
);

CREATE TABLE callback_days (    -- closures counted by week, what they are grouped by, and when they
                                -- came back: the rates, for any window, are sums over its rows
    week DATE NOT NULL,         -- of the closure, its Monday
    grouping VARCHAR NOT NULL,  -- all, team, client, technician, category, proof
    name VARCHAR NOT NULL,      -- which of these
    reopened_day INTEGER, linked_day INTEGER, suspected_day INTEGER,
                                -- the least whole number of days that a window needs to hold it
    undated BOOLEAN NOT NULL,   -- was reopened, the ticket system does not tell when
    closed BIGINT NOT NULL,
    with_sessions BIGINT NOT NULL, one_session BIGINT NOT NULL,
    with_hands BIGINT NOT NULL, no_hands BIGINT NOT NULL -- told who had it; never reassigned
);
