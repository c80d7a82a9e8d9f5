-- The rules are those of `actors/session/state.py`; a property test holds the two together.

DELETE FROM check_results WHERE session IN (SELECT session FROM touched_sessions);

INSERT INTO check_results
WITH started AS (
    SELECT * FROM runs WHERE session IN (SELECT session FROM touched_sessions)
),
changes AS (                    -- the edges of changes: both ends of a changing run, and what is declared
    SELECT session, max(position) AS last_change
    FROM (
        SELECT session, position FROM started WHERE effect <> 'reads'
        UNION ALL
        SELECT e.session, e.position FROM run_ends e JOIN started s USING (session, run)
        WHERE s.effect <> 'reads'
        UNION ALL
        SELECT session, position FROM declared_changes
        WHERE session IN (SELECT session FROM touched_sessions)
    )
    GROUP BY session
),
baselines AS (                  -- the last run that counts; `since` is when it was first observed
    SELECT session, endpoint, check_name, run, since
    FROM (
        SELECT session, endpoint, check_name, run, position,
               min(position) OVER (PARTITION BY session, endpoint, check_name, run) AS since
        FROM checks
        WHERE counts AND session IN (SELECT session FROM touched_sessions)
    )
    QUALIFY row_number() OVER (PARTITION BY session, endpoint, check_name ORDER BY position DESC) = 1
),
firsts AS (                     -- how it was typed first
    SELECT c.session, c.endpoint, c.check_name, arg_min(s.command, c.position) AS command
    FROM checks c JOIN started s USING (session, run)
    WHERE c.counts
    GROUP BY ALL
),
verifications AS (
    SELECT c.*
    FROM comparisons c JOIN baselines b USING (session, endpoint, check_name)
    WHERE c.position > b.since
    QUALIFY row_number() OVER (PARTITION BY session, endpoint, check_name ORDER BY c.position DESC) = 1
),
said AS (                       -- what a dispatcher says of that very judgement
    SELECT o.*
    FROM overrides o JOIN verifications v USING (session, endpoint, check_name, verification)
    WHERE o.position > v.position
    QUALIFY row_number() OVER (PARTITION BY session, endpoint, check_name ORDER BY o.position DESC) = 1
)
SELECT
    b.session, b.endpoint, b.check_name, f.command,
    b.run, before.happened_at, before.person,
    v.verification, after.happened_at, after.person,
    CASE
        WHEN after.position > coalesce(ch.last_change, 0) THEN coalesce(o.verdict, v.verdict)
        WHEN coalesce(after.position, before.position) < ch.last_change THEN 'not_rerun'
        ELSE 'baseline_only'
    END,
    v.verdict, v.reasons, v.judge, o.person, o.reason,
    [{item: f.item, field: f.field, "before": f.before, "after": f.after, verdict: f.verdict}
     FOR f IN coalesce(v.fields, []) IF f.before IS DISTINCT FROM f.after],
    v.position
FROM baselines b
LEFT JOIN firsts f USING (session, endpoint, check_name)
LEFT JOIN verifications v USING (session, endpoint, check_name)
LEFT JOIN said o USING (session, endpoint, check_name)
JOIN started before ON before.session = b.session AND before.run = b.run
LEFT JOIN started after ON after.session = b.session AND after.run = v.verification
LEFT JOIN changes ch ON ch.session = b.session;
