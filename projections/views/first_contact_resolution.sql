-- First-contact resolution. One row a week of closure, grouping, name, window and definition; the two
-- definitions count different tickets. Shares from 0 to 1, with their 95 % interval (Wilson). Grouped
-- and marked mature as in `callback_rate`. Source: callback_days.
CREATE VIEW first_contact_resolution AS
SELECT week, grouping, name, window_days, d.definition, d.closed, d.resolved,
    d.resolved / d.closed AS rate,
    wilson_low(d.resolved, d.closed) AS low,
    wilson_high(d.resolved, d.closed) AS high,
    week + 7 + window_days <= data_until() AS mature
FROM (
    SELECT week, grouping, name, window_days,
        [{definition: 'first_contact_session 1', closed: sum(with_sessions)::BIGINT,
          resolved: coalesce(sum(one_session) FILTER (NOT back), 0)::BIGINT},
         {definition: 'first_contact_hands 1', closed: sum(with_hands)::BIGINT,
          resolved: coalesce(sum(no_hands) FILTER (NOT back), 0)::BIGINT}] AS definitions
    FROM windowed_callbacks
    GROUP BY week, grouping, name, window_days
), unnest(definitions) AS u(d)
WHERE d.closed > 0;
