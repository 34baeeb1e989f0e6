"""Who somebody is who is named in several ways: the rules, in the transaction that keeps them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from source.adapters.storage.contact_addresses import Addresses, Held, is_reused, kind_of
from source.adapters.storage.identity_tables import merged_contacts
from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.webhook_tables import contacts
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform
from source.ports.webhooks import Contact

_MERGED = merged_contacts.c


class Meeting:
    """Finds out who wrote, and notes what is new about how they are known."""

    def __init__(self, connection: Connection, ids: IdGenerator, platform: Platform, now: datetime) -> None:
        self._connection = connection
        self._ids = ids
        self._platform = platform
        self._now = now
        self._addresses = Addresses(connection, platform)

    def met(self, given: Sequence[str], name: str | None, at: datetime) -> Contact:
        """Return who wrote at this moment from these addresses, somebody new if it was nobody known."""
        held = self._addresses.held(given)
        # What tells the most comes first, and of that it is enough that one is known.
        certain = [address for address in given if not is_reused(address)]
        owners = {each.contact_id for each in held.values()}
        if certain and len(owners) == 1 and len(held) == len(given):
            return self._named(owners.pop(), name)
        found = [held[address].contact_id for address in certain if address in held]
        if not found and (former := self._former(certain)) is not None:
            contact_id, until = former
            if at <= until:
                return self._named(contact_id, name)
            found = [contact_id]
        phone = next((held[address] for address in given if is_reused(address) and address in held), None)
        if not found and not certain:
            return self._met_by_number(given, phone, name, at)
        if phone is not None and self._is_theirs(phone, found, at):
            found.append(phone.contact_id)
        is_late = phone is not None and phone.contact_id not in found and phone.is_newer_than(at)
        return self._known_as(found, certain if is_late else given, name, at)

    def moved(self, before: Sequence[str], after: Sequence[str], at: datetime) -> Contact:
        """Return whose addresses changed at this moment; what they had until then is theirs no longer."""
        found = [*self._owners_at(before, at), *self._owners_after(after, at)]
        kept, absorbed = self._one_of(found)
        mine = self._addresses.of(kept)
        others = [each for each in mine if each.address not in after]
        self._addresses.take_away([each for each in others if not each.is_newer_than(at)], at)
        for address in before:
            self._addresses.remember(kept, address, at)
        # Changes may be told in another order than that in which they happened.
        is_outdated = any(each.is_newer_than(at) for each in others)
        for address in after:
            if is_outdated and address not in {each.address for each in mine}:
                self._addresses.remember(kept, address, at)
            else:
                self._addresses.give(kept, address, at)
        return replace(self._named(kept, None), absorbed=absorbed)

    def _met_by_number(self, given: Sequence[str], phone: Held | None, name: str | None, at: datetime) -> Contact:
        former = next((one for each in given if (one := self._addresses.former_owner(each, at)) is not None), None)
        if phone is not None and (former is None or not phone.is_newer_than(at)):
            return self._named(phone.contact_id, name)
        if former is not None:
            return self._named(former, name)
        return self._known_as([], given, name, at)

    def _is_theirs(self, phone: Held, found: Sequence[int], at: datetime) -> bool:
        """Whether who has this number until now is who writes: one who has an id is not one who has another."""
        if phone.contact_id in found or self._has("user", phone.contact_id):
            return False
        if phone.is_newer_than(at) and self._addresses.former_owner(phone.address, at) is not None:
            return False
        return not any(self._has("phone", contact_id) for contact_id in found)

    def _has(self, kind: str, contact_id: int) -> bool:
        return any(kind_of(each.address) == kind for each in self._addresses.of(contact_id))

    def _known_as(self, found: Sequence[int], given: Sequence[str], name: str | None, at: datetime) -> Contact:
        """Have these contacts be one, which has these addresses."""
        kept, absorbed = self._one_of(found)
        for address in given:
            self._addresses.give(kept, address, at)
        self._addresses.keep_one_of_each_kind(kept, given, at)
        return replace(self._named(kept, name), absorbed=absorbed)

    def _former(self, addresses: Iterable[str]) -> tuple[int, datetime] | None:
        """Return whose one of these ids was, and until when: what is written before somebody moves may come later."""
        former = (self._addresses.last_owner(address) for address in addresses)
        return next((each for each in former if each is not None), None)

    def _owners_at(self, before: Sequence[str], at: datetime) -> list[int]:
        """Return who had these addresses at this moment; a number says it only where no id does."""
        held = self._addresses.held(before)
        for addresses in ([a for a in before if not is_reused(a)], [a for a in before if is_reused(a)]):
            former = [one for each in addresses if (one := self._addresses.former_owner(each, at)) is not None]
            present = [held[each] for each in addresses if each in held]
            found = former or [each.contact_id for each in present if not each.is_newer_than(at)]
            if found:
                return found
        return []

    def _owners_after(self, after: Sequence[str], at: datetime) -> list[int]:
        """Return who writes from these addresses already: of a number only who has had it since then."""
        held = self._addresses.held(after)
        found = [one for each in after if not is_reused(each) and (one := self._owner_of(each, held)) is not None]
        for each in held.values():
            is_since_then = each.since is not None and each.since >= at
            if is_reused(each.address) and is_since_then and not self._has_other_id(each.contact_id, after):
                found.append(each.contact_id)
        return found

    def _owner_of(self, address: str, held: dict[str, Held]) -> int | None:
        if address in held:
            return held[address].contact_id
        former = self._addresses.last_owner(address)
        return None if former is None else former[0]

    def _has_other_id(self, contact_id: int, known: Sequence[str]) -> bool:
        ids = [each.address for each in self._addresses.of(contact_id) if kind_of(each.address) == "user"]
        return any(each not in known for each in ids)

    def _one_of(self, found: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """Return the contact that several turn out to be, which is the first that there was, and the others."""
        known = sorted(set(found))
        if not known:
            return self._ids.next(self._now), ()
        for gone in known[1:]:
            self._absorb(known[0], gone)
        return known[0], tuple(known[1:])

    def _absorb(self, kept: int, gone: int) -> None:
        self._addresses.hand_over(gone, kept)
        earlier = _MERGED.kept == gone
        self._connection.execute(update(merged_contacts).where(earlier).values(kept=kept))
        row = {"gone": gone, "platform": self._platform.value, "kept": kept, "merged_at": self._now}
        self._connection.execute(insert_of(self._connection, merged_contacts).values(row).on_conflict_do_nothing())

    def _named(self, contact_id: int, name: str | None) -> Contact:
        """Return a contact under their latest name."""
        query = select(contacts.c.name).where(contacts.c.id == contact_id)
        row = self._connection.execute(query).first()
        if row is None or (name is not None and row.name != name):
            put = insert_of(self._connection, contacts)
            put = put.values(id=contact_id, platform=self._platform.value, name=name)
            self._connection.execute(put.on_conflict_do_update(index_elements=["id"], set_={"name": name}))
        known_as = name if row is None or name is not None else row.name
        return Contact(contact_id, tuple(each.address for each in self._addresses.of(contact_id)), known_as)
