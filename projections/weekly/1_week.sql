-- The week
-- Callbacks are those so far. A week that is not mature can still rise.
SELECT closed, callbacks, suspected, rate, low, high, mature
FROM callback_rate
WHERE grouping = 'all' AND week = $week;
