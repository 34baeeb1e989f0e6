"""By which words people tell about themselves, ask and complain, in some common languages."""

import re
from collections.abc import Mapping

# A sentence that one of these matches is quoted, never reworded: a pattern knows what kind it is, not what it means.
FACT = re.compile(
    r"""(?ix)
    \b(?:
      i\s+(?:live|work|study|moved|was\s+born|grew\s+up|come\s+from|own|have\s+(?:a|an|two|three|four|\d+))\b
    | i(?:\s+a|['’])m\s+(?:from|\d+\s+years|a\s+\w+|an\s+\w+|allergic|vegan|vegetarian|married|pregnant)
    | my\s+(?:name|birthday|address|email|phone|number|job|wife|husband|partner|son|daughter|brother|sister|mother
      |father|dog|cat|company|boss|car|flat|house)\b .* \b(?:is|are|was|lives?|works?|called)\b
    | ich\s+(?:wohne|lebe|arbeite|studiere|komme\s+aus|heiße|bin\s+(?:aus|\d+\s+jahre|umgezogen|nach\b .* \bgezogen))
    | ich\s+habe\s+(?:ein|eine|einen|zwei|drei|vier|\d+)\b
    | mein(?:e|en)?\s+\w+\s+(?:ist|heißt|wohnt|arbeitet)\b
    | (?:yo\s+)?(?:vivo\s+en|trabajo\s+(?:en|como|de)|soy\s+de|me\s+mudé|nací|me\s+llamo)\b
    | mi\s+\w+\s+(?:es|está|se\s+llama|vive|trabaja)\b
    | (?:j['’]habite|je\s+(?:vis|travaille|viens\s+de|m['’]appelle|suis\s+né)|mon\s+\w+\s+est|ma\s+\w+\s+est)\b
    | (?:(?:eu\s+)?(?:moro|trabalho)\s+(?:em|no|na|como)|me\s+chamo)\b
    | (?:abito|lavoro|mi\s+chiamo|sono\s+di)\b
    | (?:ik\s+(?:woon|werk|heet|kom\s+uit))\b
    | (?:я\s+(?:живу|работаю|родил(?:ся|ась)|переехал)|меня\s+зовут)
    )|我住在|我叫|我在.{1,12}工作|私は.{1,12}に住んで
    """
)
PREFERENCE = re.compile(
    r"""(?ix)
    \b(?:
      i(?:\s+\w+)?\s+(?:like|love|prefer|hate|dislike|enjoy|can['’]t\s+stand)\b
    | i(?:\s+do|\s+don['’]t|\s+didn['’]t|\s+never)\s+(?:like|want|eat|drink)
    | i(?:['’]d|\s+would)\s+(?:rather|prefer|love)
    | my\s+favou?rite\b
    | ich\s+(?:mag|liebe|hasse|bevorzuge|möchte\s+lieber|esse\s+kein|trinke\s+kein)
    | mir\s+gefällt | lieblings\w+
    | (?:no\s+)?me\s+(?:gusta|encanta)n?\b | prefiero\b | odio\b
    | j['’]aime\b | je\s+(?:préfère|déteste|n['’]aime\s+pas)
    | gosto\s+de\b | prefiro\b | adoro\b | não\s+gosto
    | mi\s+piace\b | preferisco\b | non\s+mi\s+piace
    | ik\s+(?:hou\s+van|haat|wil\s+liever)
    | мне\s+нравится | я\s+(?:люблю|предпочитаю|ненавижу)
    )|我喜欢|我不喜欢|私は.{1,12}が好き
    """
)
LATER = re.compile(
    r"""(?ix)
    \b(?:
      (?:please|can\s+you|could\s+you|will\s+you|i['’]ll|i\s+will|let\s+me|remind\s+me) .*
      \b(?:later|tomorrow|next\s+(?:week|month|time)|tonight|on\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b
    | remind\s+me\b | get\s+back\s+to\s+(?:me|you)\b | follow\s+up\b
    | (?:bitte|kannst\s+du|könnten\s+sie|ich\s+werde) .* \b(?:später|morgen|nächste\w*)\b | erinnere\s+mich
    | (?:por\s+favor|puedes|podrías) .* \b(?:luego|mañana|después|más\s+tarde)\b | recuérdame
    | (?:s['’]il\s+(?:te|vous)\s+pla[iî]t|peux-tu|pouvez-vous) .* \b(?:plus\s+tard|demain)\b | rappelle-moi
    )
    """
)
NAME = re.compile(
    r"""(?x)
    (?i:\b(?:my\s+name\s+is|call\s+me|ich\s+heiße|mein\s+name\s+ist|me\s+llamo|mi\s+nombre\s+es|je\s+m['’]appelle
      |mi\s+chiamo|me\s+chamo|meu\s+nome\s+é|ik\s+heet|mijn\s+naam\s+is|меня\s+зовут)\s+)
    (?P<name>[^\W\d_][\w'’-]*(?:\s+[A-ZÀ-ÖØ-ÞА-Я][\w'’-]*){0,2})
    """
)
INTENTS: Mapping[str, re.Pattern[str]] = {
    "book_appointment": re.compile(
        r"(?i)\b(?:book|reserv\w+|appointment|schedule|termin|buchen|reservier\w+|cita|reserva\w*|rendez-vous)\b"
    ),
    "ask_price": re.compile(
        r"(?i)\b(?:price|cost|costs|how\s+much|quote|preis|kostet|kosten|precio|cuánto|cuesta|prix|combien|quanto)\b"
    ),
    "complain": re.compile(
        r"(?i)\b(?:complain\w*|refund|broken|unacceptable|terrible|beschwer\w+|kaputt|queja|reembolso|roto|plainte)\b"
    ),
    "give_thanks": re.compile(r"(?i)\b(?:thanks|thank\s+you|danke|gracias|merci|obrigad[oa]|grazie|bedankt)\b|谢谢"),
}
ASK = "ask_question"
