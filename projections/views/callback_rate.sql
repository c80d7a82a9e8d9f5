-- Callbacks. One row a week of closure, grouping, name and window. `grouping` says by what: all,
-- team, client, technician, category; `name` is which. Rates are shares from 0 to 1, with their 95 %
-- interval (Wilson). A week that is not mature can still rise: never draw it as a drop. Definitions:
-- closure 1, callback 1, suspected_callback 1, mature 1. Source: callback_counts.
CREATE VIEW callback_rate AS
SELECT
    week, grouping, name, window_days, closed, reopened, linked, reopened_undated,
    callbacks, suspected,
    callbacks / closed AS rate,
    wilson_low(callbacks, closed) AS low,
    wilson_high(callbacks, closed) AS high,
    (callbacks + suspected) / closed AS rate_with_suspected,
    week + 7 + window_days <= data_until() AS mature,
    'closure 1, callback 1, suspected_callback 1, mature 1' AS definition
FROM (
    SELECT week, window_days,
        CASE WHEN grouping(team) = 0 THEN 'team' WHEN grouping(client) = 0 THEN 'client'
             WHEN grouping(technician) = 0 THEN 'technician'
             WHEN grouping(category) = 0 THEN 'category' ELSE 'all' END AS grouping,
        coalesce(team, client, technician, category, '') AS name,
        sum(closed)::BIGINT AS closed,
        sum(reopened)::BIGINT AS reopened, sum(linked)::BIGINT AS linked,
        sum(reopened_undated)::BIGINT AS reopened_undated, sum(callbacks)::BIGINT AS callbacks,
        sum(suspected)::BIGINT AS suspected
    FROM callback_counts
    GROUP BY GROUPING SETS ((week, window_days), (week, window_days, team),
        (week, window_days, client), (week, window_days, technician), (week, window_days, category))
);
