"""Keys, tokens, and passwords that are named as such."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from source.domain.personal_data_span import Span

_W = r"[A-Za-z0-9_-]"
# How providers mark what they give out. Looked for one by one: a search for fixed signs is many times as fast as
# one expression of them all.
_MARKS: Sequence[tuple[str, str]] = (
    ("sk-", rf"(?:(?:proj|ant|or|svcacct|admin|live|test)-)?{_W}{{16,400}}"),  # OpenAI, Anthropic and others
    ("sk_live_", r"[A-Za-z0-9]{10,200}"),  # Stripe
    ("sk_test_", r"[A-Za-z0-9]{10,200}"),
    ("rk_live_", r"[A-Za-z0-9]{10,200}"),
    ("whsec_", r"[A-Za-z0-9+/]{16,200}=*"),
    ("ghp_", r"[A-Za-z0-9]{20,255}"),  # GitHub
    ("gho_", r"[A-Za-z0-9]{20,255}"),
    ("ghu_", r"[A-Za-z0-9]{20,255}"),
    ("ghs_", r"[A-Za-z0-9]{20,255}"),
    ("ghr_", r"[A-Za-z0-9]{20,255}"),
    ("github_pat_", r"[A-Za-z0-9_]{22,255}"),
    ("glpat-", rf"{_W}{{20,100}}"),  # GitLab
    ("AKIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),  # Amazon
    ("ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("xoxb-", r"[A-Za-z0-9-]{10,250}"),  # Slack
    ("xoxp-", r"[A-Za-z0-9-]{10,250}"),
    ("xoxa-", r"[A-Za-z0-9-]{10,250}"),
    ("xoxr-", r"[A-Za-z0-9-]{10,250}"),
    ("xoxs-", r"[A-Za-z0-9-]{10,250}"),
    ("xoxe-", r"[A-Za-z0-9-]{10,250}"),
    ("xoxe.", r"[A-Za-z0-9.-]{10,250}"),
    ("xapp-", r"[A-Za-z0-9-]{10,250}"),
    ("AIza", rf"{_W}{{35}}"),  # Google
    ("ya29.", rf"{_W}{{20,300}}"),
    ("hf_", r"[A-Za-z0-9]{30,100}"),  # Hugging Face
    ("npm_", r"[A-Za-z0-9]{36}"),
    ("pypi-", rf"{_W}{{50,250}}"),
    ("SG.", rf"{_W}{{16,40}}\.{_W}{{16,60}}"),  # SendGrid
    ("EAA", r"[A-Za-z0-9]{60,300}"),  # Meta
    ("echo_", rf"{_W}{{30,100}}"),  # Echo's own keys
    ("eyJ", rf"{_W}{{8,4000}}\.eyJ{_W}{{8,8000}}\.{_W}{{8,2000}}"),  # JSON Web Tokens (RFC 7519)
)
_BEGIN_KEY, _END_KEY = "-----BEGIN ", "-----END "
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 20_000
_KEY_SIGNS = re.compile(r"(?:[A-Za-z0-9+/=:,.\- \t\\]|\r?\n)*")

# Discord's and Telegram's tokens of bots have no mark, but a form.
_DISCORD = re.compile(rf"[MNO](?<![\w.-][MNO]){_W}{{22,27}}\.{_W}{{6}}\.{_W}{{27,40}}(?![\w-])")
_TELEGRAM = re.compile(rf"\d(?<![\w:-]\d)\d{{7,9}}:AA{_W}{{31,34}}(?![\w-])")
_IN_URL = re.compile(r"://[^\s/:@<>{}\[\]￼]{0,80}:(?P<secret>[^\s/@<>{}\[\]￼]{1,200})@")
_HEADER = re.compile(r"\b(?:Bearer|Basic|Token)[ \t]{1,3}(?P<secret>[A-Za-z0-9+/=._~-]{16,2000})")

_STEMS = ("pass", "pwd", "secret", "token", "key", "kennwort", "contrase", "clave", "senha", "wachtwoord", "credential")
_OTHER_STEMS = ("парол", "密码", "密碼", "パスワード", "비밀번호", "mot de passe", "passwort")
_NAMED = re.compile(
    r"""(?ix)
    (?<![a-zà-ÿ])(?:\w{0,30}[_-])?(?:
        (?P<password>pass(?:word|wd|code|phrase|wort)? | pwd | kennwort | contrase[ñn]a | clave | senha | wachtwoord
          | mot[ ]de[ ]passe | парол[ья] | 密码 | 密碼 | パスワード | 비밀번호)
      | (?:api|access|secret|private|auth|client|signing|encryption)[ _-]?(?:key|secret|token)(?:[ _-]?id)?
      | secret | token | credentials?
      )s?
    ["'`]?[*_]{0,2}
    (?:[ \t]{0,3}(?:[:=：]|=>|:=)[*_]{0,2}\s{0,3} | は | 是
      | [ \t]{1,3}(?:is|ist|lautet|es|est|è|é|this)[ \t]{1,3}(?:now[ \t])?:?[ \t]{0,2})
    ["'`“„«]?(?P<secret>[^\s"'`“”„«»,;<>(){}\[\]￼]{4,400})
    """
)
_CASE_CHANGE = re.compile(r"[a-z][A-Z]")
_LEAST_ENTROPY_BITS = 2.5
_TRAILING = ".*_:…"


def secrets(text: str) -> Iterator[Span]:
    """Yield secrets, none over another."""
    end = 0
    for span in sorted(chain(_marked(text), _private_keys(text), _shaped(text), _named(text))):
        if span.start >= end:
            yield span
            end = span.end


def _marked(text: str) -> Iterator[Span]:
    for mark, rest in _MARKS:
        if mark in text:
            yield from (Span(*match.span()) for match in _pattern_of(mark, rest).finditer(text))


@cache
def _pattern_of(mark: str, rest: str) -> re.Pattern[str]:
    """Return the pattern, which takes too long to make for a program that is starting."""
    return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(mark)}{rest}")


def _private_keys(text: str) -> Iterator[Span]:
    """Yield whole keys; of one whose end is missing all that may belong to it."""
    if _BEGIN_KEY not in text:
        return
    end = 0
    for match in _PRIVATE.finditer(text):
        if match.start() < end:
            continue
        stop = text.find(_END_KEY, match.end(), match.end() + _LONGEST_KEY)
        closing = _PRIVATE_END.match(text, stop) if stop >= 0 else None
        end = closing.end() if closing else _end_of_key(text, match.end())
        yield Span(match.start(), end)


def _end_of_key(text: str, start: int) -> int:
    match = _KEY_SIGNS.match(text, start, start + _LONGEST_KEY)
    return match.end() if match else start


def _shaped(text: str) -> Iterator[Span]:
    if "." in text:
        yield from (Span(*match.span()) for match in _DISCORD.finditer(text))
    if ":AA" in text:
        yield from (Span(*match.span()) for match in _TELEGRAM.finditer(text))
    if "://" in text and "@" in text:
        yield from (Span(*match.span("secret")) for match in _IN_URL.finditer(text))
    if "Bearer" in text or "Basic" in text or "Token" in text:
        yield from (Span(*match.span("secret")) for match in _HEADER.finditer(text) if _is_random(match["secret"]))


def _named(text: str) -> Iterator[Span]:
    lower = text.lower()
    if not any(stem in lower for stem in _STEMS) and not any(stem in lower for stem in _OTHER_STEMS):
        return
    for match in _NAMED.finditer(text):
        secret = match["secret"].rstrip(_TRAILING)
        is_password = match["password"] is not None
        if _is_secret(secret, is_password=is_password) and text[match.end("secret") : match.end("secret") + 1] != "(":
            yield Span(match.start("secret"), match.start("secret") + len(secret))


def _is_secret(secret: str, *, is_password: bool) -> bool:
    """Tell a secret from a word: in `password: required` and `token = LocalToken.read()` there is none."""
    if len(secret) < 4 or _is_reference(secret):
        return False
    has_letter = any(sign.isalpha() for sign in secret)
    if any(sign.isdigit() for sign in secret):
        return has_letter or is_password
    has_sign = any(not sign.isalnum() and sign not in "-_.'’/|" for sign in secret)
    return (is_password and has_sign and has_letter and len(secret) >= 6) or len(_CASE_CHANGE.findall(secret)) >= 4


def _is_reference(secret: str) -> bool:
    """Whether it only says where a secret is: `${TOKEN}`, `os.environ`, `***`, a link."""
    return secret.startswith(("$", "%", "os.", "process.", "env.", "http://", "https://")) or set(secret) <= set(
        "*.•xX…-_#"
    )


def _is_random(secret: str) -> bool:
    """Whether signs repeat as little as in what a machine made."""
    counts = Counter(secret)
    bits = -sum(count / len(secret) * math.log2(count / len(secret)) for count in counts.values())
    return bits >= _LEAST_ENTROPY_BITS and any(sign.isdigit() for sign in secret)
