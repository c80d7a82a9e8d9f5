-- Which policy was in force for whom, from when until when (NULL: still). One row a policy of each
-- adopted text, team and client (empty: all). Times are UTC. Source: policies.
CREATE VIEW policy_phase AS
SELECT policy, mode, team, client,
    greatest(p.happened_at, begins::TIMESTAMP) AS since,
    next.happened_at AS until,
    person AS adopted_by
FROM policies p
LEFT JOIN (
    SELECT position, lead(happened_at) OVER (ORDER BY position) AS happened_at
    FROM (SELECT DISTINCT position, happened_at FROM policies)
) next USING (position)
WHERE next.happened_at IS NULL OR begins < next.happened_at;
