"""What the simulator can play, as data: what the token, the doctor and the agent do, and what a panel must.

One table for the command, the page, the check of a panel and the docs. How each is played is `token`,
`doctor` and `agent`.
"""

from __future__ import annotations

import asyncio
from enum import Enum

from msgspec import Struct


class TokenFault(Enum):
    """What is wrong with the virtual token."""

    NONE = "none"
    ABSENT = "absent"
    REMOVED = "removed"
    AWAY = "away"
    LOCKED = "locked"
    SLOW = "slow"
    HUNG = "hung"
    EXPIRED = "expired"
    PIN_EACH = "pin-each"
    PIN_PAD = "pin-pad"
    SECOND = "second"


class Doing(Enum):
    """What the scripted doctor does once she is asked."""

    APPROVES = "approves"
    DECLINES = "declines"
    READS_LONG = "reads-long"
    TYPES_WRONG = "types-wrong"
    IS_OUT = "is-out"
    REFUSES_PAIRING = "refuses-pairing"


class AgentFault(Enum):
    """What is wrong with the agent itself."""

    NONE = "none"
    AWAY = "away"
    SILENT = "silent"
    RESTARTS = "restarts"
    REPLACED = "replaced"


class Pace(Struct, frozen=True, kw_only=True):
    """How long things take, in seconds.

    `reading` before the doctor answers or types at the reader, `long_reading` where she takes her time;
    `slow_signature` for each signature of a slow token, `hang` until a module that hangs is given up; `away`
    until a token that was pulled out is back, or given up; `unanswered` until a request that nobody answers
    ends.
    """

    reading: float = 1.0
    long_reading: float = 40.0
    slow_signature: float = 5.0
    hang: float = 20.0
    away: float = 8.0
    unanswered: float = 30.0


class Words(Struct, frozen=True):
    """One sentence in Persian and in English."""

    fa: str
    en: str


class Scenario(Struct, frozen=True, kw_only=True):
    """One row. `sees` is what reaches the panel, `must` what the panel has to make of it.

    `ends` are the words of `data-mohr-state` that a panel may end with.
    """

    code: str
    sees: Words
    must: Words
    ends: frozenset[str]
    token: TokenFault = TokenFault.NONE
    doctor: Doing = Doing.APPROVES
    agent: AgentFault = AgentFault.NONE


SIGNED = frozenset({"signed"})
STOPPED = frozenset({"stopped"})
#: Nothing was signed and nobody said no: a panel may stop, or go on unsigned where it says so.
NOT_SIGNED = frozenset({"stopped", "unsigned"})

