"""How each answer of `broadsheet init` is read, where it comes from, and what does not go together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadsheet.conf.init import answers
from broadsheet.conf.init.answers import BadAnswer, Tls, find_contradictions
from broadsheet.conf.init.checks import find_problems, find_warnings
from broadsheet.conf.init.exceptions import Refused
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.machine import has_default_server
from broadsheet.conf.init.questions import Terminal, gather
from broadsheet.conf.init.record import Record, known_answers, read_record

NEEDED = {"name": "The Review", "address": "https://review.example", "publisher": "ann@review.example"}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (answers.read_name, "  The   Review ", "The Review"),
        (answers.read_site_address, "https://review.example/", "https://review.example"),
        (answers.read_site_address, "review.example", "https://review.example"),
        (answers.read_site_address, "https://REVIEW.example:443", "https://review.example"),
        (answers.read_site_address, "https://review.example:8443", "https://review.example:8443"),
        (answers.read_site_address, "https://müller.example", "https://xn--mller-kva.example"),
        (answers.read_time_zone, " Europe/Berlin ", "Europe/Berlin"),
        (answers.read_mailbox, "Ann@Review.example", "Ann@Review.example"),
        (answers.read_database_url, "sqlite", ""),
        (answers.read_database_url, "postgres:///review?host=/run/postgresql", "postgres:///review?host=/run/postgresql"),
        (answers.read_database_url, "sqlite:////srv/review.sqlite3", "sqlite:////srv/review.sqlite3"),
        (answers.read_tls, "files", Tls.FILES),
        (answers.read_path, "/srv/review", Path("/srv/review")),
        (answers.read_user, "review_1", "review_1"),
        (answers.read_port, "8000", 8000),
        (answers.read_workers, "0", 0),
    ],
)
def test_answer_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (answers.read_name, " "),
        (answers.read_name, "x" * 61),
        (answers.read_name, "The\x00Review"),
        *(
            (answers.read_site_address, text)
            for text in ("", "http://a.example", "https://a.example/x", "https://a b", "https://u@a.example")
        ),
        *(
            (answers.read_site_address, text)
            for text in ("https://a..example", "https://-a.example", "https://a:port", "https://[::1]")
        ),
        (answers.read_time_zone, "Berlin"),
        (answers.read_time_zone, "../../etc/passwd"),
        (answers.read_mail_url, "relay.example"),
        (answers.read_mailbox, "ann"),
        *(
            (answers.read_database_url, text)
            for text in ("mysql://a/b", "postgres://a", "sqlite://", "sqlite:///relative", "x", "pgsql://a/b")
        ),
        (answers.read_tls, "none"),
        (answers.read_path, "/srv/two words"),
        (answers.read_path, "/srv/50%"),
        (answers.read_path, "/srv/$x"),
        (answers.read_user, "root"),
        (answers.read_user, "Ann Smith"),
        *((answers.read_port, text) for text in ("0", "65536", "-1", "eighty", "")),
        (answers.read_workers, "65"),
    ],
)
def test_answer_that_will_not_do_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(BadAnswer):
        read(text)


# -- Where answers come from -----------------------------------------------------------------------------------------


def test_needed_flags_are_enough_and_nothing_is_asked(layout: Layout) -> None:
    def never(prompt: str) -> str:
        raise AssertionError(prompt)

    found = gather(NEEDED, {}, layout, terminal=Terminal(never, never))
    assert (found.mail_url, found.mail_from, found.tls) == ("smtp://localhost", "letters@review.example", Tls.SELF_SIGNED)
    assert (found.database_url, found.data_dir, found.user) == ("", layout.root / "var/lib/broadsheet", "broadsheet")
    assert found.nginx and found.systemd


def test_flag_counts_more_than_the_last_time_and_that_more_than_the_default(layout: Layout) -> None:
    known = {"time_zone": "Asia/Tokyo", "port": "9000", "nginx": "False"}
    found = gather({**NEEDED, "port": "9001"}, known, layout, terminal=None)
    assert (found.time_zone, found.port, found.nginx) == ("Asia/Tokyo", 9001, False)
    assert gather({**NEEDED, "nginx": True}, known, layout, terminal=None).nginx


def test_without_a_terminal_every_missing_answer_is_named(layout: Layout) -> None:
    with pytest.raises(Refused) as caught:
        gather({}, {}, layout, terminal=None)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()[:-1]] == [
        "--name",
        "--address",
        "--publisher",
    ]


def test_at_a_terminal_a_missing_answer_makes_it_ask_for_all_that_matter(layout: Layout) -> None:
    prompts: list[str] = []
    said: list[str] = []
    typed = {
        "Address": ["nonsense here", "https://review.example"],
        "Email": ["ann@review.example"],
        "TLS": ["files"],
        "with --tls": [],
    }
    typed |= {"certificate": ["/etc/ssl/a.pem"], "key": ["/etc/ssl/a.key"]}

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        for start, lines in typed.items():
            if (prompt.startswith(start) or f": {start}" in prompt or ("its private" in prompt and start == "key")) and lines:
                return lines.pop(0)
        return "/etc/ssl/a.pem" if "with --tls files" in prompt else ""

    found = gather({"name": "The Review"}, {}, layout, terminal=Terminal(ask, said.append))
    assert found.address == "https://review.example"
    assert found.tls is Tls.FILES and found.certificate == Path("/etc/ssl/a.pem")
    assert not any(prompt.startswith("Name") for prompt in prompts)
    assert len(said) == 1 and "nonsense" in said[0]


def test_password_from_the_last_time_is_not_shown_in_the_prompt(layout: Layout) -> None:
    prompts: list[str] = []
    answered = iter(["The Review", "", "", "", "", "", "", ""])

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return next(answered)

    known = {**NEEDED, "mail_url": "smtp://ann:secret@relay.example", "mail_from": "letters@review.example"}
    del known["name"]
    assert gather({}, known, layout, terminal=Terminal(ask, print)).mail_url == "smtp://ann:secret@relay.example"
    assert "secret" not in "".join(prompts)
    assert any("[as it is]" in prompt for prompt in prompts)


def test_settings_changed_by_hand_are_the_next_default(layout: Layout) -> None:
    layout.settings_dir.mkdir(parents=True)
    layout.env_file.write_text("BROADSHEET_SITE_URL=https://new.example\nBROADSHEET_DATA_DIR=/srv/new\n")
    known = known_answers(Record({"name": "The Review", "address": "https://old.example"}), layout.env_file)
    assert known == {"name": "The Review", "address": "https://new.example", "data_dir": "/srv/new", "database_url": "sqlite"}


def test_record_that_is_none_is_refused(layout: Layout) -> None:
    layout.settings_dir.mkdir(parents=True)
    layout.record.write_text("[]")
    with pytest.raises(Refused, match="move it away"):
        read_record(layout.record)


# -- What does not go together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"port": "8001"}, "--port and --edge-port both name port 8001"),
        ({"address": "https://review.example:8000"}, "--port and the address both name port 8000"),
        ({"http_port": "443"}, "--http-port and the address both name port 443"),
        ({"tls": "files"}, "--certificate FILE and --key FILE"),
        ({"certificate": "/a.pem"}, "go with --tls files, not with self-signed"),
    ],
)
def test_contradiction_is_named(flags: dict[str, Any], words: str, layout: Layout) -> None:
    with pytest.raises(Refused, match=words):
        gather({**NEEDED, **flags}, {}, layout, terminal=None)


def test_edge_port_does_not_matter_where_there_is_no_edge(layout: Layout) -> None:
    found = gather({**NEEDED, "edge_workers": "0", "edge_port": "8000"}, {}, layout, terminal=None)
    assert find_contradictions(found) == []


def test_folder_of_somebody_else_is_no_data_directory(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("")
    found = gather({**NEEDED, "data_dir": str(tmp_path / "theirs")}, {}, layout, terminal=None)
    assert "holds thesis.txt and nothing of Broadsheet's" in "".join(find_problems(found, layout, {}))
    (tmp_path / "theirs" / "secret.key").write_text("")
    assert list(find_problems(found, layout, {})) == []


def test_data_is_not_left_behind_by_naming_another_directory(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "secret.key").write_text("")
    found = gather({**NEEDED, "data_dir": str(tmp_path / "new")}, {}, layout, terminal=None)
    assert f"mv {tmp_path}/old {tmp_path}/new" in "".join(find_problems(found, layout, {"data_dir": str(tmp_path / "old")}))


@pytest.mark.parametrize(
    ("earlier", "now", "is_another"),
    [
        ("sqlite", "sqlite", False),
        ("sqlite", "postgres://a@db.example/review", True),
        ("postgres://a@db.example/review", "sqlite", True),
        ("postgres://a:old@db.example/review", "postgresql://b:new@db.example:5432/review?sslmode=require", False),
        ("postgres:///review?host=/run/a", "postgres:///review?host=/run/b", True),
        ("postgres://a@db.example/review", "postgres://a@db.example/other", True),
    ],
)
def test_publication_does_not_begin_empty_in_another_database_unasked(
    earlier: str, now: str, is_another: bool, layout: Layout
) -> None:
    found = gather({**NEEDED, "database_url": now}, {}, layout, terminal=None)
    known = {"database_url": earlier}
    assert ("in another database" in "".join(find_problems(found, layout, known))) is is_another
    assert list(find_problems(found, layout, known, force=True)) == []


def test_data_in_somebodys_home_is_refused_where_systemd_hides_homes(layout: Layout) -> None:
    found = gather({**NEEDED, "data_dir": "/home/ann/review"}, {}, layout, terminal=None)
    assert "The service may not see /home/ann/review" in "".join(find_problems(found, Layout(), {}))
    assert "may not see" not in "".join(find_problems(replace(found, systemd=False), Layout(), {}))


def test_what_works_but_not_for_readers_is_a_warning(layout: Layout) -> None:
    found = gather({**NEEDED, "mail_url": "file:", "database_url": "sqlite:////srv/a.sqlite3"}, {}, layout, terminal=None)
    warnings = "".join(find_warnings(found))
    assert "no reader gets one" in warnings and "ReadWritePaths" in warnings
    assert list(find_warnings(gather(NEEDED, {}, layout, terminal=None))) == []


def test_another_default_site_of_nginx_is_noticed(tmp_path: Path) -> None:
    enabled = tmp_path / "sites-enabled"
    enabled.mkdir()
    (enabled / "broadsheet.conf").write_text("listen 80 default_server;")
    (enabled / "commented").write_text("# listen 80 default_server;\nlisten 80;")
    assert not has_default_server(tmp_path, but="broadsheet.conf")
    (enabled / "default").write_text("server {\n    listen 80 default_server;\n}")
    assert has_default_server(tmp_path, but="broadsheet.conf")
