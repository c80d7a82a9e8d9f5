-- The rows of `callback_days` for the closures in `counted`. One row a week, grouping, name and way
-- to come back. Source: closed_tickets.
SELECT week,
    CASE WHEN grouping(team) = 0 THEN 'team' WHEN grouping(client) = 0 THEN 'client'
         WHEN grouping(technician) = 0 THEN 'technician' WHEN grouping(category) = 0 THEN 'category'
         WHEN grouping(proof) = 0 THEN 'proof' ELSE 'all' END AS grouping,
    coalesce(team, client, technician, category, proof, '') AS name,
    reopened_day, linked_day, suspected_day, undated,
    count(*) AS closed,
    count(*) FILTER (sessions > 0) AS with_sessions,
    count(*) FILTER (sessions = 1) AS one_session,
    count(*) FILTER (reassigned IS NOT NULL) AS with_hands,
    count(*) FILTER (reassigned = 0) AS no_hands
FROM (
    SELECT *,
        date_trunc('week', closed_at)::DATE AS week,
        days_until(reopened_at, closed_at) AS reopened_day,
        days_until(linked_at, closed_at) AS linked_day,
        days_until(suspected_at, closed_at) AS suspected_day,
        reopened_undated > 0 AS undated
    FROM counted
)
GROUP BY week, reopened_day, linked_day, suspected_day, undated,
    GROUPING SETS ((), (team), (client), (technician), (category), (proof))
