-- Who verified, overrode, stated, accepted, confirmed, sent back, granted or waived what, when, with
-- what result. One row an act. Times are UTC. Source: comparisons, overrides, annotations, closures,
-- sessions.
CREATE VIEW audit AS
WITH acts AS (
    SELECT position, session, happened_at, person, 'verified' AS act,
           endpoint || ': ' || check_name AS subject, verdict AS result,
           array_to_string(reasons, ' ') AS text
    FROM comparisons
    UNION ALL
    SELECT position, session, happened_at, person, 'overrode', endpoint || ': ' || check_name,
           replaces || ' -> ' || verdict, reason
    FROM overrides
    UNION ALL
    SELECT position, session, happened_at, person,
           CASE step WHEN 'accepted' THEN 'accepted a reason' ELSE 'stated ' || kind END,
           annotation, step, text
    FROM annotations WHERE step = 'accepted' OR kind <> 'note'
    UNION ALL
    SELECT position, session, happened_at, person,
           CASE step WHEN 'requested' THEN 'asked for closure' WHEN 'sent_back' THEN 'sent back'
                     WHEN 'confirmed' THEN 'confirmed' ELSE 'closure' END,
           coalesce(policy || ' (' || mode || ')', ''), step,
           array_to_string(list_concat(reasons, overrides), ' ')
    FROM closures
)
SELECT a.position, a.happened_at, a.session, s.ticket, s.client, s.team,
    a.person, a.act, a.subject, a.result, a.text
FROM acts a JOIN session_states s USING (session);
