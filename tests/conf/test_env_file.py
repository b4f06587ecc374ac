"""The settings file: what its lines mean, what is refused and where, and that the real environment counts more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.conf.env_file import change_env_file, load_env_file, parse_env_file
from broadsheet.conf.environment import VARIABLES, SettingsError, find_env_file
from tests.architecture.test_docs import read_variables


def test_each_variable_that_is_read_may_stand_in_the_file() -> None:
    assert set(VARIABLES) == set(read_variables())


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("BROADSHEET_MAIL_URL=smtp://ann:a#b=c'd\"e$f@host", "smtp://ann:a#b=c'd\"e$f@host"),
        ("  BROADSHEET_MAIL_URL =  file:  ", "file:"),
        ("BROADSHEET_MAIL_URL=", ""),
        ('BROADSHEET_MAIL_URL=" a \\n "', " a \\n "),
        ("BROADSHEET_MAIL_URL='a\"b'", 'a"b'),
        ('BROADSHEET_MAIL_URL=""a""', '"a"'),
        ("BROADSHEET_MAIL_URL=Grüße", "Grüße"),
    ],
)
def test_value_is_the_rest_of_the_line_as_it_stands(line: str, value: str) -> None:
    assert parse_env_file(f"# a remark\n\n{line}\r\n", "file") == {"BROADSHEET_MAIL_URL": value}


def test_variables_of_other_programs_may_stand_there_too() -> None:
    assert parse_env_file("SSL_CERT_FILE=/etc/ssl/own.pem", "file") == {"SSL_CERT_FILE": "/etc/ssl/own.pem"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("BROADSHEET_SITE_URL", "'BROADSHEET_SITE_URL' is no setting; write BROADSHEET_NAME=value"),
        ("export BROADSHEET_SITE_URL=https://a.example", "without `export`"),
        ("- BROADSHEET_SITE_URL: x", "is no setting"),
        ("BROADSHEET_SITEURL=https://a.example", "there is no setting BROADSHEET_SITEURL; did you mean BROADSHEET_SITE_URL?"),
        ("BROADSHEET_XYZZYPLUGH=1", "docs/settings.md lists them"),
        ('BROADSHEET_SITE_URL="https://a.example', "begins with a quote that nothing closes"),
        ("BROADSHEET_SITE_URL='", "begins with a quote that nothing closes"),
        ("BROADSHEET_TIME_ZONE=UTC", "BROADSHEET_TIME_ZONE was set further up"),
    ],
)
def test_odd_line_is_named_with_file_and_number(line: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_env_file(f"BROADSHEET_TIME_ZONE=UTC\n\n{line}\n", "/etc/one.env")
    assert str(caught.value).startswith("/etc/one.env, line 3: ")
    assert words in str(caught.value)


def test_password_in_an_odd_line_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_env_file("BROADSHEET-MAIL-URL-of-the-publication-here=smtp://ann:secret@host", "file")
    assert "secret" not in str(caught.value)


def test_real_environment_counts_more(tmp_path: Path) -> None:
    file = tmp_path / "one.env"
    file.write_text("BROADSHEET_TIME_ZONE=Asia/Tokyo\nBROADSHEET_SITE_URL=https://a.example\n")
    environ = {"BROADSHEET_ENV_FILE": str(file), "BROADSHEET_TIME_ZONE": "Europe/Berlin"}
    assert load_env_file(environ) == file
    assert environ["BROADSHEET_TIME_ZONE"] == "Europe/Berlin"
    assert environ["BROADSHEET_SITE_URL"] == "https://a.example"


def test_named_file_has_to_be_there_and_an_empty_name_means_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.env, where there is no file"):
        load_env_file({"BROADSHEET_ENV_FILE": str(tmp_path / "missing.env")})
    assert find_env_file({"BROADSHEET_ENV_FILE": ""}) is None


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "one.env"
    file.write_bytes(b"BROADSHEET_TIME_ZONE=\xff\n")
    with pytest.raises(SettingsError, match=r"one\.env cannot be read"):
        load_env_file({"BROADSHEET_ENV_FILE": str(file)})


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text().filter(lambda text: "\n" not in text and "\r" not in text)))
def test_what_is_written_is_read_back(values: dict[str, str]) -> None:
    text = change_env_file("# remark\n\nSSL_CERT_FILE=x\n", dict(values))
    assert parse_env_file(text, "file") == {"SSL_CERT_FILE": "x", **values}
    assert change_env_file(text, dict(values)) == text


def test_change_leaves_everything_else_as_it_stands() -> None:
    text = "# remark\nBROADSHEET_TIME_ZONE = 'UTC'\n\nBROADSHEET_MAIL_URL=file:\nBROADSHEET_MEDIA_URL=/m/\n"
    changed = change_env_file(
        text, {"BROADSHEET_TIME_ZONE": "UTC", "BROADSHEET_MAIL_URL": "smtp://relay", "BROADSHEET_MEDIA_URL": None}
    )
    assert changed == "# remark\nBROADSHEET_TIME_ZONE = 'UTC'\n\nBROADSHEET_MAIL_URL=smtp://relay\n"


# -- The command -----------------------------------------------------------------------------------------------------


def run(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `broadsheet` in `tmp_path` with no settings but these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))}
    command = [sys.executable, "-m", "broadsheet.conf.command", *arguments]
    return subprocess.run(command, env={**bare, **environment}, cwd=tmp_path, capture_output=True, text=True, check=False)


PRINT_ZONE = ("shell", "--no-imports", "-c", "from django.conf import settings; print(settings.TIME_ZONE)")


def test_command_takes_its_settings_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "one.env"
    file.write_text(f"BROADSHEET_TIME_ZONE=Asia/Tokyo\nBROADSHEET_DATA_DIR={tmp_path}/kept\n")
    assert run(tmp_path, *PRINT_ZONE, BROADSHEET_ENV_FILE=str(file)).stdout.strip() == "Asia/Tokyo"
    ran = run(tmp_path, *PRINT_ZONE, BROADSHEET_ENV_FILE=str(file), BROADSHEET_TIME_ZONE="Europe/Berlin")
    assert ran.stdout.strip() == "Europe/Berlin"
    assert (tmp_path / "kept" / "secret.key").exists()
    assert not (tmp_path / "data").exists()


def test_command_stops_at_an_odd_line_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "one.env"
    file.write_text("BROADSHEET_TIMEZONE=Asia/Tokyo\n")
    ran = run(tmp_path, *PRINT_ZONE, BROADSHEET_ENV_FILE=str(file))
    assert ran.returncode == 1
    assert (
        ran.stderr == f"broadsheet: {file}, line 1: there is no setting BROADSHEET_TIMEZONE; did you mean BROADSHEET_TIME_ZONE?\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody who may not read a file")
def test_file_that_this_account_may_not_read_is_no_missing_file(tmp_path: Path) -> None:
    file = tmp_path / "one.env"
    file.write_text("BROADSHEET_TIME_ZONE=Asia/Tokyo\n")
    file.chmod(0o600)
    script = (
        "import os\nfrom pathlib import Path\nfrom broadsheet.conf.env_file import read_env_file\n"
        f"os.setegid(65534); os.seteuid(65534); read_env_file(Path({str(file)!r}))"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "may not be read by this account" in ran.stderr
