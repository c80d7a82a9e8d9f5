-- Sessions whose closure waits for a dispatcher, the longest first, with the evidence in a line.
-- One row a session. Times are UTC. Source: session_states, check_results, annotations.
CREATE VIEW review_queue AS
SELECT
    s.session, s.ticket, s.client, s.team, s.category, s.title, s.technician,
    s.status_since AS waiting_since,
    concat_ws('; ',
        coalesce(c.line, 'no check was run'),
        CASE WHEN a.reasons > 0 THEN a.reasons || ' cannot_verify' END,
        CASE WHEN s.refusals > 0 THEN 'refused ' || s.refusals || ' times before' END
    ) AS evidence
FROM session_states s
LEFT JOIN (
    SELECT session, string_agg(checks || ' ' || standing, ', ' ORDER BY standing) AS line
    FROM (SELECT session, standing, count(*) AS checks FROM check_results
          WHERE session IN (SELECT session FROM session_states
                            WHERE status = 'awaiting_confirmation')
          GROUP BY ALL)
    GROUP BY session
) c USING (session)
LEFT JOIN (
    SELECT session, count(*) AS reasons FROM annotations WHERE kind = 'cannot_verify'
    GROUP BY session
) a USING (session)
WHERE s.status = 'awaiting_confirmation'
ORDER BY s.status_since;
