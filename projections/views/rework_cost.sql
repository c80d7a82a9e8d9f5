-- Hours lost to callbacks. One row a week of closure, team and window: callbacks times
-- (minutes_a_callback + dispatch_minutes). Undated reopenings count. Source: callback_rate.
CREATE VIEW rework_cost AS
SELECT week, name AS team, window_days, closed, callbacks,
    callbacks * (coalesce(getvariable('minutes_a_callback')::DOUBLE, 45)
                 + coalesce(getvariable('dispatch_minutes')::DOUBLE, 0)) / 60 AS hours,
    mature
FROM callback_rate
WHERE grouping = 'team';
