-- How closures were proven
-- Unverified: closed without a proof that the fix held.
SELECT name AS proof, closed, callbacks
FROM callback_rate
WHERE grouping = 'proof' AND week = $week
ORDER BY closed DESC;
