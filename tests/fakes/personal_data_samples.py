"""What people write with personal data in it, and what looks like that and is none; all made up, or examples."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A text in which the parts between ⟦ and ⟧ are personal data of `kind`; `country` is where it was written."""

    marked: str
    kind: str
    country: str = "US"

    @property
    def text(self) -> str:
        return self.marked.replace("⟦", "").replace("⟧", "")

    @property
    def expected(self) -> list[tuple[str, str]]:
        return [(self.kind, part.partition("⟧")[0]) for part in self.marked.split("⟦")[1:]]


def _of(kind: str, country: str, texts: str) -> list[Sample]:
    return [Sample(line.strip(), kind, country) for line in texts.strip().splitlines()]


PHONES = [
    *_of(
        "phone",
        "US",
        """
        Call me at ⟦+1 415 555 0132⟧ after six.
        My number is ⟦(415) 555-0132⟧, thanks!
        reach me: ⟦415-555-0132⟧
        ⟦415.555.0132⟧ is the office, no wait
        Ring ⟦212.555.0187⟧ or ⟦212-555-0188⟧.
        I'm on ⟦+44 20 7946 0958⟧ this week
        WhatsApp ⟦+49 (0)30 23125 000⟧ works best
        text me ⟦2125550123⟧
        Dial ⟦1-800-555-0199⟧ and ask for Bo
        my cell is ⟦646 555 0148⟧, home ⟦646 555 0149⟧
        (⟦917-555-0121⟧)
        international: ⟦0044 20 7946 0958⟧
        tel:⟦+14155550132⟧
        phone=⟦+442079460958⟧
        ⟦555-123-4567⟧ is what they gave me
        Mi móvil es ⟦+34 612 345 678⟧
        ⟦+86 138 0013 8000⟧
        ⟦+91 98765 43210⟧ (India)
        Ana's new number: ⟦+1-646-555-0110⟧; the old one is dead
        it was 2026-03-14 when ⟦+1 415 555 0132⟧ called
        """,
    ),
    *_of(
        "phone",
        "DE",
        """
        Ruf mich an: ⟦0170 1234567⟧
        meine Handynummer ist ⟦0151/23456789⟧.
        Tel.:⟦030 23125000⟧
        Tel. ⟦(030) 23125-000⟧
        erreichbar unter ⟦089-636-48018⟧
        ⟦+4917012345678⟧ und ⟦+49 89 63648018⟧
        Fax ⟦0221 4710000⟧
        ⟦01701234567⟧
        am 12.03.2026 um 14:30 unter ⟦0170 7654321⟧
        ⟦+49-170-1234567⟧ oder ⟦0049 170 1234567⟧
        """,
    ),
    *_of(
        "phone",
        "FR",
        """
        Mon portable : ⟦06 12 34 56 78⟧
        appelle-moi au ⟦06.12.34.56.78⟧
        ⟦+33 6 12 34 56 78⟧
        ⟦0033 6 12 34 56 78⟧
        ⟦0612345678⟧ merci
        """,
    ),
    *_of("phone", "ES", "mi teléfono es ⟦612 345 678⟧\nllámame al ⟦612345678⟧\n⟦91 123 45 67⟧"),
    *_of("phone", "GB", "ring ⟦07700 900123⟧\n⟦020 7946 0958⟧ (office)\n⟦+447700900123⟧"),
    *_of("phone", "IT", "cellulare ⟦347 123 4567⟧\nchiama il ⟦06 6982 1234⟧"),
    *_of("phone", "BR", "meu celular é ⟦(11) 91234-5678⟧"),
    *_of("phone", "JP", "電話 ⟦03-1234-5678⟧"),
]

NO_PHONES = [
    sample
    for country in ("US", "DE")
    for sample in _of(
        "phone",
        country,
        """
        It happened on 2026-03-14 12:30:00 and again on 14.03.2026.
        03/14/2026 or 14/03/2026, whichever
        the log says 1732190000 and 1732190000123
        2026-11-21T13:17:05.123456+00:00
        20261121131705 is the name of the file
        order 4155550132 has shipped
        Order #4155550132, invoice no. 2026-000123
        your ticket is 212-555-0187-99-1
        ISBN 978-3-16-148410-0
        it costs 1.234.567 euros, or 1,234,567 dollars
        1 234 567 inhabitants
        $4155550132 in debt
        conversation 6821946150912064, message 6821946150912032
        <@112233445566778899> wrote in <#998877665544332211>
        112233445566778899
        pi is 3.14159265358979
        version 10.15.7 and 2.0.0-rc.1
        0.1234567890
        the years 2019-2026 and 1999/2000
        id=4155550132&page=20
        https://example.org/posts/4155550132/edit
        https://shop.example/p/0170-1234567
        uuid 550e8400-e29b-41d4-a716-446655440000
        from 10:00-18:30, 5 to 7
        scores 10-7, 21-19, 3-0
        1, 2, 3, 4, 5, 6, 7, 8, 9
        1 2 3 4 5 6 7 8 9 10
        the measure was 120x80x60 cm
        latitude 52.520008, longitude 13.404954
        52.520008 13.404954
        customer number 30023125000
        account 0012345678
        tracking number 00340434161094042557
        12 34
        95 % of 10000000 rows
        65536 131072 262144
        2 * 1234567 = 2469134
        0x1234567890
        sha 1234567890abcdef
        section 3.2.1.4 of the book
        call 911
        at 9 we were 120 people, at 10 already 3400
        size: 4155550132 bytes
        2500000 users
        1e10 or 10000000000
        -4155550132
        I earned 45000 in 2019, 52000 in 2020 and 61000 in 2021
        the score was 100000000
        bus 100 at 8:15, bus 200 at 8:45
        IMG_20260314_123000.jpg
        temperatures: 21 22 23 24 25 26 27
        """,
    )
]

