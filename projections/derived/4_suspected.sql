-- Suspected callbacks: the next ticket of the same client and category, and the same contact or
-- endpoint. Of every group in which a ticket was touched.

CREATE OR REPLACE TEMP TABLE touched_groups AS
SELECT DISTINCT client, category FROM ticket_openings
WHERE ticket IN (SELECT ticket FROM touched_tickets)
UNION
SELECT DISTINCT client, category FROM closed_tickets
WHERE ticket IN (SELECT ticket FROM touched_tickets);

CREATE OR REPLACE TEMP TABLE suspects AS
WITH earlier AS (
    SELECT * FROM closed_tickets WHERE (client, category) IN (SELECT (client, category) FROM touched_groups)
),
openings AS (
    SELECT * FROM ticket_openings WHERE (client, category) IN (SELECT (client, category) FROM touched_groups)
)
SELECT system, ticket, number, min(opened_at) AS suspected_at
FROM (
    SELECT c.system, c.ticket, c.number, o.opened_at
    FROM earlier c ASOF JOIN openings o
        ON c.client = o.client AND c.category = o.category AND c.contact = o.contact
        AND c.closed_at < o.opened_at
    WHERE c.contact <> ''
    UNION ALL
    SELECT c.system, c.ticket, c.number, o.opened_at
    FROM earlier c ASOF JOIN openings o
        ON c.client = o.client AND c.category = o.category AND c.endpoint = o.endpoint
        AND c.closed_at < o.opened_at
    WHERE c.endpoint <> ''
)
GROUP BY ALL;

INSERT INTO touched_weeks
SELECT date_trunc('week', c.closed_at)::DATE
FROM closed_tickets c LEFT JOIN suspects s USING (system, ticket, number)
WHERE c.ticket IN (SELECT ticket FROM touched_tickets)
   OR (s.system IS NOT NULL AND c.suspected_at IS DISTINCT FROM s.suspected_at);

UPDATE closed_tickets SET suspected_at = s.suspected_at
FROM suspects s
WHERE closed_tickets.system = s.system AND closed_tickets.ticket = s.ticket
  AND closed_tickets.number = s.number
  AND closed_tickets.suspected_at IS DISTINCT FROM s.suspected_at;

DROP TABLE suspects;
DROP TABLE touched_groups;
