-- Callbacks by category, the last eight mature weeks
-- With 95 % intervals: where two overlap, the difference may be chance.
SELECT name AS category, sum(closed)::BIGINT AS closed, sum(callbacks)::BIGINT AS callbacks,
    sum(callbacks) / sum(closed) AS rate, wilson_low(sum(callbacks), sum(closed)) AS low,
    wilson_high(sum(callbacks), sum(closed)) AS high
FROM callback_rate
WHERE grouping = 'category' AND mature AND week <= $week AND week > $week - 70
GROUP BY name
ORDER BY callbacks DESC, category LIMIT 15;
