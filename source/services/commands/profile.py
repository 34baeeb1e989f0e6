"""Commands about who one is, and which accounts are one's own."""

from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.profile import Profile, ProfileSource, ProfileValue
from source.domain.profile_fields import KNOWN_FIELDS
from source.domain.thread import Platform
from source.ports.profiles import Account, Joined, Joining
from source.services.commands.numbered import scope_of
from source.services.commands.vocabulary import CommandInvocation, CommandReply
from source.services.linking import CODE_LIFETIME, LinkingService
from source.services.profile_forgetting import ProfileForgetting
from source.services.profiles import ProfileService, day_of, spoken

_NAMES: Final = {
    Platform.DISCORD: "Discord",
    Platform.WHATSAPP: "WhatsApp",
    Platform.WEB: "the web",
    Platform.TERMINAL: "the terminal",
}
_SAID_BY: Final = {
    ProfileSource.PERSON: "you set it",
    ProfileSource.OPERATOR: "set by the operator",
    ProfileSource.MODEL: "from what you wrote",
    ProfileSource.OFFLINE: "from what you wrote",
    ProfileSource.CONTACT: "as you call yourself there",
}
_HOW: Final = "/profile set FIELD VALUE corrects it, /profile forget FIELD forgets it."
_THEN: Final = "Both are one person to me then: what you told me in private on one, I know on the other."
_MOST_EARLIER: Final = 5


class ProfileCommands:
    """`/profile`."""

    def __init__(self, profiles: ProfileService, forgetting: ProfileForgetting) -> None:
        self._profiles = profiles
        self._forgetting = forgetting

    async def profile(self, invocation: CommandInvocation) -> CommandReply:
        """Tell what is known of the asker here, or have them set or forget a field."""
        action, field, value = (invocation.text(name) for name in ("action", "field", "value"))
        if not action and not field:
            return CommandReply(_told(await self._profiles.profile(scope_of(invocation)), self._profiles.required))
        if action == "set" and field and value:
            return await self._set(invocation, field, value)
        if action == "forget" and field and not value:
            return await self._forget(invocation, field)
        raise RefusedInputError("Write /profile, /profile set FIELD VALUE or /profile forget FIELD.")

    async def _set(self, invocation: CommandInvocation, field: str, value: str) -> CommandReply:
        name, kept = await self._profiles.put(scope_of(invocation), invocation.person, field, value)
        return CommandReply(f"{spoken(name)} is {kept} now. New conversations {_where(invocation)} begin with it.")

    async def _forget(self, invocation: CommandInvocation, field: str) -> CommandReply:
        forgotten = await self._forgetting.forget(scope_of(invocation), field)
        if not forgotten:
            return CommandReply(f"I knew nothing of {spoken(field)[:40]} {_where(invocation)}.")
        stays = "What conversations say in their own words stays there."
        return CommandReply(f"Forgotten: {spoken(field)[:40]}, {_where(invocation)}. {stays}")


class LinkCommands:
    """`/link` and `/unlink`; nothing of them is for other eyes."""

    def __init__(self, linking: LinkingService) -> None:
        self._linking = linking

    async def link(self, invocation: CommandInvocation) -> CommandReply:
        """Give a code, or join this account to the one where a code was given."""
        if invocation.thread.guild_id is not None:
            raise RefusedInputError("Write /link to me directly: others must not see the code.")
        account, code = _account(invocation), invocation.text("code")
        if code:
            return CommandReply(_joined(await self._linking.join(account, code)))
        given = await self._linking.code_for(account)
        minutes = int(CODE_LIFETIME.total_seconds() // 60)
        return CommandReply(
            f"Your code: {given}\nWithin {minutes} minutes, write /link {given} to me directly from your other account."
            f" {_THEN} Show the code to nobody."
        )

    async def unlink(self, invocation: CommandInvocation) -> CommandReply:
        """Make this account a person of its own again."""
        if not await self._linking.leave(_account(invocation)):
            return CommandReply("This account stands alone: no other is linked with it.")
        return CommandReply(
            "This account stands alone again. What was said on it went with it; your other accounts keep theirs."
        )


def _told(profile: Profile, required: tuple[str, ...]) -> str:
    lines = [line for field in profile.fields(KNOWN_FIELDS) for line in _lines(profile, field)]
    missing = profile.missing(required)
    lines += [f"Not known yet: {', '.join(map(spoken, missing))}."] if missing else []
    return "\n".join(
        ["What I know of who you are, here:" if profile.values else "I know nothing of you here.", *lines, _HOW]
    )


def _lines(profile: Profile, field: str) -> list[str]:
    current = profile.current(field)
    if current is None:
        return []
    earlier = profile.earlier(field)
    before = ", ".join(f"{value.value} ({day_of(value.said_at)})" for value in earlier[:_MOST_EARLIER])
    return [f"{spoken(field)}: {current.value} ({_source(current)})", *([f"   before: {before}"] if before else [])]


def _source(value: ProfileValue) -> str:
    return f"{day_of(value.said_at)}, {_SAID_BY[value.source]}"


def _where(invocation: CommandInvocation) -> str:
    return "between us" if invocation.thread.guild_id is None else "here"


def _account(invocation: CommandInvocation) -> Account:
    return Account(invocation.thread.platform, invocation.person)


def _joined(joined: Joined) -> str:
    other = _NAMES[joined.other] if joined.other else ""
    match joined.outcome:
        case Joining.JOINED:
            return (
                f"Linked: this account and the one on {other} are one person to me now."
                " /unlink takes the account out again from which it is written."
            )
        case Joining.ALREADY:
            return f"This account and the one on {other} are one person to me already."
        case Joining.SAME_ACCOUNT:
            return "That is this account's own code: write it to me from your other account."
        case Joining.PAUSED:
            return "Too many wrong codes: wait a quarter of an hour, then ask for a new one with /link."
        case Joining.WRONG:
            return "No such code, or its time is over: write /link on your other account for a new one."
