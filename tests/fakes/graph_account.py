"""The business at Meta: its ids, its token and permissions, its number, its templates, who hears its webhooks."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field

from tests.fakes.graph_errors import Json, Problem, RefusedError, problem, refused_parameter

MESSAGING = "whatsapp_business_messaging"
MANAGEMENT = "whatsapp_business_management"
_INVALID = "Invalid OAuth access token - Cannot parse access token"


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template; `parameters` counts those of its body."""

    name: str
    language: str = "en_US"
    parameters: int = 0
    category: str = "utility"


@dataclass(slots=True)
class Account:
    """What the operator has at Meta; change it to see what Echo says of it."""

    token: str = "EAAG-test-token"
    app_secret: str = "test-app-secret"
    verify_token: str = "a secret word"
    app_id: str = "670843887433847"
    app_name: str = "Echo for a shop"
    waba_id: str = "102290129340398"
    phone_id: str = "106540352242922"
    display_phone: str = "15550783881"
    verified_name: str = "Lucky Shrub"
    permissions: set[str] = field(default_factory=lambda: {MESSAGING, MANAGEMENT})
    token_is_expired: bool = False
    token_expires_at: int = 0
    subscribed: bool = True
    callback_url: str = ""
    fields: Json = field(default_factory=dict)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)

    def add_template(
        self, name: str, language: str = "en_US", *, parameters: int = 0, category: str = "utility"
    ) -> None:
        self.templates[(name, language)] = Template(name, language, parameters, category)

    def check_token(self, header: str, query_token: str = "") -> None:
        """Refuse whoever does not bring the token.

        Raises:
            RefusedError: 190 for a token that is missing, wrong or expired.
        """
        scheme, _, brought = header.partition(" ")
        token = brought.strip() if scheme.lower() in ("bearer", "oauth") else query_token
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise RefusedError(problem(190))
        if self.token_is_expired:
            raise RefusedError(_expired())

    def check_proof(self, proof: str | None) -> None:
        """Refuse a proof of the app's secret that is none; whoever brings none need not.

        Raises:
            RefusedError: 100.
        """
        expected = hmac.new(self.app_secret.encode(), self.token.encode(), "sha256").hexdigest()
        if proof not in (None, expected):
            raise refused_parameter("Invalid appsecret_proof provided in the API argument")

    def check_permission(self, permission: str) -> None:
        """Refuse what the token may not do: Graph says 10 for messages and 200 for the rest."""
        if permission not in self.permissions:
            raise RefusedError(problem(10 if permission == MESSAGING else 200, f"Requires {permission} permission."))

    def phone_number(self, wanted: str | None) -> Json:
        """The answer to `GET /{phone_id}`, all that Graph gives unasked or the fields asked for."""
        known = self._phone_fields()
        if wanted is None:
            return {name: known[name] for name in _UNASKED} | {"id": self.phone_id}
        names = [name.strip().partition("{")[0] for name in wanted.split(",") if name.strip()]
        for name in names:
            if name not in known:
                message = f"Tried accessing nonexisting field ({name}) on node type (WhatsAppBusinessPhoneNumber)"
                raise refused_parameter(message)
        return {name: known[name] for name in names} | {"id": self.phone_id}

    def debug_token(self, inspected: str) -> Json:
        if inspected != self.token or self.token_is_expired:
            error: Json = {"code": 190, "message": _expired().message if self.token_is_expired else _INVALID}
            return {"data": {"error": error, "is_valid": False, "scopes": []}}
        scopes = sorted(self.permissions)
        return {
            "data": {
                "app_id": self.app_id,
                "type": "SYSTEM_USER",
                "application": self.app_name,
                "data_access_expires_at": 0,
                "expires_at": self.token_expires_at,
                "is_valid": True,
                "issued_at": 1_767_225_600,
                "scopes": [*scopes, "public_profile"],
                "granular_scopes": [{"scope": scope, "target_ids": [self.waba_id]} for scope in scopes],
                "user_id": "122093456789012345",
            }
        }

    def subscribed_apps(self) -> Json:
        link = f"https://www.facebook.com/games/?app_id={self.app_id}"
        app = {"whatsapp_business_api_data": {"link": link, "name": self.app_name, "id": self.app_id}}
        return {"data": [app] if self.subscribed else []}

    def _phone_fields(self) -> Json:
        digits = self.display_phone
        return {
            "verified_name": self.verified_name,
            "code_verification_status": "VERIFIED",
            "display_phone_number": f"+{digits[0]} {digits[1:4]}-{digits[4:7]}-{digits[7:]}",
            "quality_rating": "GREEN",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "webhook_configuration": {"application": self.callback_url},
            "id": self.phone_id,
            "status": "CONNECTED",
            "name_status": "APPROVED",
            "account_mode": "LIVE",
            "is_on_biz_app": False,
            "is_official_business_account": False,
            "is_pin_enabled": True,
            "quality_score": {"score": "GREEN"},
            "conversational_automation": {"prompts": [], "id": self.phone_id},
            "new_name_status": "NONE",
            "is_preverified_number": False,
            "search_visibility": "VISIBLE",
            "eligibility_for_api_business_global_search": "NON_ELIGIBLE_UNDEFINED_COUNTRY",
            "certificate": "",
            "new_certificate": "",
            "last_onboarded_time": "2026-01-05T10:00:00+0000",
            "country_code": "US",
            "country_dial_code": digits[0],
            "whatsapp_business_manager_messaging_limit": "TIER_250",
            "health_status": {"can_send_message": "AVAILABLE", "entities": []},
        } | self.fields


_UNASKED = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
)


@dataclass(slots=True)
class Wamids:
    """Message ids as WhatsApp writes them: unique, opaque, in base64."""

    made: int = 0

    def next(self, phone: str, *, inbound: bool) -> str:
        self.made += 1
        raw = b"\x1d\x0b" + phone.encode() + (b"\x15\x02\x00\x12" if inbound else b"\x15\x02\x00\x11")
        return "wamid." + base64.b64encode(raw + b"\x18\x14" + f"{self.made:020X}".encode() + b"\x00").decode()


def _expired() -> Problem:
    message = "Error validating access token: Session has expired on Monday, 02-Mar-26 08:00:00 PST."
    return Problem(190, "Access token has expired", 401, subcode=463, message=message)
