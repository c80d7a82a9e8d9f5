-- One row a closure. A ticket system's word comes first; where none tells of the ticket, its
-- sessions do.

CREATE OR REPLACE TEMP TABLE touched_weeks AS
SELECT DISTINCT date_trunc('week', closed_at)::DATE AS week FROM closed_tickets
WHERE ticket IN (SELECT ticket FROM touched_tickets);

DELETE FROM ticket_openings WHERE ticket IN (SELECT ticket FROM touched_tickets);
DELETE FROM closed_tickets WHERE ticket IN (SELECT ticket FROM touched_tickets);

CREATE OR REPLACE TEMP TABLE told AS
SELECT * FROM tickets WHERE ticket IN (SELECT ticket FROM touched_tickets);

-- A session knows its ticket by number; the system is the one that tells of such a ticket.
CREATE OR REPLACE TEMP TABLE worked AS
SELECT s.*, coalesce(k.system, '') AS system
FROM sessions s
LEFT JOIN (SELECT ticket, min(system) AS system FROM told GROUP BY ticket) k USING (ticket)
WHERE s.step = 'opened' AND s.ticket IN (SELECT ticket FROM touched_tickets);

INSERT INTO ticket_openings
SELECT system, ticket, min(happened_at), arg_min(client, rank), arg_min(category, rank),
       arg_min(contact, rank), arg_min(endpoint, rank)
FROM (
    SELECT system, ticket, happened_at, client, category, contact, endpoint, position AS rank
    FROM told WHERE step = 'opened'
    UNION ALL
    SELECT w.system, w.ticket, w.happened_at, w.client, w.category, NULL, e.address,
           1_000_000_000_000_000 + w.position   -- only where the ticket system says nothing
    FROM worked w
    LEFT JOIN (SELECT session, arg_min(address, position) AS address FROM endpoints
               WHERE step = 'added' GROUP BY session) e USING (session)
)
GROUP BY system, ticket;

CREATE OR REPLACE TEMP TABLE granted AS
SELECT w.system, w.ticket, c.session, c.position, c.happened_at, c.policy, c.mode,
    w.client, w.team, w.category,
    coalesce(h.technician, w.person) AS technician,
    CASE
        WHEN waived.session IS NOT NULL THEN 'waived'
        WHEN len(c.reasons) > 0 OR len(c.evidence) = 0 THEN 'unverified'
        WHEN refused.session IS NOT NULL THEN 'refused_then_fixed'
        ELSE 'proven'
    END AS proof
FROM closures c
JOIN worked w ON w.session = c.session
LEFT JOIN (SELECT session, arg_max(person, position) AS technician FROM sessions
           WHERE step = 'handed_over' GROUP BY session) h ON h.session = c.session
LEFT JOIN (SELECT DISTINCT session FROM closures WHERE step = 'refused') refused
    ON refused.session = c.session
LEFT JOIN (SELECT DISTINCT g.session FROM (SELECT session, unnest(evidence) AS annotation
               FROM closures WHERE step = 'granted') g
           JOIN annotations a USING (session, annotation) WHERE a.kind = 'cannot_verify') waived
    ON waived.session = c.session
WHERE c.step = 'granted';

-- Few columns are sorted; what describes a closure is joined to it at the end, by its position.
CREATE OR REPLACE TEMP TABLE new_closures AS
WITH told_ends AS (             -- `begins`: a new closure, not what was resolved being closed
    SELECT *,
        coalesce(earlier, '') NOT IN ('resolved', 'closed')
        OR (reopened_before > 0 AND NOT (step = 'closed' AND earlier = 'resolved')) AS begins
    FROM (
        SELECT position, system, ticket, happened_at, step, reopened_before,
            lag(step) OVER (PARTITION BY system, ticket ORDER BY happened_at, position) AS earlier
        FROM told
        WHERE step IN ('opened', 'resolved', 'closed', 'reopened')
    )
    WHERE step IN ('resolved', 'closed')
),
told_closures AS (
    SELECT *, sum(coalesce(reopened_before, 0)) OVER (PARTITION BY system, ticket, number) AS reopened
    FROM (
        SELECT *, sum(begins::INTEGER) OVER
                  (PARTITION BY system, ticket ORDER BY happened_at, position) AS number
        FROM told_ends
    )
    QUALIFY begins
),
all_closures AS (               -- a reopening without a moment belongs to the closure before it
    SELECT position, system, ticket, happened_at AS closed_at, TRUE AS is_told,
        coalesce(lead(reopened) OVER one, 0) + CASE WHEN number = 1 THEN reopened ELSE 0 END
            AS reopened_undated
    FROM told_closures
    WINDOW one AS (PARTITION BY system, ticket ORDER BY number)
    UNION ALL
    SELECT position, system, ticket, happened_at, FALSE, 0
    FROM granted ANTI JOIN told_closures USING (system, ticket)
)
SELECT a.*,
    coalesce(t.client, g.client) AS client, coalesce(t.team, g.team) AS team,
    coalesce(t.technician, g.technician) AS technician, coalesce(t.category, g.category) AS category,
    t.contact, t.endpoint
