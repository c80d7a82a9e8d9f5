-- What several views share. What a user may set, with `SET VARIABLE name = value`:
--   window_days         days in which a callback counts; several give several rows: [7, 14, 30]
--   minutes_a_callback  45
--   dispatch_minutes    0, what dispatching a callback costs beside
--   sample_day          the day of `review_sample`; by default the last one in the log

CREATE MACRO windows() AS coalesce(getvariable('window_days')::INTEGER[], [7, 14, 30]);

-- Until when the log tells what happened: nothing later can be counted on.
CREATE MACRO data_until() AS (SELECT data_until FROM checkpoint);

-- The Wilson interval of k among n at 95 %; NULL where n is 0.
CREATE MACRO wilson_low(k, n) AS CASE WHEN n > 0 THEN greatest(0.0,
    (k / n + 1.9207294103470626 / n
     - 1.959963984540054 * sqrt(k / n * (1 - k / n) / n + 0.9603647051735313 / (n * n)))
    / (1 + 3.841458820694125 / n)) END;
CREATE MACRO wilson_high(k, n) AS CASE WHEN n > 0 THEN least(1.0,
    (k / n + 1.9207294103470626 / n
     + 1.959963984540054 * sqrt(k / n * (1 - k / n) / n + 0.9603647051735313 / (n * n)))
    / (1 + 3.841458820694125 / n)) END;

-- The least whole number of days that a window from `since` needs to hold `at_`.
CREATE MACRO days_until(at_, since) AS CASE WHEN at_ IS NOT NULL THEN
    greatest(0, ceil((epoch_us(at_) - epoch_us(since)) / 86_400_000_000))::INTEGER END;

-- The rows of `callback_days` for the closures in the table that is named. One row a week, grouping,
-- name and way to come back.
CREATE MACRO count_callbacks(closures) AS TABLE
SELECT week,
    CASE WHEN grouping(team) = 0 THEN 'team' WHEN grouping(client) = 0 THEN 'client'
         WHEN grouping(technician) = 0 THEN 'technician' WHEN grouping(category) = 0 THEN 'category'
         WHEN grouping(proof) = 0 THEN 'proof' ELSE 'all' END AS grouping,
    coalesce(team, client, technician, category, proof, '') AS name,
    reopened_day, linked_day, suspected_day, undated,
    count(*) AS closed,
    count(*) FILTER (sessions > 0) AS with_sessions,
    count(*) FILTER (sessions = 1) AS one_session,
    count(*) FILTER (reassigned IS NOT NULL) AS with_hands,
    count(*) FILTER (reassigned = 0) AS no_hands
FROM (
    SELECT *,
        date_trunc('week', closed_at)::DATE AS week,
        days_until(reopened_at, closed_at) AS reopened_day,
        days_until(linked_at, closed_at) AS linked_day,
        days_until(suspected_at, closed_at) AS suspected_day,
        reopened_undated > 0 AS undated
    FROM query_table(closures)
)
GROUP BY week, reopened_day, linked_day, suspected_day, undated,
    GROUPING SETS ((), (team), (client), (technician), (category), (proof));
