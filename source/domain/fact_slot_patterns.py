"""By which words people, and those who note what they said, tell things of which there is one at a time."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

_VALUE: Final = r"(?P<value>[^\s,.;:!?()\"][^,;!?()\"]*)"
# Signs of Chinese and Japanese follow each other without an end of words.
_WORDS_END: Final = r"(?:\b|(?<=[\u3040-\u9fff]))"
_WHO: Final = r"^(?P<who>[^,.;:!?()\"]{1,60}?)"
_NOW: Final = (
    r"(?:(?:now|currently|just|recently|still|actually|also|really|jetzt|gerade|nun|inzwischen|ahora|actualmente"
    r"|maintenant|actuellement|agora|atualmente|adesso|ora|nu|inmiddels|теперь|сейчас)\s+)*"
)


class Wording(NamedTuple):
    """How an attribute is told: by oneself, with who speaks in it, and of somebody who stands before it; `holds` is
    False where it is denied.
    """

    attribute: str
    own: str
    others: str = ""
    holds: bool = True

    def patterns(self) -> list[str]:
        now = {"now": _NOW}
        patterns = [rf"(?i)(?<!\w)(?:{self.own % now}){_WORDS_END}\s*{_VALUE}"]
        if self.others:
            patterns.append(rf"(?i){_WHO}\s+(?:{self.others % now})\s+{_VALUE}")
        return patterns


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern once it is needed: all of them would take a tenth of a second of every start."""
    return re.compile(pattern)


_I: Final = r"(?:i|we)(?:['’](?:m|re|ve)|\s+(?:am|are|have))?\s+%(now)s"
_THEY: Final = r"(?:(?:is|has|are|have)\s+)?%(now)s"
_I_DO_NOT: Final = r"(?:i|we)\s+(?:do\s+not|don['’]?t|no\s+longer|never|didn['’]?t)\s+%(now)s"
_THEY_DO_NOT: Final = r"(?:do\s+not|does\s+not|don['’]?t|doesn['’]?t|no\s+longer|never)\s+%(now)s"
_I_AM: Final = r"(?:i\s+am|i['’]m|we\s+are|we['’]re)\s+%(now)s"
_I_AM_NOT: Final = r"(?:i\s+am|i['’]m)\s+(?:not|no\s+longer)\s+%(now)s"
_IN: Final = r"(?:in|at|near)"
_LIVE: Final = rf"(?:(?:live|lives|living|reside|resides)\s+{_IN}|(?:moved|relocated)\s+(?:back\s+)?to)"
_WORK: Final = r"(?:(?:work|works|working)\s+(?:at|for)|started\s+(?:working\s+)?at)"
_WORK_AS: Final = r"(?:work|works|working)\s+as(?:\s+an?)?"
_LIKE: Final = r"(?:like|likes|love|loves|enjoy|enjoys)"
_DISLIKE: Final = r"(?:hate|hates|dislike|dislikes|can['’]?t\s+stand|cannot\s+stand)"
_NEW: Final = r"(?:(?:new|current|neue[rn]?|jetzige[rn]?|nuev[oa]|nouveau|nouvelle|nov[oa]|nuov[oa]|nieuwe)\s+)?"
_A_L: Final = r"(?:à|a|en|au|aux|in|à\s+la)"

