-- The last five closed tickets of each team up to `sample_day`, for the standup. One row a closure;
-- times are UTC. A pattern to look at, never a rate: none of five is compatible with 43 %. Source: closed_tickets, check_results.
CREATE VIEW review_sample AS
SELECT team, row_number() OVER (PARTITION BY team ORDER BY t.closed_at DESC) AS place,
    t.ticket, t.closed_at, t.technician, t.client, t.category, t.session,
    coalesce(v.verified, 0) > 0 AS verification_present,
    t.proof
FROM (
    SELECT team, unnest(max_by({system: system, ticket: ticket, number: number, closed_at: closed_at,
        technician: technician, client: client, category: category, session: session,
        proof: proof}, closed_at, 5)) AS t
    FROM closed_tickets
    WHERE closed_at < coalesce(getvariable('sample_day')::DATE, data_until()::DATE) + 1
    GROUP BY team
)
LEFT JOIN (
    SELECT session, count(verification) AS verified FROM check_results GROUP BY session
) v ON v.session = t.session;
