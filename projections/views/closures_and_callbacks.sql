-- Closures with the first thing that came back after each. One row a closure; times are UTC.
-- `callback_kind`: reopened, new_ticket, suspected (nobody linked it), or NULL. A reopening without a
-- moment counts as if at once. Definitions: closure 1, callback 1, suspected_callback 1. Source:
-- closed_tickets.
CREATE VIEW closures_and_callbacks AS
SELECT ticket, team, client, technician, category, closed_at, proof, mode, sessions, reassigned,
    CASE WHEN reopened_undated > 0 THEN closed_at
         ELSE coalesce(least(reopened_at, linked_at), suspected_at) END AS callback_at,
    CASE WHEN reopened_undated > 0 THEN 'reopened'
         WHEN reopened_at <= coalesce(linked_at, reopened_at) THEN 'reopened'
         WHEN linked_at IS NOT NULL THEN 'new_ticket'
         WHEN suspected_at IS NOT NULL THEN 'suspected' END AS callback_kind
FROM closed_tickets;
