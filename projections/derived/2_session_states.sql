DELETE FROM session_states WHERE session IN (SELECT session FROM touched_sessions);

INSERT INTO session_states
WITH steps AS (
    SELECT session,
           arg_max(step, position) AS step,
           arg_max(happened_at, position) AS happened_at,
           arg_max(person, position) AS person,
           arg_max(policy, position) FILTER (step = 'granted') AS policy,
           arg_max(mode, position) FILTER (step = 'granted') AS mode,
           count(*) FILTER (step = 'refused') AS refusals
    FROM closures WHERE session IN (SELECT session FROM touched_sessions)
    GROUP BY session
),
holders AS (
    SELECT session, arg_max(person, position) AS technician
    FROM sessions WHERE session IN (SELECT session FROM touched_sessions)
    GROUP BY session
),
worked AS (
    SELECT session, count(*) AS runs, count(*) FILTER (effect <> 'reads') AS changes
    FROM runs WHERE session IN (SELECT session FROM touched_sessions)
    GROUP BY session
),
declared AS (
    SELECT session, count(*) AS changes
    FROM declared_changes WHERE session IN (SELECT session FROM touched_sessions)
    GROUP BY session
)
SELECT s.session, s.ticket, s.client, s.team, s.category, s.title, h.technician, s.happened_at,
    CASE c.step
        WHEN 'granted' THEN 'closed'
        WHEN 'requested' THEN 'awaiting_confirmation'
        WHEN 'confirmed' THEN 'awaiting_confirmation'
        ELSE 'open'
    END,
    c.happened_at, c.person, c.policy, c.mode, coalesce(c.refusals, 0),
    coalesce(w.runs, 0), coalesce(w.changes, 0) + coalesce(d.changes, 0)
FROM sessions s
LEFT JOIN steps c USING (session)
LEFT JOIN holders h USING (session)
LEFT JOIN worked w USING (session)
LEFT JOIN declared d USING (session)
WHERE s.step = 'opened' AND s.session IN (SELECT session FROM touched_sessions);