OTHERS = [
    *_of(
        "email",
        "US",
        """
        write to ⟦ana@example.org⟧.
        <⟦ana.maria+shop@mail.example.co.uk⟧>
        mailto:⟦bob_99@ex-ample.com⟧?subject=hi
        Ana (⟦ANA@EXAMPLE.ORG⟧), Bo [⟦bo@example.org⟧]
        ⟦josé@exámple.es⟧ und ⟦ü@xn--bcher-kva.de⟧
        email=⟦a@b.io⟧&x=1
        mine:⟦ana@example.org⟧,hers:⟦eva@example.org⟧
        ⟦o'neil@example.ie⟧
        a line\tthen ⟦x-1@sub.sub.example.museum⟧!
        """,
    ),
    *_of(
        "card",
        "US",
        """
        my card is ⟦4111 1111 1111 1111⟧, 12/27, 123
        ⟦4111-1111-1111-1111⟧
        ⟦5555555555554444⟧ or ⟦378282246310005⟧
        Amex ⟦3782 822463 10005⟧
        ⟦6011 1111 1111 1117⟧
        ⟦3566002020360505⟧
        room 12 ⟦4242 4242 4242 4242⟧ 12/27
        """,
    ),
    *_of(
        "iban",
        "DE",
        """
        IBAN: ⟦DE89 3704 0044 0532 0130 00⟧, danke
        ⟦DE89370400440532013000⟧
        ⟦GB29 NWBK 6016 1331 9268 19⟧.
        ⟦fr14 2004 1010 0505 0001 3m02 606⟧
        ⟦NL91ABNA0417164300⟧ or ⟦CH93 0076 2011 6238 5295 7⟧
        ⟦MT84 MALT 0110 0001 2345 MTLC AST0 01S⟧
        """,
    ),
    *_of(
        "ip",
        "US",
        """
        I am at ⟦203.0.113.42⟧
        ping ⟦192.168.1.20⟧:8080 and ⟦10.0.0.0⟧/8
        [⟦2001:db8::8a2e:370:7334⟧]
        from ⟦198.51.100.7⟧ to ⟦198.51.100.8⟧
        ⟦fe80::1ff:fe23:4567:890a⟧
        ⟦2001:0db8:85a3:0000:0000:8a2e:0370:7334⟧ it says
        ⟦::ffff:192.0.2.128⟧
        """,
    ),
    *_of(
        "secret",
        "US",
        """
        use ⟦sk-proj-Abcdefghij1234567890⟧ please
        ⟦ghp_abcdefghijABCDEFGHIJ0123456789abcdef⟧
        ⟦AKIAIOSFODNN7EXAMPLE⟧
        token ⟦xoxb-123456789012-abcdefABCDEF⟧
        ⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P⟧
        password: ⟦hunter2!⟧
        my password is ⟦Tr0ub4dor&3⟧.
        Passwort: ⟦geheim123⟧
        contraseña = "⟦S3creta#1⟧"
        API_KEY=⟦a8f5f167f44f4964e6c998dee827110c⟧
        client_secret: '⟦Zm9vYmFyYmF6cXV4⟧'
        postgres://echo:⟦s3cr3t⟧@db.local/echo
        Authorization: Bearer ⟦abcDEF0123456789abcdef⟧
        """,
    ),
    *_of(
        "national_id",
        "US",
        """
        my SSN is ⟦123-45-6789⟧
        codice fiscale ⟦RSSMRA85T10A562S⟧
        NIR ⟦1 84 12 76 451 089 46⟧
        NINO ⟦AB 12 34 56 C⟧
        CPF ⟦529.982.247-25⟧
        """,
    ),
    *_of("national_id", "ES", "DNI ⟦12345678Z⟧\nNIE ⟦X1234567L⟧"),
    *_of("national_id", "DE", "Steuer-ID ⟦86095742719⟧\n⟦86 095 742 719⟧"),
    *_of("national_id", "GB", "NHS ⟦943 476 5919⟧"),
]

NONE = _of(
    "none",
    "US",
    """
    @ana look at react@18.2.0 and logo@2x.png
    git clone git@github.com:echo/echo.git
    me @ home, you @ work
    1234 5678 9012 3456
    4111 1111 1111 1112
    4111111111111112
    0000 0000 0000 0000
    DE89 3704 0044 0532 0130 01
    GB is 29 years ahead
    version 1.2.3.4, Chrome 120.0.6099.109
    upgrade from 1.2.3.4 to 1.2.4.0
    v1.2.3.4 and >= 2.0.0.1
    127.0.0.1:8001, 0.0.0.0, ::1 and 255.255.255.0
    at 12:30:45, std::vector<int>, a::b, Foo::Bar::baz
    999.1.2.3
    1.2.3.4.5
    password: required
    The password is wrong, the token is gone.
    I forgot my password. What is the key?
    token limit: 4000
    the secret of success
    pass: ***
    password=${DB_PASSWORD}
    passport: yes
    Key: value
    sk-learn and sk-8
    123-45-678
    000-12-3456
    RSSMRA85T10A562X
    12345678A
    Hello there! How are you today?
    3.5 out of 5
    """,
)
