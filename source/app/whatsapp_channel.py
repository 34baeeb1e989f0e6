"""The WhatsApp channel, as the settings ask for it."""

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.reaction_table import ReactionTable
from source.adapters.storage.status_table import StatusTable
from source.adapters.storage.webhook_table import WebhookTable
from source.adapters.whatsapp.platform import WhatsAppPlatform
from source.adapters.whatsapp.settings import Template, WhatsAppSettings
from source.app.echo import Echo
from source.app.media import media_of
from source.app.settings import Settings
from source.app.whatsapp_people import identities_of
from source.domain.thread import Platform
from source.services.business_said import BusinessParts, BusinessSaid
from source.services.sent_statuses import SentStatuses


def whatsapp_platform(settings: Settings, echo: Echo) -> WhatsAppPlatform:
    """Return the channel, whose webhook is not served yet."""
    contacts = ContactTable(echo.store)
    platform = WhatsAppPlatform(
        whatsapp_settings(settings),
        turns=echo.turns,
        commands=echo.commands,
        corrections=echo.corrections,
        statuses=SentStatuses(StatusTable(echo.store), echo.store, echo.manager, echo.clock),
        store=echo.channel_store,
        webhooks=WebhookTable(echo.store),
        contacts=contacts,
        identities=identities_of(echo),
        parked=echo.parked,
        reactions=ReactionTable(echo.store),
        media=media_of(echo),
        business=business_said(settings, echo),
        wishes=echo.people.wishes,
        clock=echo.clock,
    )
    echo.sending.windows[Platform.WHATSAPP] = platform.outlet.window.is_open
    return platform


def business_said(settings: Settings, echo: Echo) -> BusinessSaid:
    """Return what keeps what people of the business say."""
    parts = BusinessParts(echo.turns, echo.taking_over, echo.manager, echo.opening, echo.channel_store, echo.clock)
    return BusinessSaid(parts, pause=settings.whatsapp_pause, name=settings.business_name.strip())


def whatsapp_settings(settings: Settings) -> WhatsAppSettings:
    """Return how the adapter is reached, and reaches Meta."""
    secrets = (settings.whatsapp_token, settings.whatsapp_app_secret, settings.whatsapp_verify_token)
    token, app_secret, verify_token = (each.get_secret_value() if each else "" for each in secrets)
    return WhatsAppSettings(
        phone_id=settings.whatsapp_phone_id or "",
        token=token,
        app_secret=app_secret,
        verify_token=verify_token,
        api_base=settings.whatsapp_api_base,
        messages_per_second=settings.whatsapp_messages_per_second,
        template=template_of(settings),
        parked_for=settings.whatsapp_parked_for,
    )


def template_of(settings: Settings) -> Template | None:
    """Return what is sent to people who wrote too long ago; None: nothing is."""
    if settings.whatsapp_template is None:
        return None
    holds_text = settings.whatsapp_template_holds_text
    return Template(settings.whatsapp_template, settings.whatsapp_template_language, holds_text)
