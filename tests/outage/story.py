"""What readers see while the database is away, told once for every way it can go."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread

from tests.outage.answers import Answer, Facts
from tests.outage.browsing import Browsing, Reading
from tests.outage.conftest import PASSWORD, Site, article_id
from tests.outage.site import NAME

# A server that says nothing is noticed after a second and a half, and changes are seen within one; a busy machine takes longer.
REFUSED_WITHIN_S = 12.0
READ_WITHIN_S = 12.0
READ_AT_ONCE_S = 2.0
AWAY_FOR_S = 2.8
NOTICED_AFTER_S = 2.0
BACK_WITHIN_S = 5.0
COUNTED_WITHIN_S = 15.0
# What each reader is shown of each article, in turn.
SHOWN = {
    "stranger": [("wall", "stranger", "")] * 3,
    "subscriber": [("open", "subscription", "")] * 3,
    "metered": [("open", "unlock", "2"), ("wall", "meter", "2")],
}


@dataclass
class Cast:
    """Who reads three articles during the outage, the metered reader having opened the first; and who wants to read more."""

    site: Site
    paths: list[str]
    stranger: Browsing
    subscriber: Browsing
    metered: Browsing
    metered_id: int
    metered_email: str
    impostors: dict[str, Browsing]
    unread: str
    changing: str
    seen: list[Answer] = field(default_factory=list)

    def read(self, browsing: Browsing, path: str) -> Answer:
        """Read one page, and note that it was read."""
        answer = browsing.get(path)
        self.seen.append(answer)
        return answer


@dataclass(frozen=True)
class Moments:
    """When the database began to go, was gone, began to come back and was back, by the machine's steady clock."""

    began: float
    gone: float
    ends: float
    back: float


def gather(site: Site) -> Cast:
    """Make the readers and let them read, so that every page they are going to ask for is held."""
    paths = site.write(3)
    _, subscriber_email = site.enroll(is_subscriber=True)
    metered_id, metered_email = site.enroll()
    stranger, subscriber, metered = site.browse(), site.browse(subscriber_email), site.browse(metered_email)
    assert metered.post(f"/articles/{article_id(paths[0])}/unlock/").status == 303
    shown, session = subscriber.cookies["broadsheet_pass"], {"broadsheet_session": subscriber.cookies["broadsheet_session"]}
    impostors = {
        "a pass of another's session": {**metered.cookies, "broadsheet_pass": shown},
        "a pass without its session": {"broadsheet_pass": shown},
        "a pass that was changed": {**session, "broadsheet_pass": shown[:-2] + ("AA" if shown[-2:] != "AA" else "BB")},
        "a pass that was cut": {**session, "broadsheet_pass": shown[:-9]},
        "a pass of the day before": {**session, "broadsheet_pass": site.desk.ask("age_pass", shown, 24.1)},
    }
    cast = Cast(
        site=site,
        paths=paths,
        stranger=stranger,
        subscriber=subscriber,
        metered=metered,
        metered_id=metered_id,
        metered_email=metered_email,
        impostors={name: Browsing(site.host, cookies) for name, cookies in impostors.items()},
        unread=site.write(1)[0],
        changing=site.write(1)[0],
    )
    for browsing in (stranger, subscriber, metered):
        for path in (*paths, cast.changing):
            assert cast.read(browsing, path).status == 200
    # Due for renewal for hours, which needs the database, and good until tomorrow all the same.
    subscriber.cookies["broadsheet_pass"] = site.desk.ask("age_pass", shown, 23.5)
    return cast


def tell(site: Site, *, begin: Callable[[], None], end: Callable[[], None], meanwhile: Callable[[], None] | None = None) -> None:
    """Let the database go away and come back, and hold what readers get against what they should.

    Args:
        begin, end: what takes the database away, and what brings it back.
        meanwhile: what an editor does in vain while it is away, if that only hangs; done when the database is back.
    """
    cast = gather(site)
    readings = {
        "stranger": Reading(cast.stranger, cast.paths),
        "subscriber": Reading(cast.subscriber, cast.paths),
        "metered": Reading(cast.metered, cast.paths[:2]),
    }
    try:
        site.desk.ask("edit", article_id(cast.changing), "Changed just before")
        for reading in readings.values():
            reading.wait_for_a_round()  # so that nobody's pass is just being renewed, which needs the database
        began = time.monotonic()
        begin()
        gone = time.monotonic()
        editing = Thread(target=meanwhile) if meanwhile else None
        if editing is not None:
            editing.start()
        look_at_refusals(cast)
        look_at_impostors(cast)
        time.sleep(max(0.0, gone + AWAY_FOR_S - time.monotonic()))
        ends = time.monotonic()
        end()
        back = time.monotonic()
        look_at_recovery(cast, since=back)
        if editing is not None:
            editing.join()
        time.sleep(max(0.0, back + BACK_WITHIN_S - time.monotonic()))
    finally:
        for reading in readings.values():
            reading.stop()
    cast.seen.extend(answer for reading in readings.values() for answer in reading.answers)
    look_at_reading(cast, readings, Moments(began, gone, ends, back))
    look_at_counts(cast)


