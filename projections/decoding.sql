-- What each event says, as rows of the facts: each type of event is a view here (`decoding.py`), with
-- the columns of its class; `at`, `by` and `check` are called happened_at, person and check_name.

INSERT INTO sessions BY NAME
SELECT position, session, happened_at, person, 'opened' AS step, ticket, client, team, category, title
FROM session_opened
UNION ALL BY NAME
SELECT position, session, happened_at, person, 'handed_over' AS step, earlier FROM handed_over
ORDER BY position;

INSERT INTO endpoints BY NAME
SELECT position, session, happened_at, person, 'added' AS step, endpoint, kind, address, platform
FROM endpoint_added
UNION ALL BY NAME
SELECT position, session, happened_at, person, 'connected' AS step, endpoint, identity AS detail
FROM endpoint_connected
UNION ALL BY NAME
SELECT position, session, happened_at, person, 'lost' AS step, endpoint, reason AS detail
FROM endpoint_lost
ORDER BY position;

INSERT INTO runs BY NAME
SELECT position, session, happened_at, person, run, endpoint, command, effect, check_name, monitor
FROM run_started;

INSERT INTO run_ends BY NAME
SELECT
    position, session, happened_at, person, run, "end" AS ending, exit_status, signal,
    stdout_bytes, stderr_bytes, dropped_bytes
FROM run_finished
UNION ALL BY NAME
SELECT position, session, happened_at, person, run, 'not_sent' AS ending, reason FROM run_not_sent
UNION ALL BY NAME
SELECT position, session, happened_at, person, run, 'interrupted' AS ending, reason
FROM run_interrupted
ORDER BY position;

INSERT INTO declared_changes BY NAME
SELECT position, session, happened_at, person, text FROM change_declared;

INSERT INTO checks BY NAME
SELECT
    position, session, happened_at, person, endpoint, check_name, run, health, reasons, judge, counts
FROM check_observed;

INSERT INTO comparisons BY NAME
SELECT
    position, session, happened_at, person, endpoint, check_name, baseline, verification, verdict,
    reasons, judge, health, fields, fields_left_out
FROM check_verified;

INSERT INTO overrides BY NAME
SELECT
    position, session, happened_at, person, endpoint, check_name, verification, replaces, verdict,
    reason
FROM verdict_overridden;

INSERT INTO expectations BY NAME
SELECT position, session, happened_at, person, endpoint, check_name, command, expect
FROM expectation_stated
UNION ALL BY NAME
SELECT
    position, session, happened_at, person, endpoint, book_check.check_name AS check_name,
    book_check.command AS command, book_check.expect AS expect, runbook
FROM (SELECT *, unnest(checks) AS book_check FROM runbook_loaded)
ORDER BY position;

INSERT INTO annotations BY NAME
SELECT position, session, happened_at, person, 'written' AS step, annotation, kind, text FROM annotated
UNION ALL BY NAME
SELECT position, session, happened_at, person, 'accepted' AS step, annotation
FROM annotation_accepted
ORDER BY position;

INSERT INTO monitors BY NAME
SELECT
    position, session, happened_at, person, 'started' AS step, monitor, endpoint, command, check_name,
    every_seconds, until AS until_at, first_at AS next_due_at
FROM monitor_started
UNION ALL BY NAME
SELECT
    position, session, happened_at, person, 'fired' AS step, monitor, due_at, next_due AS next_due_at,
    nullif(skipped, '') AS reason
FROM monitor_fired
UNION ALL BY NAME
SELECT position, session, happened_at, person, 'ended' AS step, monitor, reason FROM monitor_ended
ORDER BY position;

INSERT INTO closures BY NAME
SELECT
    position, session, happened_at, person, step, policy, mode,
    coalesce(reasons, []) AS reasons, coalesce(evidence, []) AS evidence,
    coalesce(overrides, []) AS overrides
FROM (
    SELECT position, session, happened_at, person, 'requested' AS step FROM closure_requested
    UNION ALL BY NAME
    SELECT position, session, happened_at, person, 'refused' AS step, policy, mode, reasons
    FROM closure_refused
    UNION ALL BY NAME
    SELECT position, session, happened_at, person, 'confirmed' AS step FROM closure_confirmed
    UNION ALL BY NAME
    SELECT position, session, happened_at, person, 'sent_back' AS step, [reason] AS reasons
    FROM closure_sent_back
    UNION ALL BY NAME
    SELECT
        position, session, happened_at, person, 'granted' AS step, policy, mode, unmet AS reasons,
        evidence, overrides
    FROM closure_granted
)
ORDER BY position;

INSERT INTO callbacks BY NAME
SELECT position, session, happened_at, person, kind, ticket, text FROM callback_recorded;

INSERT INTO tickets BY NAME
SELECT
    position, session AS stream, happened_at, person, step, system, ticket, client, team, technician,
    category, title, contact, endpoint, reopened_before, "to" AS linked_to
FROM (
    SELECT *, 'opened' AS step FROM ticket_opened
    UNION ALL BY NAME SELECT *, 'changed' AS step FROM ticket_changed
    UNION ALL BY NAME SELECT *, 'resolved' AS step FROM ticket_resolved
    UNION ALL BY NAME SELECT *, 'closed' AS step FROM ticket_closed
    UNION ALL BY NAME SELECT *, 'reopened' AS step FROM ticket_reopened
    UNION ALL BY NAME SELECT *, 'linked' AS step FROM ticket_linked
)
ORDER BY position;

INSERT INTO remarks BY NAME
SELECT position, happened_at, person, ticket, closed_at, client, team,
    nullif(about_session, '') AS session, text
FROM remark_made;

INSERT INTO set_aside BY NAME
SELECT position, happened_at, person, event, reason FROM event_set_aside;
