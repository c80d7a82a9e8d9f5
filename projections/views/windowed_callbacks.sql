-- The counts of `callback_days` for each window, and whether they came back inside it. One row a row
-- there and window. Source: callback_days.
CREATE VIEW windowed_callbacks AS
SELECT *, undated OR coalesce(least(reopened_day, linked_day) <= window_days, false) AS back
FROM callback_days, unnest(windows()) AS w(window_days);