# One line for each language and way to say it: what is added here is known by the next look at each memory.
ONE_AT_A_TIME: Final = (
    Wording("name", r"my\s+name(?:['’]s|\s+is)(?:\s+now)?", r"(?:is\s+called|is\s+named|goes\s+by)"),
    Wording("name", r"ich\s+hei(?:ß|ss)e|mein\s+name\s+ist", r"hei(?:ß|ss)t"),
    Wording("name", r"me\s+llamo|mi\s+nombre\s+es", r"se\s+llama"),
    Wording("name", r"je\s+m['’]appelle|mon\s+nom\s+est", r"s['’]appelle"),
    Wording("name", r"me\s+chamo|meu\s+nome\s+é|mi\s+chiamo|ik\s+heet|mijn\s+naam\s+is|меня\s+зовут|我叫", r"heet"),
    Wording("home", _I + _LIVE, _THEY + _LIVE),
    Wording("home", _I_DO_NOT + r"live\s+in", _THEY_DO_NOT + r"live\s+in|no\s+longer\s+lives\s+in", holds=False),
    Wording("home", r"my\s+" + _NEW + r"(?:home|flat|apartment|house|place)\s+is\s+(?:now\s+)?in"),
    Wording("home", r"ich\s+(?:wohne|lebe)\s+%(now)s(?:in|bei)", r"(?:wohnt|lebt)\s+%(now)s(?:in|bei)"),
    Wording("home", r"ich\s+bin\s+%(now)snach(?=.*\bgezogen\b)", r"ist\s+%(now)snach(?=.*\bgezogen\b)"),
    Wording("home", r"ich\s+wohne\s+nicht\s+mehr\s+in", r"wohnt\s+nicht\s+mehr\s+in", holds=False),
    Wording("home", r"(?<!\bno )%(now)s(?:vivo\s+%(now)sen|me\s+(?:he\s+mudado|mudé)\s+a)", r"vive\s+en"),
    Wording("home", r"ya\s+no\s+vivo\s+en", r"ya\s+no\s+vive\s+en", holds=False),
    Wording("home", rf"(?:j['’]habite|je\s+vis)\s+%(now)s{_A_L}", rf"(?:habite|vit)\s+%(now)s{_A_L}"),
    Wording("home", rf"j['’]ai\s+déménagé\s+{_A_L}", rf"a\s+déménagé\s+{_A_L}"),
    Wording("home", r"(?:eu\s+)?moro\s+%(now)s(?:em|no|na)|mudei(?:-me)?\s+para", r"mora\s+%(now)s(?:em|no|na)"),
    Wording("home", r"abito\s+%(now)s(?:a|in)|mi\s+sono\s+trasferit[oa]\s+(?:a|in)", r"abita\s+%(now)s(?:a|in)"),
    Wording("home", r"ik\s+woon\s+%(now)s(?:in|te)", r"woont\s+%(now)s(?:in|te)"),
    Wording("home", r"я\s+%(now)sживу\s+%(now)s(?:в|во|на)|я\s+переехала?\s+(?:в|во|на)", r"жив[её]т\s+(?:в|во|на)"),
    Wording("home", r"我(?:现在)?(?:住在|搬到了?)|(?:私|僕|俺)は(?:今|いま)?(?=[^、。]{1,12}に(?:住んで|引っ越し))"),
    Wording("employer", _I + _WORK, _THEY + _WORK),
    Wording("employer", r"my\s+" + _NEW + r"(?:employer|company)\s+is(?:\s+called)?"),
    Wording("employer", _I_DO_NOT + r"work\s+(?:at|for)", _THEY_DO_NOT + r"works?\s+(?:at|for)", holds=False),
    Wording("employer", r"ich\s+arbeite\s+%(now)s(?:bei|für)", r"arbeitet\s+%(now)s(?:bei|für)"),
    Wording("employer", r"trabajo\s+%(now)s(?:en|para)", r"trabaja\s+%(now)s(?:en|para)"),
    Wording("employer", r"je\s+travaille\s+%(now)s(?:chez|pour)", r"travaille\s+%(now)s(?:chez|pour)"),
    Wording("employer", r"trabalho\s+%(now)s(?:em|na|no|para)", r"trabalha\s+%(now)s(?:em|na|no|para)"),
    Wording("employer", r"lavoro\s+%(now)s(?:per|presso|da|alla)", r"lavora\s+%(now)s(?:per|presso|da|alla)"),
    Wording("employer", r"ik\s+werk\s+%(now)s(?:bij|voor)", r"werkt\s+%(now)s(?:bij|voor)"),
    Wording(
        "employer", r"я\s+%(now)sработаю\s+%(now)s(?:в|на)|我(?:现在)?在(?=[^，。]{1,12}工作)", r"работает\s+(?:в|на)"
    ),
    Wording("job", _I + _WORK_AS, _THEY + _WORK_AS),
    Wording("job", r"my\s+" + _NEW + r"(?:job|profession|occupation)\s+is(?:\s+an?)?"),
    Wording("job", r"ich\s+arbeite\s+%(now)sals|mein\s+(?:beruf|job)\s+ist", r"arbeitet\s+%(now)sals"),
    Wording("job", r"trabajo\s+%(now)s(?:como|de)|trabalho\s+%(now)scomo", r"(?:trabaja|trabalha)\s+%(now)scomo"),
    Wording("job", r"je\s+travaille\s+%(now)scomme|lavoro\s+%(now)scome|ik\s+werk\s+%(now)sals"),
    Wording("age", _I_AM + r"(?=\d{1,3}\s+(?:years?|yrs?)\b)", r"is(?:\s+now)?(?=\s+\d{1,3}\s+(?:years?|yrs?)\b)"),
    Wording("age", r"i\s+(?:have\s+)?(?:just\s+)?turned(?=\s+\d)", r"(?:has\s+)?(?:just\s+)?turned(?=\s+\d)"),
    Wording("age", r"ich\s+bin(?=\s+\d{1,3}\s+jahre)", r"ist(?=\s+\d{1,3}\s+jahre)"),
    Wording("age", r"tengo(?=\s+\d{1,3}\s+años)|j['’]ai(?=\s+\d{1,3}\s+ans\b)|tenho(?=\s+\d{1,3}\s+anos)"),
    Wording("age", r"ho(?=\s+\d{1,3}\s+anni)|ik\s+ben(?=\s+\d{1,3}\s+jaar)|мне(?=\s+\d{1,3}\s+(?:год|лет))"),
    Wording("age", r"我(?:今年)?(?=\d{1,3}\s*岁)|(?:私|僕|俺)は(?=\d{1,3}\s*歳)"),
    Wording("relationship", _I_AM + r"(?=(?:married|single|divorced|engaged|widowed|separated)\b)"),
    Wording("relationship", r"ich\s+bin\s+%(now)s(?=(?:verheiratet|single|geschieden|verlobt|verwitwet)\b)"),
    Wording("relationship", r"estoy\s+%(now)s(?=(?:casad|solter|divorciad|prometid)[oa]\b)"),
    Wording("diet", _I_AM + r"(?:an?\s+)?(?=(?:vegan|vegetarian|pescatarian)\b)|i\s+eat(?=\s+meat\s+again)"),
    Wording("diet", _I_AM_NOT + r"(?:an?\s+)?(?=(?:vegan|vegetarian|pescatarian)\b)", holds=False),
    Wording("diet", r"ich\s+bin\s+%(now)s(?=(?:vegan|veganer|vegetarier)(?:in)?\b)"),
    Wording("reply language", r"(?:answer|reply|write|respond)(?:\s+to)?(?:\s+me)?(?:\s+only)?\s+in(?=\s+[A-Z])"),
)
# Of these there may be many; one is told again or taken back.
MANY: Final = (
    Wording("like", _I + _LIKE + r"(?:\s+to)?", _THEY + _LIKE + r"(?:\s+to)?"),
    Wording("like", _I + _DISLIKE, _THEY + _DISLIKE, holds=False),
    Wording("like", _I_DO_NOT + _LIKE, _THEY_DO_NOT + _LIKE, holds=False),
    Wording("like", r"ich\s+(?:mag|liebe)(?!\s+(?:kein|nicht))", r"(?:mag|liebt)(?!\s+(?:kein|nicht))"),
    Wording("like", r"ich\s+(?:mag\s+kein(?:e|en)?|hasse)", r"(?:mag\s+kein(?:e|en)?|hasst)", holds=False),
    Wording("like", r"(?<!\bno )me\s+(?:gusta|encanta)n?", r"le\s+(?:gusta|encanta)n?"),
    Wording("like", r"no\s+me\s+gustan?|odio", holds=False),
    Wording("like", r"j['’](?:aime|adore)", r"(?:aime|adore)"),
    Wording("like", r"je\s+n['’]aime\s+(?:pas|plus)|je\s+déteste", holds=False),
    Wording("like", r"(?<!\bnão )(?:gosto\s+de|adoro)|(?<!\bnon )mi\s+piace|ik\s+hou\s+van|мне\s+нравится|我喜欢"),
    Wording(
        "like", r"não\s+gosto\s+de|non\s+mi\s+piace|ik\s+hou\s+niet\s+van|мне\s+не\s+нравится|我不喜欢", holds=False
    ),
    Wording("allergy", _I_AM + r"allergic\s+to", r"is\s+%(now)sallergic\s+to"),
    Wording("allergy", _I_AM_NOT + r"allergic\s+to", r"is\s+(?:not|no\s+longer)\s+%(now)sallergic\s+to", holds=False),
    Wording("allergy", r"ich\s+bin\s+%(now)sallergisch\s+gegen", r"ist\s+%(now)sallergisch\s+gegen"),
    Wording("allergy", r"ich\s+bin\s+nicht\s+(?:mehr\s+)?allergisch\s+gegen", holds=False),
    Wording(
        "allergy", r"soy\s+alérgic[oa]\s+(?:al?|a\s+los?|a\s+las?)", r"es\s+alérgic[oa]\s+(?:al?|a\s+los?|a\s+las?)"
    ),
    Wording(
        "allergy", r"je\s+suis\s+allergique\s+(?:à|au|aux)(?:\s+la)?", r"est\s+allergique\s+(?:à|au|aux)(?:\s+la)?"
    ),
)
_OF_MINE: Final = r"(?P<whose>my|mein|meine|mi|mon|ma|meu|minha|mijn|мой|моя|[^,.;:!?()\"]{1,40}?['’]s|his|her|their)"
_IS: Final = r"(?:['’]s|\s+(?:is|are|has\s+changed\s+to|ist|es|est|é|è|—|is\s+now|ist\s+jetzt))(?:\s+now)?\s+"
# “My favourite colour is blue.” The subject is what stands there.
FAVOURITE_TRIGGERS: Final = ("favourite", "lieblings", "favorito préféré preferido")
FAVOURITE: Final = tuple(
    pattern + _VALUE
    for pattern in (
        rf"(?i)(?<!\w){_OF_MINE}\s+favou?rite\s+(?P<what>\w+(?:\s+\w+)?){_IS}",
        rf"(?i)(?<!\w){_OF_MINE}\s+lieblings(?P<what>\w+){_IS}",
        rf"(?i)(?<!\w){_OF_MINE}\s+(?P<what>\w+)\s+(?:favorit[oae]|préférée?|preferid[oa])s?{_IS}",
    )
)
# “My phone number is …”; the address of a flat has commas, and so does a date.
_LONG_VALUE: Final = r"(?P<value>[^\s;!?()\"][^;!?()\"]*)"
_KIND: Final = r"(?:(?P<kind>work|home|private|mobile|cell|office|business)\s+)?"
CONTACT_WORDS: Final[Mapping[str, str]] = {
    "phone": r"(?:phone|telephone|cell|mobile|whatsapp)?\s*number|phone|mobile|telefonnummer|handynummer"
    r"|(?:número\s+de\s+)?(?:teléfono|telefone)|numéro(?:\s+de\s+téléphone)?|telefoonnummer",
    "e-mail": r"email|e-?mail(?:\s*address|-?adresse|adres)?|correo(?:\s+electrónico)?|adresse\s+e-?mail",
    "address": r"address|adresse|anschrift|dirección|endereço|indirizzo|adres",
    "birthday": r"birthday|geburtstag|cumpleaños|anniversaire|aniversário|compleanno|verjaardag",
    "time zone": r"time\s*zone|zeitzone|zona\s+horaria|fuseau\s+horaire",
    "car": r"car|auto|coche|voiture|carro|macchina",
}
CONTACT: Final[Mapping[str, str]] = {
    attribute: rf"(?i)(?<!\w){_OF_MINE}\s+{_NEW}{_KIND}(?:{words}){_IS}{_LONG_VALUE}"
    for attribute, words in CONTACT_WORDS.items()
}
# Somebody has one of each at a time; the words of other languages are known by the first one.
PARTNER_WORDS: Final[Mapping[str, str]] = {
    "wife": "wife|frau|ehefrau|mujer|esposa|femme|moglie|vrouw|жена",
    "husband": "husband|mann|ehemann|marido|esposo|mari|marito|man|муж",
    "partner": "partner|partnerin|pareja|compagnon|compagne",
    "girlfriend": "girlfriend|fiancée|freundin|novia|namorada|ragazza|vriendin",
    "boyfriend": "boyfriend|fiancé|freund|novio|namorado|ragazzo|vriend",
    "boss": "boss|manager|chef|chefin|jefe|jefa|patron|patronne|capo|baas|chefe",
    "mother": "mother|mum|mom|mutter|madre|mère|mãe|moeder|мама|мать",
    "father": "father|dad|vater|padre|père|pai|vader|папа|отец",
}
PARTNERS: Final = "|".join(PARTNER_WORDS.values())
FAVOURITE_WORDS: Final[Mapping[str, str]] = {
    "colour": "color|farbe|couleur|cor|colore|kleur",
    "food": "essen|gericht|dish|comida|plato|plat|cibo|piatto|prato|eten",
    "film": "movie|película|filme|pelicula",
    "book": "buch|libro|livre|livro|boek",
    "song": "lied|canción|chanson|canzone|música",
    "drink": "getränk|bebida|boisson|bevanda",
}
NAME_OF: Final = (
    rf"(?i)(?<!\w){_OF_MINE}\s+{_NEW}(?P<what>{PARTNERS})(?:['’]s\s+name{_IS}|{_IS}(?:called|named)\s+"
    rf"|\s+(?:heißt|se\s+llama|s['’]appelle|si\s+chiama|se\s+chama|heet)\s+){_VALUE}"
)
