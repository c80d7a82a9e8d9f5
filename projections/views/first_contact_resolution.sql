-- First-contact resolution. One row a week of closure, grouping, name, window and definition; the two
-- definitions count different tickets. Shares from 0 to 1, with their 95 % interval (Wilson). Grouped
-- and marked mature as in `callback_rate`. Source: callback_days.
CREATE VIEW first_contact_resolution AS
WITH counted AS MATERIALIZED (
    SELECT week, grouping, name, window_days,
        sum(with_sessions)::BIGINT AS with_sessions, sum(with_hands)::BIGINT AS with_hands,
        coalesce(sum(one_session) FILTER (NOT back), 0)::BIGINT AS one_session,
        coalesce(sum(no_hands) FILTER (NOT back), 0)::BIGINT AS no_hands
    FROM windowed_callbacks
    GROUP BY week, grouping, name, window_days
)
SELECT week, grouping, name, window_days, definition, closed, resolved,
    resolved / closed AS rate,
    wilson_low(resolved, closed) AS low,
    wilson_high(resolved, closed) AS high,
    week + 7 + window_days <= data_until() AS mature
FROM (
    SELECT week, grouping, name, window_days, 'first_contact_session 1' AS definition,
        with_sessions AS closed, one_session AS resolved FROM counted
    UNION ALL
    SELECT week, grouping, name, window_days, 'first_contact_hands 1', with_hands, no_hands
    FROM counted
)
WHERE closed > 0;
