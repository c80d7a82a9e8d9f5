-- Hours lost to callbacks. One row a week of closure, team and window: callbacks times
-- (minutes_a_callback + dispatch_minutes). Undated reopenings count. Source: callback_counts.
CREATE VIEW rework_cost AS
SELECT week, team, window_days, sum(closed)::BIGINT AS closed, sum(callbacks)::BIGINT AS callbacks,
    sum(callbacks) * (coalesce(getvariable('minutes_a_callback')::DOUBLE, 45)
                      + coalesce(getvariable('dispatch_minutes')::DOUBLE, 0)) / 60 AS hours,
    week + 7 + window_days <= data_until() AS mature
FROM callback_counts
GROUP BY week, team, window_days;