SCENARIOS = (
    Scenario(
        code="approve",
        sees=Words("درخواست تمام می‌شود و امضا با آن است.", "the request finishes, with its signature"),
        must=Words(
            "امضا را کنار نسخه نگه دارد و بگوید که امضا شد.", "keep the signature and say that it was signed"
        ),
        ends=SIGNED,
    ),
    Scenario(
        code="declined",
        doctor=Doing.DECLINES,
        sees=Words("حالت declined، سند با consent-declined", "state declined, the document consent-declined"),
        must=Words(
            "نسخه را نفرستد، امضانشده هم نه، و خودش دوباره نپرسد.",
            "not send it, unsigned neither, and not ask again by itself",
        ),
        ends=STOPPED,
    ),
    Scenario(
        code="slow",
        doctor=Doing.READS_LONG,
        sees=Words("حالت consent، بسیار طولانی‌تر از یک انتظار", "state consent, longer than one wait lasts"),
        must=Words(
            "با انتظارهای حداکثر ۲۵ ثانیه‌ای دنبال کند تا تمام شود.",
            "follow it, in waits of at most 25 s, to its end",
        ),
        ends=SIGNED,
    ),
    Scenario(
        code="slow-token",
        token=TokenFault.SLOW,
        sees=Words("حالت signing، چند ثانیه برای هر امضا", "state signing, seconds for each signature"),
        must=Words("صبر کند و بگوید که توکن کار می‌کند.", "wait, and say that the token is at work"),
        ends=SIGNED,
    ),
    Scenario(
        code="timeout",
        doctor=Doing.IS_OUT,
        sees=Words(
            "حالت failed، سند با request-expired (در مُهر پس از ۱۵ دقیقه)",
            "state failed, the document request-expired (after 15 minutes at the real agent)",
        ),
        must=Words(
            "بگوید که کسی پاسخ نداد؛ برای آزمون دوباره کلید تازه بسازد.",
            "say that nobody answered; a new try gets a new key",
        ),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="wrong-pin",
        doctor=Doing.TYPES_WRONG,
        sees=Words(
            "هیچ چیز از پین؛ فقط کمی دیرتر امضا می‌شود.", "nothing of a PIN; it is signed a little later"
        ),
        must=Words("هیچ چیز از پین نپرسد و نگوید.", "ask and say nothing about a PIN"),
        ends=SIGNED,
    ),
    Scenario(
        code="locked",
        token=TokenFault.LOCKED,
        sees=Words("حالت failed، سند با pin-locked", "state failed, the document pin-locked"),
        must=Words(
            "جملهٔ این خطا را نشان دهد و تلاش را تکرار نکند.", "show the sentence, and not try again by itself"
        ),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="pin-each",
        token=TokenFault.PIN_EACH,
        sees=Words(
            "امضا می‌شود؛ پزشک برای هر سند پین می‌زند.", "it is signed; the doctor types a PIN for each"
        ),
        must=Words("برای دسته‌های بزرگ صبر داشته باشد.", "have patience with large batches"),
        ends=SIGNED,
    ),
    Scenario(
        code="pin-pad",
        token=TokenFault.PIN_PAD,
        sees=Words(
            "امضا می‌شود؛ پزشک پین را روی صفحه‌کلید کارت‌خوان می‌زند.",
            "it is signed; the doctor types the PIN on the reader's keys",
        ),
        must=Words("صبر کند و هیچ چیز از پین نپرسد و نگوید.", "wait, and ask and say nothing about a PIN"),
        ends=SIGNED,
    ),
    Scenario(
        code="two-tokens",
        token=TokenFault.SECOND,
        sees=Words(
            "گواهی‌هایی روی دو توکن؛ مُهر از پزشک می‌پرسد و او توکن دوم را برمی‌گزیند.",
            "certificates on two tokens; the doctor is asked which, and picks the second",
        ),
        must=Words(
            "گواهی را خودش برنگزیند و آن را که در پاسخ است نشان دهد.",
            "leave the choice to her, and show the certificate that the result names",
        ),
        ends=SIGNED,
    ),
    Scenario(
        code="token-absent",
        token=TokenFault.ABSENT,
        sees=Words(
            "state برابر no-token، فهرست گواهی خالی، سند با token-absent",
            "state no-token, no credentials, the document token-absent",
        ),
        must=Words("بخواهد که توکن وصل شود.", "ask for the token to be connected"),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="token-removed",
        token=TokenFault.REMOVED,
        sees=Words(
            "سندی که در دست توکن بود با token-removed؛ بقیه منتظر می‌مانند و پس گرفته می‌شوند.",
            "the document in the token's hand token-removed; the others wait, and are given up",
        ),
        must=Words(
            "سندِ ناموفق را با کلید تازه و فقط به خواست پزشک دوباره بفرستد.",
            "post a failed document anew under a new key, and only when asked to",
        ),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="token-back",
        token=TokenFault.AWAY,
        sees=Words(
            "حالت consent تا توکن برگردد، سپس امضا", "state consent until the token is back, then signed"
        ),
        must=Words("درخواست را رها نکند.", "not give the request up"),
        ends=SIGNED,
    ),
    Scenario(
        code="hung",
        token=TokenFault.HUNG,
        sees=Words("حالت failed، سند با module-hung", "state failed, the document module-hung"),
        must=Words("صبر کند، سپس جملهٔ خطا را نشان دهد.", "wait, then show the sentence"),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="certificate-expired",
        token=TokenFault.EXPIRED,
        sees=Words(
            "گواهی با usable=false؛ سند با certificate-unusable",
            "a credential that is not usable, the document certificate-unusable",
        ),
        must=Words("بگوید که گواهی باید تازه شود.", "say that the certificate must be renewed"),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="pairing-refused",
        doctor=Doing.REFUSES_PAIRING,
        sees=Words("پاسخ refused به پیوند", "the pairing answers refused"),
        must=Words(
            "بگوید که پذیرفته نشد و بدون کلیک دوباره نپرسد.", "say so, and not ask again without a click"
        ),
        ends=frozenset({"signed", "stopped", "unsigned"}),
    ),
    Scenario(
        code="agent-away",
        agent=AgentFault.AWAY,
        sees=Words("درگاه بسته است: هیچ پاسخی نیست.", "a closed port: no answer at all"),
        must=Words(
            "در ۳۰۰ میلی‌ثانیه بفهمد و بدون امضا ادامه دهد، و بگوید.",
            "know it within 300 ms, go on unsigned, and say so",
        ),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="agent-silent",
        agent=AgentFault.SILENT,
        sees=Words("ارتباط پذیرفته می‌شود و پاسخی نمی‌آید.", "a connection is accepted, and nothing is said"),
        must=Words("همان: در ۳۰۰ میلی‌ثانیه بدون امضا ادامه دهد.", "the same: go on unsigned within 300 ms"),
        ends=NOT_SIGNED,
    ),
    Scenario(
        code="agent-restarts",
        agent=AgentFault.RESTARTS,
        sees=Words(
            "پس از فرستادن سند ارتباط قطع می‌شود؛ مُهر لحظه‌ای بعد برمی‌گردد.",
            "the connection is cut after the post; the agent is back a moment later",
        ),
        must=Words(
            "همان سند را با همان Idempotency-Key دوباره بفرستد.",
            "post the same octets again under the same Idempotency-Key",
        ),
        ends=SIGNED,
    ),
    Scenario(
        code="agent-replaced",
        agent=AgentFault.REPLACED,
        sees=Words(
            "برنامهٔ دیگری در درگاه پاسخ می‌دهد که کلید پیوندخورده را ندارد.",
            "another program answers at the port, which has not the key that was pinned",
        ),
        must=Words(
            "هیچ چیز جز challenge به آن نفرستد و بگوید که مُهر نیست.",
            "send it nothing but the challenge, and say that it is not Mohr",
        ),
        ends=NOT_SIGNED,
    ),
)

BY_CODE = {scenario.code: scenario for scenario in SCENARIOS}


class Happening(Struct, frozen=True, kw_only=True):
    """One line of what went on. `what` is kebab-case; `detail` names no person."""

    what: str
    detail: str = ""


class Stage:
    """What is played now, shared by token, doctor and agent, and what has happened. On one event loop.

    `version` grows with every change; `changed` waits for the next.
    """

    KEPT = 100

    def __init__(self, scenario: Scenario, pace: Pace) -> None:
        self.scenario = scenario
        self.pace = pace
        self.version = 0
        self.happened: list[Happening] = []
        self._news = asyncio.Event()

    def play(self, scenario: Scenario) -> None:
        """From now on, this one."""
        self.scenario = scenario
        self.tell("scenario", scenario.code)

    def tell(self, what: str, detail: str = "") -> None:
        """Note what happened."""
        self.happened = [*self.happened, Happening(what=what, detail=detail)][-self.KEPT :]
        self.version += 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def changed(self, since: int, seconds: float) -> None:
        """Return once `version` is not `since` any more, or after so many `seconds`."""
        if self.version == since:
            news = self._news
            try:
                await asyncio.wait_for(news.wait(), seconds)
            except TimeoutError:
                return
