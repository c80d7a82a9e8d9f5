-- How closures were proven
-- Unverified: closed without a proof that the fix held.
SELECT proof, sum(closed)::BIGINT AS closed, sum(callbacks)::BIGINT AS callbacks
FROM callback_counts
WHERE week = $week
GROUP BY proof
ORDER BY closed DESC;
