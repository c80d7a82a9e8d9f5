-- Closures and their callbacks, by week and everything they can be grouped by together, for
-- questions that the rates do not answer. One row a week, team, client, technician, category, proof and window. Source:
-- closed_tickets.
CREATE VIEW callback_counts AS
SELECT
    date_trunc('week', closed_at)::DATE AS week, -- its Monday
    team, client, technician, category, proof, mode, window_days,
    count(*) AS closed,
    count(*) FILTER (within(reopened_at, closed_at, window_days)) AS reopened,
    count(*) FILTER (within(linked_at, closed_at, window_days)) AS linked,
    count(*) FILTER (reopened_undated > 0) AS reopened_undated,
    count(*) FILTER (back) AS callbacks,
    count(*) FILTER (NOT back AND within(suspected_at, closed_at, window_days)) AS suspected,
    count(*) FILTER (sessions > 0) AS with_sessions,
    count(*) FILTER (sessions = 1 AND NOT back) AS first_contact_session,
    count(*) FILTER (reassigned IS NOT NULL) AS with_hands,
    count(*) FILTER (reassigned = 0 AND NOT back) AS first_contact_hands
FROM (
    SELECT *, reopened_undated > 0 OR within(reopened_at, closed_at, window_days)
              OR within(linked_at, closed_at, window_days) AS back
    FROM closed_tickets, unnest(windows()) AS w(window_days)
)
GROUP BY ALL;
