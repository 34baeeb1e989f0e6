"""Languages: their codes, and how people call them."""

from collections.abc import Mapping
from typing import Final

# ISO 639-1.
LANGUAGE_CODES: Final = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee
    el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io
    is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn
    mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se
    sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo
    wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905
)

# By code, in English, in the language itself and in those that people often call it in.
_NAMED: Final = """
ar: arabic, العربية, arabisch, árabe, arabe
bg: bulgarian, български
bn: bengali, বাংলা
ca: catalan, català
cs: czech, čeština, česky
da: danish, dansk
de: german, deutsch, alemán, allemand, tedesco, alemão, duits, немецкий, 德语, ドイツ語
el: greek, ελληνικά, griechisch
en: english, englisch, inglés, anglais, inglese, inglês, engels, английский, 英语, 英文, 英語
es: spanish, spanisch, español, castellano, espagnol, spagnolo, espanhol, spaans, испанский, 西班牙语, スペイン語
et: estonian, eesti
fa: persian, farsi, فارسی
fi: finnish, suomi, suomea
fr: french, französisch, francés, français, francese, francês, frans, французский, 法语, フランス語
he: hebrew, עברית
hi: hindi, हिन्दी, हिंदी
hr: croatian, hrvatski
hu: hungarian, magyar
id: indonesian, bahasa indonesia
it: italian, italienisch, italiano, italien, italiaans, итальянский, 意大利语, イタリア語
ja: japanese, japanisch, japonés, japonais, giapponese, japonês, japans, японский, 日语, 日本語
ko: korean, koreanisch, coreano, coréen, 한국어
lt: lithuanian, lietuvių
lv: latvian, latviešu
ms: malay, bahasa melayu
nb: bokmål
nl: dutch, niederländisch, holandés, neerlandés, néerlandais, olandese, holandês, nederlands, нидерландский, 荷兰语
no: norwegian, norsk
pl: polish, polnisch, polaco, polonais, polacco, polonês, pools, polski, польский
pt: portuguese, portugiesisch, portugués, portugais, portoghese, português, portugees, португальский, 葡萄牙语
ro: romanian, română
ru: russian, russisch, ruso, russe, russo, русский, 俄语, ロシア語
sk: slovak, slovenčina
sl: slovenian, slovenščina
sr: serbian, српски, srpski
sv: swedish, svenska, schwedisch
sw: swahili, kiswahili
ta: tamil, தமிழ்
th: thai, ไทย, ภาษาไทย
tl: tagalog, filipino
tr: turkish, türkisch, turco, turc, türkçe
uk: ukrainian, українська, ukrainisch
ur: urdu, اردو
vi: vietnamese, tiếng việt
zh: chinese, mandarin, chinesisch, chino, chinois, cinese, chinês, chinees, китайский, 中文, 汉语, 普通话, 中国語
"""


def _read(table: str) -> Mapping[str, tuple[str, ...]]:
    rows = (line.partition(": ") for line in table.strip().splitlines())
    return {code: tuple(name.strip() for name in names.split(",")) for code, _, names in rows}


_NAMES: Final = _read(_NAMED)
_CODES: Final = {name: code for code, names in _NAMES.items() for name in names}


def language_code(name: str) -> str | None:
    """Return the code of a language by its name; None: it is none that is known here."""
    return _CODES.get(name.casefold().strip())


def language_names(code: str) -> tuple[str, ...]:
    """Return how people call a language, in small letters."""
    return _NAMES.get(code, ())
