"""What a message is about by the words in it, in English, German and Spanish: for where no model can be asked."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from source.domain.metadata import Category
from source.domain.summary_text import clipped, is_question

# A rule that looks further finds more by chance than by what is meant.
_READ_CHARS: Final = 4_000


def _pattern(*phrases: str) -> re.Pattern[str]:
    """Return what finds one of the phrases between the ends of words; `~` stands for the rest of a word."""
    shown = (re.escape(phrase).replace(r"\ ", r"\s+").replace("\\~", r"\w*").replace("~", r"\w*") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(shown)})(?!\w)", re.IGNORECASE)


# The first that fits: who complains about an appointment complains.
_CATEGORIES: Final[Sequence[tuple[Category, re.Pattern[str]]]] = (
    (
        Category.COMPLAINT,
        _pattern(
            *("complain~", "refund~", "broken", "unacceptable", "disappoint~", "terrible", "awful", "rip off"),
            *("not working", "doesn't work", "does not work", "stopped working", "still waiting", "never arrived"),
            *("damaged", "defective", "faulty", "wrong order", "wrong item", "worst", "money back"),
            *("beschwer~", "reklam~", "kaputt", "defekt", "enttäusch~", "unverschämt~", "funktioniert nicht"),
            *("geht nicht", "warte immer noch", "nicht angekommen", "geld zurück", "rückerstattung", "mangelhaft"),
            *("queja~", "quejar~", "reclam~", "reembolso", "roto", "rota", "no funciona", "decepcion~", "inaceptable"),
            *("sigo esperando", "no ha llegado", "no llegó", "dañado", "dañada", "defectuos~"),
        ),
    ),
    (
        Category.APPOINTMENT,
        _pattern(
            *("appointment~", "book a", "booking", "reschedule~", "reservation~", "reserve a", "schedule a"),
            *("time slot~", "slot~ free", "make it on", "meeting on", "cancel my booking"),
            *("termin", "termine", "terminen", "terminanfrage", "terminwunsch", "terminvereinbarung"),
            *("terminverschiebung", "terminabsage", "arzttermin~", "reservier~", "buchen", "buchung", "umbuchen"),
            *("cita", "citas", "reserva", "reservas", "reservar", "turno", "agendar", "reprogramar"),
        ),
    ),
    (
        Category.FEEDBACK,
        _pattern(
            *("feedback", "suggestion~", "i suggest", "great service", "great job", "well done", "i love", "love it"),
            *("my experience", "recommend you", "thank you for", "thanks for", "would be nice if"),
            *("rückmeldung", "vorschlag", "vorschläge", "lob", "toller service", "gute arbeit", "vielen dank für"),
            *("danke für", "weiterempfehl~", "verbesserungsvorschlag", "war sehr zufrieden"),
            *("sugerencia~", "sugiero", "opinión", "buen servicio", "excelente servicio", "gracias por", "me encantó"),
            *("recomendaré", "buen trabajo"),
        ),
    ),
    (
        Category.INQUIRY,
        _pattern(
            *("how much", "price~", "cost", "costs", "do you have", "do you offer", "can you tell", "could you tell"),
            *("i would like to know", "i'd like to know", "opening hours", "are you open", "available", "information"),
            *("preis~", "was kostet", "wie viel", "wieviel", "haben sie", "bieten sie", "öffnungszeiten", "verfügbar"),
            *("ich wüsste gern~", "ich würde gerne wissen", "auskunft", "informationen"),
            *("precio~", "cuánto", "cuanto cuesta", "cuesta", "tienen", "ofrecen", "horario~", "disponible~"),
            *("quisiera saber", "me gustaría saber", "información"),
        ),
    ),
)
TAGS: Final[Mapping[str, re.Pattern[str]]] = {
    "urgent": _pattern(
        *("urgent~", "asap", "as soon as possible", "immediately", "right away", "emergency"),
        *("dringend~", "eilig", "eilt", "sofort", "schnellstmöglich", "notfall"),
        *("urgente~", "inmediatamente", "cuanto antes", "lo antes posible", "emergencia"),
    ),
    "follow_up": _pattern(
        *("follow up", "following up", "follow-up", "any news", "any update~", "still waiting", "get back to me"),
        *("let me know", "call me back", "haven't heard"),
        *("nachfrag~", "noch nichts gehört", "warte immer noch", "melden sie sich", "meldet euch", "rückruf"),
        *("gibt es neuigkeiten", "zurückrufen"),
        *("seguimiento", "alguna novedad", "sigo esperando", "avísame", "avíseme", "me llame", "no he recibido resp~"),
    ),
    "price_inquiry": _pattern(
        *("how much", "price~", "pricing", "cost", "costs", "quote", "discount~", "cheaper"),
        *("preis~", "kostet", "kosten", "wie viel", "wieviel", "kostenvoranschlag", "rabatt~", "angebot"),
        *("precio~", "cuánto", "cuesta~", "presupuesto~", "descuento~", "tarifa~"),
    ),
    "refund": _pattern(
        *("refund~", "money back", "rückerstattung", "geld zurück", "erstatt~", "reembolso~", "devolución")
    ),
    "cancellation": _pattern(
        *("cancel~", "unsubscribe", "stornier~", "absagen", "kündig~", "cancelar", "cancelación", "anular")
    ),
    "delivery": _pattern(
        *("deliver~", "shipping", "shipped", "shipment", "parcel", "tracking number", "liefer~", "versand~", "paket~"),
        *("sendung~", "envío~", "envio~", "entrega~", "paquete~"),
    ),
    "payment": _pattern(
        *("invoice~", "payment~", "paid", "pay by", "credit card", "rechnung~", "bezahl~", "zahlung~", "überweis~"),
        *("factura~", "pago", "pagos", "pagar", "pagado", "tarjeta"),
    ),
    "opening_hours": _pattern(
        *("opening hours", "are you open", "when do you open", "when do you close", "öffnungszeit~", "haben sie offen"),
        *("haben sie geöffnet", "horario~", "a qué hora abren", "a qué hora cierran"),
    ),
    "technical_issue": _pattern(
        *("error", "bug", "crash~", "not working", "doesn't work", "does not work", "can't log in", "cannot log in"),
        *("fehlermeldung", "stürzt ab", "funktioniert nicht", "geht nicht", "no funciona", "fallo", "se bloquea"),
    ),
    "thanks": _pattern("thanks", "thank you", "thx", "danke~", "vielen dank", "gracias", "muchas gracias"),
}


def category_by_words(text: str) -> Category:
    """Return what a message seems to be about; a question about anything else is an inquiry."""
    read = clipped(text, _READ_CHARS)
    for category, pattern in _CATEGORIES:
        if pattern.search(read):
            return category
    return Category.INQUIRY if is_question(read) else Category.GENERAL


def tags_by_words(text: str) -> tuple[str, ...]:
    """Return the tags whose words a message has."""
    read = clipped(text, _READ_CHARS)
    return tuple(tag for tag, pattern in TAGS.items() if pattern.search(read))
