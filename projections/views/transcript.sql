-- Everything that happened in a session, in order, but for the outputs, which are in the log. One row
-- an event. Times are UTC. Ask for one session: WHERE session = '…' ORDER BY position. Source: all
-- tables of facts.
CREATE VIEW transcript AS
SELECT session, position, happened_at, person, step AS event, NULL AS run, endpoint,
    concat_ws(' ', address, detail) AS text FROM endpoints
UNION ALL SELECT session, position, happened_at, person, step, NULL, NULL,
    concat_ws(' ', ticket, client, title, earlier) FROM sessions
UNION ALL SELECT session, position, happened_at, person, 'run', run, endpoint, command FROM runs
UNION ALL SELECT session, position, happened_at, person, ending, run, NULL,
    coalesce(reason, 'exit status ' || exit_status, signal) FROM run_ends
UNION ALL SELECT session, position, happened_at, person, 'change_declared', NULL, NULL, text
    FROM declared_changes
UNION ALL SELECT session, position, happened_at, person, 'baseline: ' || health, run, endpoint,
    array_to_string(reasons, ' ') FROM checks
UNION ALL SELECT session, position, happened_at, person, verdict, verification, endpoint,
    array_to_string(reasons, ' ') FROM comparisons
UNION ALL SELECT session, position, happened_at, person, 'overridden: ' || verdict, verification,
    endpoint, reason FROM overrides
UNION ALL SELECT session, position, happened_at, person, 'expectation', NULL, endpoint,
    concat_ws(': ', command, expect) FROM expectations
UNION ALL SELECT session, position, happened_at, person, coalesce(kind, step), NULL, NULL, text
    FROM annotations
UNION ALL SELECT session, position, happened_at, person, 'monitor ' || step, NULL, endpoint,
    concat_ws(' ', monitor, command, reason) FROM monitors
UNION ALL SELECT session, position, happened_at, person, 'closure ' || step, NULL, NULL,
    array_to_string(reasons, ' ') FROM closures
UNION ALL SELECT session, position, happened_at, person, 'callback ' || kind, NULL, NULL,
    concat_ws(': ', ticket, text) FROM callbacks;
