"""What is said before and after numbers that are phone numbers, and before and after others."""

import re

_PHONE_WORDS = """
    phone telephone tel mobile cell fax call text ring reach dial whatsapp sms signal hotline contact number
    handy telefon telefonnummer handynummer mobil rufnummer mobilnummer anrufen erreichst erreichen erreichbar nummer
    teléfono telefono móvil movil celular llámame llamar fijo número numero
    téléphone portable appelle appelez joindre numéro
    cellulare chiamami chiama fisso telefone telemóvel ligue mobiel telefoonnummer bel
    телефон номер звони звоните тел 电话 電話 手机 携帯
"""
_OTHER_WORDS = """
    order invoice ticket case id ids ref reference account customer client tracking serial isbn issn ean gtin sku part
    model item article commit build revision version timestamp epoch unix seed port pid uid gid zip postcode pin otp
    code
    vat patent rfc doi pmid lot batch room bib nhs insurance policy booking confirmation parcel passport licence license
    plz artikel steuer pedido factura cliente commande facture ordine fattura
    bestellung bestellnummer rechnung rechnungsnummer kunde kundennummer auftrag auftragsnummer artikelnummer sendung
    sendungsnummer konto kontonummer iban bic steuernummer vorgang vorgangsnummer aktenzeichen
"""

# Up to two words may be between: `my number at work is`. Digits and line breaks never are.
SPOKEN_OF = re.compile(rf"(?i)(?<![^\W\d_])(?:{'|'.join(_PHONE_WORDS.split())})(?![^\W\d_])")
NOT_SPOKEN_OF = re.compile(
    rf"(?i)(?:(?<![^\W\d_])(?:{'|'.join(_OTHER_WORDS.split())})(?:['’]?s)?"
    r"(?:\s?(?:no|nr|num|number|nummer|numero|número|numéro|id|code))?\.?(?:\s(?:is|was|ist|es|est|are|è))?"
    r"|№|\b[nN][oOrR]\.|#)\s?[:#=]?\s?$"
)
UNIT = re.compile(
    r"(?i)\s?(?:[€$£¥₹%°]|(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|yen|rub|kg|g|t|km|m|cm|mm|miles?|bytes?|[kmgt]?i?b|ms|s|sec|seconds?"
    r"|people|users?|rows?|lines?|pcs|pieces?|stück|units?|items?|views?|steps?|tokens?|messages?|times|mal|inhabitants|einwohner)(?![^\W\d_]))"
)
