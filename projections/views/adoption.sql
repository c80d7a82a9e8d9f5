-- Since when a team's closures are held to a policy: the first that warns or enforces. A policy for
-- some clients only is no adoption. One row a team that has closed tickets; `adopted_at` NULL: not
-- yet. Times are UTC. Source: policy_phase, closed_tickets.
CREATE VIEW adoption AS
SELECT t.team, min(p.since) AS adopted_at, min(p.since) FILTER (p.mode = 'enforce') AS enforced_at
FROM (SELECT DISTINCT team FROM closed_tickets) t
LEFT JOIN policy_phase p ON p.team IN ('', t.team) AND p.client = ''
    AND p.mode IN ('warn', 'enforce')
GROUP BY t.team;
