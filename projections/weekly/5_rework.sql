-- Hours lost to callbacks, the last eight weeks
-- Callbacks times 45 minutes, if nothing else was set.
SELECT week, sum(closed)::BIGINT AS closed, sum(callbacks)::BIGINT AS callbacks,
    sum(hours) AS hours, mature
FROM rework_cost
WHERE week <= $week AND week > $week - 56
GROUP BY week, mature
ORDER BY week;
