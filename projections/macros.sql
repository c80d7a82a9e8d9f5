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
