-- Checks that did not show the fix
-- By how often: still_failing, regressed, inconclusive, or not run again after the change.
SELECT command, count(*) AS closures,
    string_agg(DISTINCT standing, ', ' ORDER BY standing) AS what
FROM verification_diff
WHERE date_trunc('week', closed_at) = $week AND standing NOT IN ('fixed', 'healthy')
GROUP BY command
ORDER BY closures DESC, command LIMIT 15;
