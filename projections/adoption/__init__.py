"""Did adopting stillfixed lower callbacks? Statistics on data frames, without log or database.

`adoption_report` gives everything at once; docs/adoption.md says what is computed and what it
rests on.
"""

from stillfixed.actors.errors import AdoptionDataError
from stillfixed.projections.adoption.model import AdoptionReport
from stillfixed.projections.adoption.report import adoption_report

__all__ = ["AdoptionDataError", "AdoptionReport", "adoption_report"]
