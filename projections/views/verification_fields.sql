-- One row for each changed field of each check of each closed session. Source: verification_diff.
CREATE VIEW verification_fields AS
SELECT session, ticket, client, team, category, closed_at, endpoint, command, standing,
    f.field.item AS item, f.field.field AS field, f.field."before" AS value_before,
    f.field."after" AS value_after, f.field.verdict AS verdict
FROM verification_diff, unnest(fields) AS f(field);
