"""What a follower hears: everything as it is now, what changed since it was here, and nothing twice."""

from __future__ import annotations

import asyncio

from signer.model.presence import Presence
from signer.model.request import RequestState
from signer.service.news import News, NewsDesk
from signer.service.views import RequestView

ORIGIN, OTHER = "https://panel.example", "https://other.example"


class Office:
    """A news desk, and the things it tells of."""

    def __init__(self) -> None:
        self.presence = Presence(problem="token-absent")
        self.views: dict[str, RequestView] = {}
        self.desk = NewsDesk(lambda: self.presence, self.views.get)

    def put(self, request_id: str, state: RequestState, origin: str = ORIGIN) -> None:
        self.views[request_id] = RequestView(id=request_id, state=state, position=0, documents=())
        self.desk.request(origin, request_id)

    async def heard(self, count: int, last_id: str | None = None, origin: str = ORIGIN) -> list[News]:
        """The next `count` news, after which nothing more comes by itself."""
        following = self.desk.follow(origin, last_id)
        heard = [await asyncio.wait_for(anext(following), 5) for _ in range(count)]
        more = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0.02)
        assert not more.done()
        more.cancel()
        await asyncio.wait({more})
        return heard


def what(news: list[News]) -> list[Presence | RequestView]:
    return [one.what for one in news]


async def test_a_newcomer_hears_of_the_tokens_and_of_its_open_requests() -> None:
    office = Office()
    office.put("open", RequestState.CONSENT)
    office.put("done", RequestState.FINISHED)
    office.put("foreign", RequestState.CONSENT, OTHER)
    assert what(await office.heard(2)) == [office.presence, office.views["open"]]


async def test_who_comes_back_hears_of_what_changed_once_and_as_it_is_now() -> None:
    office = Office()
    office.put("a", RequestState.CONSENT)
    office.put("b", RequestState.RECEIVED)
    last = (await office.heard(3))[-1].id
    assert await office.heard(0, last) == []
    office.put("a", RequestState.SIGNING)
    office.put("a", RequestState.FINISHED)
    office.presence = Presence()
    office.desk.tokens()
    assert what(await office.heard(2, last)) == [office.views["a"], office.presence]


async def test_who_was_cut_off_in_the_middle_misses_nothing() -> None:
    office = Office()
    for name in "abc":
        office.put(name, RequestState.CONSENT)
    first, *rest = await office.heard(4)
    assert await office.heard(3, first.id) == rest


async def test_an_id_of_another_life_is_a_newcomers() -> None:
    office = Office()
    for strange in ("", "x", "AAAAAAAAAAA-1", "AAAAAAAAAAA-99999999999999999999"):
        assert what(await office.heard(1, strange)) == [office.presence]
    ((own,),) = (await office.heard(1),)
    life = own.id.rpartition("-")[0]
    assert what(await office.heard(1, f"{life}-999")) == [office.presence], "from the future"


async def test_a_follower_hears_what_happens_while_it_waits() -> None:
    office = Office()
    following = office.desk.follow(ORIGIN, None)
    await anext(following)
    waiting = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    office.put("a", RequestState.RECEIVED)
    assert (await waiting).what == office.views["a"]
    await following.aclose()


async def test_what_is_forgotten_is_not_told() -> None:
    office = Office()
    office.put("a", RequestState.CONSENT)
    office.desk.forget("a")
    assert what(await office.heard(1)) == [office.presence]
