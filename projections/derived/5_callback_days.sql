-- Of every week in which a closure changed.

DELETE FROM callback_days WHERE week IN (SELECT week FROM touched_weeks);

CREATE OR REPLACE TEMP VIEW counted AS
SELECT * FROM closed_tickets
WHERE date_trunc('week', closed_at)::DATE IN (SELECT week FROM touched_weeks);

INSERT INTO callback_days FROM count_callbacks('counted');

DROP VIEW counted;
DROP TABLE touched_weeks;
DROP TABLE touched_tickets;
DROP TABLE touched_sessions;
