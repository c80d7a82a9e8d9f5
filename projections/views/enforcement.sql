-- Closures by week and policy: granted, refused, and bypassed: closed in the ticket system without
-- a grant, under the policy that was in force for the ticket's team and client. One row a week,
-- policy and mode; `none` where no policy was in force. Source: closures, closed_tickets,
-- policy_phase.
CREATE VIEW enforcement AS
WITH bypassed AS (
    SELECT date_trunc('week', closed_at)::DATE AS week, closed_at::DATE AS day, team, client,
           count(*) AS closures
    FROM closed_tickets WHERE session IS NULL
    GROUP BY ALL
),
in_force AS (                   -- the most specific, among equals the one that began last
    SELECT b.day, b.team, b.client,
           max_by({policy: p.policy, mode: p.mode},
                  {a: p.client <> '', b: p.team <> '', c: p.since}) AS p
    FROM (SELECT DISTINCT day, team, client FROM bypassed) b
    JOIN policy_phase p
        ON p.since < b.day + 1 AND (p.until IS NULL OR p.until >= b.day)
        AND p.team IN ('', b.team) AND p.client IN ('', b.client)
    GROUP BY ALL
)
SELECT week, policy, mode,
    sum(granted)::BIGINT AS granted, sum(refused)::BIGINT AS refused,
    sum(bypassed)::BIGINT AS bypassed
FROM (
    SELECT date_trunc('week', happened_at)::DATE AS week, policy, mode,
           count(*) FILTER (step = 'granted') AS granted,
           count(*) FILTER (step = 'refused') AS refused, 0 AS bypassed
    FROM closures WHERE step IN ('granted', 'refused')
    GROUP BY ALL
    UNION ALL
    SELECT b.week, coalesce(f.p.policy, 'none'), coalesce(f.p.mode, 'none'), 0, 0, sum(b.closures)
    FROM bypassed b LEFT JOIN in_force f USING (day, team, client)
    GROUP BY ALL
)
GROUP BY ALL;
