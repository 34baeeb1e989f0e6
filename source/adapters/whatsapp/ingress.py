"""The webhook that Meta calls."""

import hmac
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse

from source.adapters.whatsapp.intake import Intake
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.adapters.whatsapp.signature import is_signed
from source.adapters.whatsapp.webhook import read_webhook
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.ports.clock import Clock
from source.services.sent_statuses import SentStatuses

log = structlog.get_logger(__name__)

PATH: Final = "/webhooks/whatsapp"
# What Meta sends at the most.
MOST_BYTES: Final = 3 * 1_024 * 1_024 + 65_536
_SAME: Final = "The challenge is answered only to whoever knows WHATSAPP_VERIFY_TOKEN."


def router(settings: WhatsAppSettings, intake: Intake, statuses: SentStatuses, clock: Clock) -> APIRouter:
    """Return the routes under `/webhooks/whatsapp`; no key opens them, Meta's signature does."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def verify(
        mode: Annotated[str, Query(alias="hub.mode")] = "",
        token: Annotated[str, Query(alias="hub.verify_token")] = "",
        challenge: Annotated[str, Query(alias="hub.challenge", max_length=1_000)] = "",
    ) -> PlainTextResponse:
        if mode != "subscribe" or not _is_same(token, settings.verify_token):
            log.warning("webhook_challenge_refused")
            return PlainTextResponse(_SAME, status_code=403)
        return PlainTextResponse(challenge)

    async def receive(request: Request) -> PlainTextResponse:
        body = await request.body()
        if not is_signed(body, request.headers.get("x-hub-signature-256"), settings.app_secret):
            log.warning("webhook_unsigned", bytes=len(body))
            return PlainTextResponse("The signature does not fit the body.", status_code=403)
        try:
            webhook = read_webhook(body, phone_id=settings.phone_id, now=clock.now())
        except (ValueError, RecursionError):
            # Signed and yet no JSON: delivered again it would be none either.
            log.warning("webhook_unreadable", bytes=len(body))
            return PlainTextResponse("")
        if webhook.passed_over:
            log.info("webhook_passed_over", **webhook.passed_over)
        try:
            await intake.keep(webhook.items)
            await intake.note(webhook.history)
            await statuses.tell(Platform.WHATSAPP, webhook.statuses)
        except StoreError as error:
            log.warning("webhook_not_kept", reason=str(error))
            return PlainTextResponse("Not now.", status_code=503)
        return PlainTextResponse("")

    # A plain route: what FastAPI does for parameters and answers takes longer than all that is done here.
    routes.add_route(PATH, receive, methods=["POST"], include_in_schema=False)
    return routes


def _is_same(one: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(one.encode(), other.encode())
