"""What `python bot.py check` finds out about the number, its token and its webhooks."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from source.adapters.whatsapp.graph import GraphSending
from source.adapters.whatsapp.ingress import PATH
from source.adapters.whatsapp.reading.values import object_in, objects_in, string_in
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.adapters.whatsapp.troubles import MetaError, Remedy, UnreachableError, advice_for

MESSAGING: Final = "whatsapp_business_messaging"
MANAGEMENT: Final = "whatsapp_business_management"
_WRONG_PROOF: Final = 100
_SOON: Final = timedelta(days=7)
_FIELDS: Final = "display_phone_number,verified_name,is_on_biz_app,webhook_configuration"
# Meta: a number that the WhatsApp Business app uses as well may send 20 messages a second.
_SHARED_PER_SECOND: Final = 20

# Any: a JSON object of Meta's.
_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One line of a check; `is_fine` is False when the operator should act."""

    text: str
    is_fine: bool = True


async def examine(settings: WhatsAppSettings, now: datetime) -> list[Found]:
    """Ask Meta about the number, what the token may do and how long, and where webhooks go."""
    graph = GraphSending(settings)
    try:
        number = await graph.ask(settings.phone_id, fields=_FIELDS)
        token = object_in((await graph.ask("debug_token", input_token=settings.token)).get("data"))
        account = _account_in(token)
        subscribed = await graph.ask(f"{account}/subscribed_apps") if account else {}
        signing = await _of_secret(graph, settings)
    except MetaError as error:
        return [_refused(error)]
    finally:
        await graph.close()
    return [
        *_of_number(number, settings),
        *signing,
        *_of_token(token, now),
        *(_of_subscription(subscribed, token, account) if account else []),
        *_of_webhook(number),
    ]


def _of_number(number: _Json, settings: WhatsAppSettings) -> list[Found]:
    name = f"{string_in(number.get('display_phone_number')) or '?'} ({string_in(number.get('verified_name')) or '?'})"
    found = [Found(f"The token may use {name}.")]
    if number.get("is_on_biz_app") is True and settings.messages_per_second > _SHARED_PER_SECOND:
        found.append(
            Found(
                "The WhatsApp Business app uses the number as well: set WHATSAPP_MESSAGES_PER_SECOND=20.", is_fine=False
            )
        )
    return found


async def _of_secret(graph: GraphSending, settings: WhatsAppSettings) -> list[Found]:
    """Prove to Meta that the app's secret is known, with which it signs webhooks.

    Raises: MetaError: something else is wrong.
    """
    # Meta: `appsecret_proof` is the HMAC-SHA256 of the token with the app's secret; a wrong one is refused with 100.
    proof = hmac.new(settings.app_secret.encode(), settings.token.encode(), "sha256").hexdigest()
    try:
        await graph.ask(settings.phone_id, fields="id", appsecret_proof=proof)
    except MetaError as error:
        if error.code != _WRONG_PROOF:
            raise
        told = (
            "WHATSAPP_APP_SECRET is not the secret of the token's app, so that every webhook would be refused: copy it"
        )
        return [Found(f"{told} from App settings → Basic in Meta's developer portal.", is_fine=False)]
    return [Found("WHATSAPP_APP_SECRET is that of the token's app.")]


def _of_token(token: _Json, now: datetime) -> list[Found]:
    scopes = token.get("scopes")
    missing = [each for each in (MESSAGING, MANAGEMENT) if isinstance(scopes, list) and each not in scopes]
    if missing:
        lacks = " and ".join(missing)
        return [
            Found(f"The token lacks {lacks}: make one with it for the system user (docs/whatsapp.md).", is_fine=False)
        ]
    ends = token.get("expires_at")
    if not isinstance(ends, int) or not ends:
        return [Found("The token has both permissions and does not end.")]
    moment = datetime.fromtimestamp(ends, UTC)
    told = f"The token has both permissions and ends at {moment.isoformat(timespec='minutes')}"
    if moment - now > _SOON:
        return [Found(f"{told}.")]
    return [Found(f"{told}: make one that does not end for a system user (docs/whatsapp.md).", is_fine=False)]


def _of_subscription(subscribed: _Json, token: _Json, account: str) -> list[Found]:
    own = string_in(token.get("app_id"))
    apps = [object_in(each.get("whatsapp_business_api_data")) for each in objects_in(subscribed.get("data"))]
    if own in {string_in(each.get("id")) for each in apps}:
        return [Found("The app gets the account's webhooks.")]
    # Meta: besides the fields of the app, the app itself has to be subscribed to the account.
    told = "The app does not get the account's webhooks, so that no message comes: subscribe to `messages`"
    where = "under WhatsApp → Configuration in Meta's developer portal, and if this is still said,"
    order = f"curl -X POST https://graph.facebook.com/v25.0/{account}/subscribed_apps -H 'Authorization: Bearer TOKEN'"
    return [Found(f"{told} {where} {order} with your token.", is_fine=False)]


def _of_webhook(number: _Json) -> list[Found]:
    address = string_in(object_in(number.get("webhook_configuration")).get("application"))
    if not address:
        return [Found("Meta has no address to call: enter yours under WhatsApp → Configuration.", is_fine=False)]
    if not address.endswith(PATH):
        return [Found(f"Meta calls {address}, which does not end with {PATH}.", is_fine=False)]
    return [Found(f"Meta calls {address}.")]


def _account_in(token: _Json) -> str:
    """Return the id of the account that the token is for; empty where that is not told."""
    for scope in objects_in(token.get("granular_scopes")):
        targets = scope.get("target_ids")
        if scope.get("scope") == MANAGEMENT and isinstance(targets, list) and targets:
            return str(targets[0])
    return ""


def _refused(error: MetaError) -> Found:
    if isinstance(error, UnreachableError):
        return Found(f"{error}: is the network up?", is_fine=False)
    advice = advice_for(error.code) if error.remedy is Remedy.OPERATOR else "see WHATSAPP_TOKEN and WHATSAPP_PHONE_ID."
    return Found(f"{error}: {advice}", is_fine=False)
