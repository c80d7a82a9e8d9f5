-- What something new was recorded about since the last time.

CREATE OR REPLACE TEMP TABLE touched_sessions AS
SELECT DISTINCT session
FROM (
    SELECT session, position FROM sessions
    UNION ALL SELECT session, position FROM runs
    UNION ALL SELECT session, position FROM run_ends
    UNION ALL SELECT session, position FROM declared_changes
    UNION ALL SELECT session, position FROM checks
    UNION ALL SELECT session, position FROM comparisons
    UNION ALL SELECT session, position FROM overrides
    UNION ALL SELECT session, position FROM closures
    UNION ALL SELECT session, position FROM callbacks
)
WHERE position > (SELECT position FROM derivation);

-- Tickets by number: an import may tell later which system a session's ticket is of.
CREATE OR REPLACE TEMP TABLE touched_tickets AS
SELECT ticket FROM tickets WHERE position > (SELECT position FROM derivation)
UNION SELECT linked_to FROM tickets
    WHERE position > (SELECT position FROM derivation) AND linked_to IS NOT NULL
UNION SELECT ticket FROM sessions
    WHERE step = 'opened' AND session IN (SELECT session FROM touched_sessions);
