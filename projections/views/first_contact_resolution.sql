-- First-contact resolution. One row a week of closure, grouping, name, window and definition; the two
-- definitions count different tickets. Shares from 0 to 1, with their 95 % interval (Wilson). Grouped
-- and marked mature as in `callback_rate`. Source: callback_counts.
CREATE VIEW first_contact_resolution AS
SELECT week, grouping, name, window_days, d.definition, d.closed, d.resolved,
    d.resolved / d.closed AS rate,
    wilson_low(d.resolved, d.closed) AS low,
    wilson_high(d.resolved, d.closed) AS high,
    week + 7 + window_days <= data_until() AS mature
FROM (
    SELECT week, window_days,
        CASE WHEN grouping(team) = 0 THEN 'team' WHEN grouping(client) = 0 THEN 'client'
             WHEN grouping(technician) = 0 THEN 'technician'
             WHEN grouping(category) = 0 THEN 'category' ELSE 'all' END AS grouping,
        coalesce(team, client, technician, category, '') AS name,
        [{definition: 'first_contact_session 1', closed: sum(with_sessions)::BIGINT,
          resolved: sum(first_contact_session)::BIGINT},
         {definition: 'first_contact_hands 1', closed: sum(with_hands)::BIGINT,
          resolved: sum(first_contact_hands)::BIGINT}] AS definitions
    FROM callback_counts
    GROUP BY GROUPING SETS ((week, window_days), (week, window_days, team),
        (week, window_days, client), (week, window_days, technician), (week, window_days, category))
), unnest(definitions) AS u(d)
WHERE d.closed > 0;
