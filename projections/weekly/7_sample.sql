-- The last five closed tickets of each team
-- To look at together. Five say nothing about a rate: none of five is compatible with 43 %.
SELECT team, place, ticket, closed_at, category, verification_present, proof
FROM review_sample
ORDER BY team, place;
