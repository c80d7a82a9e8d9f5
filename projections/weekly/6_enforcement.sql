-- What the gate did
-- Bypassed: closed in the ticket system without a grant.
SELECT policy, mode, granted, refused, bypassed
FROM enforcement
WHERE week = $week
ORDER BY mode, policy;