def look_at_refusals(cast: Cast) -> None:
    """What needs the database is refused soon, kindly, and with all that was typed."""
    article = article_id(cast.paths[1])
    site = cast.site
    refused = {
        "a page that is not held": site.browse().get(cast.unread),
        "an address at the wall": site.browse().post(f"/articles/{article}/keep-reading/", {"email": "new@example.org"}),
        "an unlock": Browsing(site.host, cast.metered.cookies).post(f"/articles/{article}/unlock/"),
        "a sign-in": site.browse().post("/login/", {"email": cast.metered_email, "password": PASSWORD}),
        "a code": site.browse().post("/confirm/", {"code": "123456", "next": "/account/"}),
        "the plans": site.browse().get("/subscribe/"),
    }
    for what, answer in refused.items():
        assert answer.status == 503, what
        assert answer.seconds < REFUSED_WITHIN_S, what
        assert int(answer.headers["retry-after"]) > 0 and answer.headers["cache-control"] == "private, no-store", what
        assert NAME in answer.text and "Try again" in answer.text and "mailto:" in answer.text, what
    assert 'value="new@example.org"' in refused["an address at the wall"].text
    assert f'<form method="post" action="/articles/{article}/unlock/">' in refused["an unlock"].text
    assert 'name="code" value="123456"' in refused["a code"].text
    assert f'value="{cast.metered_email}"' in refused["a sign-in"].text and PASSWORD not in refused["a sign-in"].text


def look_at_impostors(cast: Cast) -> None:
    """Who shows a pass that does not count gets what a stranger gets, and no more."""
    for what, browsing in cast.impostors.items():
        answer = cast.read(browsing, cast.paths[0])
        assert (answer.status, answer.facts.access) in ((200, "wall"), (503, "")), what


def look_at_recovery(cast: Cast, *, since: float) -> None:
    """Without a restart everything works again, nothing is lost, and what is sent once more counts once."""
    unlock = f"/articles/{article_id(cast.paths[1])}/unlock/"
    again, reader = Browsing(cast.site.host, cast.metered.cookies), cast.site.browse()
    until_it_works(lambda: again.post(unlock).status == 303, since=since)
    assert again.post(unlock).status == 303
    until_it_works(lambda: cast.read(cast.site.browse(), cast.unread).status == 200, since=since)
    until_it_works(lambda: cast.read(reader, cast.changing).facts.heading == "Changed just before", since=since)
    published = cast.site.desk.ask("edit", article_id(cast.changing), "Changed just after")
    until_it_works(lambda: cast.read(reader, cast.changing).facts.heading == "Changed just after", since=published)
    opened = cast.site.desk.ask("unlocks", cast.metered_id)
    assert sorted(opened) == sorted(article_id(path) for path in cast.paths[:2])
    assert cast.site.browse().post("/login/", {"email": cast.metered_email, "password": PASSWORD}).status in (302, 303)


def until_it_works(is_so: Callable[[], bool], *, since: float) -> None:
    """Try until it works, which has to be soon."""
    while not is_so():
        assert time.monotonic() < since + BACK_WITHIN_S, "still refused"
        time.sleep(0.05)


def look_at_reading(cast: Cast, readings: dict[str, Reading], moments: Moments) -> None:
    """Whoever could read went on reading, over the connection they had."""
    for name, reading in readings.items():
        assert not reading.failures, (name, reading.failures)
        refused = [(round(answer.asked_at - moments.began, 2), answer.status) for answer in reading.answers if answer.status != 200]
        assert not refused, (name, refused, moments)
        for place, answer in enumerate(reading.answers):
            if answer.asked_at + answer.seconds < moments.back:
                assert state(answer.facts) == SHOWN[name][place % len(SHOWN[name])], (name, place)
        away = reading.between(moments.began, moments.ends)
        assert len(away) > 20 and max(answer.seconds for answer in away) < READ_WITHIN_S, name
        noticed = reading.between(moments.gone + NOTICED_AFTER_S, moments.ends)
        assert sorted(answer.seconds for answer in noticed)[len(noticed) // 2] < READ_AT_ONCE_S, name
    assert {browsing.connections for browsing in (cast.stranger, cast.subscriber, cast.metered)} == {1}


def look_at_counts(cast: Cast) -> None:
    """Every wall that was shown is in the event log, and none twice."""
    walls = sum(answer.status == 200 and answer.facts.access == "wall" for answer in cast.seen)
    articles = [article_id(path) for path in (*cast.paths, cast.unread, cast.changing)]
    deadline = time.monotonic() + COUNTED_WITHIN_S
    while (counted := cast.site.desk.ask("wall_views", articles)) < walls:
        assert time.monotonic() < deadline, f"{counted} walls counted, {walls} shown"
        time.sleep(0.2)
    assert counted == walls


def state(facts: Facts) -> tuple[str, str, str]:
    """What decides whether the right page was shown."""
    return facts.access, facts.reason, facts.remaining
