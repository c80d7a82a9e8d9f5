"""The host's retention: looks every so often for what its rules no longer keep."""

import asyncio
from datetime import UTC, datetime

import structlog

from stillfixed.actors.errors import StillfixedError
from stillfixed.actors.log.contract import EventLog
from stillfixed.actors.retention import retain
from stillfixed.actors.session.events import RUNTIME
from stillfixed.connectors.web.settings import SettingsTable

BEGINS_AFTER_SECONDS = 60.0
"""A host that just started has people waiting."""

log_lines = structlog.get_logger("stillfixed.retention")


async def keep_retention(log: EventLog, table: SettingsTable) -> None:
    """Until cancelled. What goes wrong is told, and tried again at the next look."""
    if not table.retention or not table.retain_every_hours:
        return
    await asyncio.sleep(BEGINS_AFTER_SECONDS)
    while True:
        try:
            await look(log, table)
        except StillfixedError as error:
            log_lines.error("retention_failed", error=error.code)
        await asyncio.sleep(table.retain_every_hours * 3600)


async def look(log: EventLog, table: SettingsTable) -> None:
    """Remove what is due now, and say so."""
    now = datetime.now(UTC)
    async for one in retain(log, table.retention_rules, now=now, by=RUNTIME):
        if one.skipped:
            log_lines.info("outputs_stay", session=one.session, why=one.skipped)
        else:
            log_lines.info(
                "outputs_removed",
                session=one.session,
                rule=one.rule.name,
                runs=one.runs,
                size_bytes=one.size_bytes,
            )
