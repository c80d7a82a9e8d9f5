-- Callbacks. One row a week of closure, grouping, name and window. `grouping` says by what: all,
-- team, client, technician, category, proof; `name` is which. Rates are shares from 0 to 1, with
-- their 95 % interval (Wilson). A week that is not mature can still rise: never draw it as a drop.
-- Definitions: closure 1, callback 1, suspected_callback 1, mature 1. Source: callback_days.
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
    SELECT week, grouping, name, window_days,
        sum(closed)::BIGINT AS closed,
        coalesce(sum(closed) FILTER (reopened_day <= window_days), 0)::BIGINT AS reopened,
        coalesce(sum(closed) FILTER (linked_day <= window_days), 0)::BIGINT AS linked,
        coalesce(sum(closed) FILTER (undated), 0)::BIGINT AS reopened_undated,
        coalesce(sum(closed) FILTER (back), 0)::BIGINT AS callbacks,
        coalesce(sum(closed) FILTER (NOT back AND suspected_day <= window_days), 0)::BIGINT
            AS suspected
    FROM windowed_callbacks
    GROUP BY week, grouping, name, window_days
);
