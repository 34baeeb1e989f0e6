"""What is kept of what was done to people's data: when, by what kind of asker, how much; never what, nor of whom."""

from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.privacy import AuditEntry, Counts
from source.domain.retention import RetentionRule
from source.ports.privacy import ReceiptStore, RetentionStore

HANDED_OVER: Final = "my_data"
RULE_PUT: Final = "retention_rule_set"
RULE_REMOVED: Final = "retention_rule_removed"


class AuditLog:
    """Reads and writes the audit log."""

    def __init__(self, receipts: ReceiptStore) -> None:
        self._receipts = receipts

    async def note(self, action: str, asked_by: str, counts: Counts) -> None:
        """Write a line."""
        await self._receipts.note_audit(action, asked_by, counts)

    async def entries(self, *, limit: int = 100, before: int | None = None) -> list[AuditEntry]:
        """Return the latest lines, or those before one, the latest first."""
        return await self._receipts.audit(limit=limit, before=before)


class RetentionRules:
    """The rules of how long things are kept; every change is in the audit log."""

    def __init__(self, store: RetentionStore, audit: AuditLog) -> None:
        self._store = store
        self._audit = audit

    async def listed(self) -> list[RetentionRule]:
        """Return the rules, the oldest first."""
        return await self._store.rules()

    async def put(self, rule: RetentionRule, *, asked_by: str) -> RetentionRule:
        """Keep a rule, in place of the one for the same place or person.

        Raises: RefusedInputError: it is for nobody and nowhere, or says nothing.
        """
        if rule.platform is None and (rule.person_id is None or rule.guild_id or rule.thread_id):
            raise RefusedInputError("Whose? Name a person, or a platform with or without a guild or a thread of it.")
        if rule.person_id is not None and rule.platform is not None:
            raise RefusedInputError("A rule is for a person or for a place: make one for each.")
        if rule.message_days is None and rule.summary_days is None:
            raise RefusedInputError("How long? Give days for messages, for summaries, or both; 0: for ever.")
        kept = await self._store.put_rule(rule)
        await self._audit.note(RULE_PUT, asked_by, _told(kept))
        return kept

    async def remove(self, rule_id: int, *, asked_by: str) -> bool:
        """Remove a rule; False: there is none."""
        rules = {rule.rule_id: rule for rule in await self._store.rules()}
        if rule_id not in rules or not await self._store.remove_rule(rule_id):
            return False
        await self._audit.note(RULE_REMOVED, asked_by, _told(rules[rule_id]))
        return True


def _told(rule: RetentionRule) -> Counts:
    """Return what a rule says and whether it is for a person or a place; its number tells which, while there is it."""
    told = {
        "rule": rule.rule_id,
        "for_person": int(rule.person_id is not None),
        "message_days": rule.message_days,
        "summary_days": rule.summary_days,
    }
    return {name: number for name, number in told.items() if number is not None}