FROM (
    SELECT *,
        row_number() OVER () AS id,
        row_number() OVER one AS number,
        coalesce(lag(closed_at) OVER one, TIMESTAMP '1970-01-01') AS after_closure,
        coalesce(lead(closed_at) OVER one, TIMESTAMP '9999-12-31') AS next_closure
    FROM all_closures
    WINDOW one AS (PARTITION BY system, ticket ORDER BY closed_at, position)
) a
LEFT JOIN told t USING (position)
LEFT JOIN granted g USING (position);

INSERT INTO closed_tickets
WITH came_back AS (             -- explicit callbacks: what, when
    SELECT system, ticket, happened_at, 'reopened' AS kind FROM told WHERE step = 'reopened'
    UNION ALL
    SELECT system, linked_to, happened_at, 'linked' FROM tickets
    WHERE step = 'linked' AND linked_to IN (SELECT ticket FROM touched_tickets)
    UNION ALL
    SELECT w.system, w.ticket, c.happened_at,
           CASE c.kind WHEN 'reopened' THEN 'reopened' ELSE 'linked' END
    FROM callbacks c JOIN worked w USING (session)
),
explicit AS (                   -- the first of each kind after each closure, before the next
    SELECT n.id,
           min(b.happened_at) FILTER (b.kind = 'reopened') AS reopened_at,
           min(b.happened_at) FILTER (b.kind = 'linked') AS linked_at
    FROM came_back b JOIN new_closures n USING (system, ticket)
    WHERE b.happened_at > n.closed_at AND b.happened_at <= n.next_closure
    GROUP BY n.id
),
grants AS (                     -- the newest grant since the closure before; a ticket is often closed
    SELECT n.id, max_by(g, g.position) AS g   -- some minutes before or after its session
    FROM granted g JOIN new_closures n USING (system, ticket)
    WHERE g.happened_at > n.after_closure AND g.happened_at <= n.next_closure
      AND g.happened_at <= n.closed_at + INTERVAL 1 DAY
    GROUP BY n.id
),
several AS (                    -- tickets that more than one had
    SELECT system, ticket FROM told GROUP BY ALL
    HAVING min(nullif(technician, '')) <> max(technician) OR min(nullif(team, '')) <> max(team)
),
hands AS (                      -- who had it, as the ticket system tells
    SELECT n.id, count(*) FILTER (m.moved) AS reassigned
    FROM (
        SELECT system, ticket, happened_at,
               (technician <> '' AND lag(nullif(technician, '') IGNORE NULLS) OVER one <> technician)
               OR (team <> '' AND lag(nullif(team, '') IGNORE NULLS) OVER one <> team) AS moved
        FROM told SEMI JOIN several USING (system, ticket)
        WINDOW one AS (PARTITION BY system, ticket ORDER BY happened_at, position)
    ) m
    JOIN new_closures n USING (system, ticket)
    WHERE m.happened_at > n.after_closure AND m.happened_at <= n.closed_at
    GROUP BY n.id
),
efforts AS (
    SELECT n.id, count(*) AS sessions
    FROM worked w JOIN new_closures n USING (system, ticket)
    WHERE w.happened_at > n.after_closure AND w.happened_at <= n.closed_at + INTERVAL 1 DAY
      AND w.happened_at <= n.next_closure
    GROUP BY n.id
)
SELECT
    n.system, n.ticket, n.number, n.closed_at,
    coalesce(nullif(n.client, ''), g.g.client, ''), coalesce(nullif(n.team, ''), g.g.team, ''),
    coalesce(nullif(n.technician, ''), g.g.technician, ''),
    coalesce(nullif(n.category, ''), g.g.category, ''),
    coalesce(nullif(n.contact, ''), o.contact, ''), coalesce(nullif(n.endpoint, ''), o.endpoint, ''),
    coalesce(f.sessions, 0), CASE WHEN n.is_told THEN coalesce(h.reassigned, 0) END, g.g.session, g.g.policy, g.g.mode,
    coalesce(g.g.proof, 'unverified'),
    e.reopened_at, e.linked_at, n.reopened_undated, NULL
FROM new_closures n
LEFT JOIN explicit e USING (id)
LEFT JOIN grants g USING (id)
LEFT JOIN hands h USING (id)
LEFT JOIN efforts f USING (id)
LEFT JOIN ticket_openings o USING (system, ticket);

DROP TABLE told;
DROP TABLE worked;
DROP TABLE granted;
DROP TABLE new_closures;
