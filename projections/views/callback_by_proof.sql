-- Callbacks by how the closure was proven: proven, refused_then_fixed, waived, unverified. One row a
-- proof and window. Only mature weeks count. Rates as in `callback_rate`. Source: callback_rate.
CREATE VIEW callback_by_proof AS
SELECT name AS proof, window_days, sum(closed)::BIGINT AS closed,
    sum(callbacks)::BIGINT AS callbacks, sum(suspected)::BIGINT AS suspected,
    sum(callbacks) / sum(closed) AS rate,
    wilson_low(sum(callbacks), sum(closed)) AS low,
    wilson_high(sum(callbacks), sum(closed)) AS high,
    'closure 1, callback 1, mature 1' AS definition
FROM callback_rate
WHERE grouping = 'proof' AND mature
GROUP BY name, window_days;
