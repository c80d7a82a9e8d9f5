-- One row for each check of each closed session: before and after, and what was said of it.
-- Times are UTC. Source: check_results, session_states.
CREATE VIEW verification_diff AS
SELECT
    s.session, s.ticket, s.client, s.team, s.category, s.technician, s.status_since AS closed_at,
    c.endpoint, c.command, c.check_name,
    c.baseline, c.baseline_at, c.baseline_by,
    c.verification, c.verification_at, c.verification_by,
    c.standing,                 -- the verdict in force, or not_rerun, or baseline_only
    c.verdict, c.reasons, c.judge,
    c.overridden_by, c.override_reason,
    c.fields                    -- only those whose value changed
FROM session_states s JOIN check_results c USING (session)
WHERE s.status = 'closed';
