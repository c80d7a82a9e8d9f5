-- What the figures mean; each view names the definition it uses. One row a definition.
CREATE VIEW definitions AS
SELECT * FROM (VALUES
    ('closure', 1, 'A ticket is closed when it is resolved; where the ticket system does not say when, when it is closed; where no ticket system tells of it, when its session is granted closure. Each closure of a reopened ticket counts.'),
    ('callback', 1, 'The ticket was reopened, or a new ticket was linked to it, inside the window after its closure. A reopening whose moment the ticket system does not tell counts in every window.'),
    ('suspected_callback', 1, 'No explicit callback, and inside the window a new ticket of the same client and category, and the same contact or endpoint.'),
    ('first_contact_session', 1, 'Closed after one session since the closure before, and no callback inside the window. Only tickets that have sessions.'),
    ('first_contact_hands', 1, 'Closed without going to another team or technician, as the ticket system tells, and no callback inside the window. Only tickets that a ticket system tells of.'),
    ('mature', 1, 'The whole window has passed after the last day of the week, by the newest event of the log.')
) AS d(name, version, meaning);
