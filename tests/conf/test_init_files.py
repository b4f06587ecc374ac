"""Writing several files as one: nothing half, nothing by hand lost, every step taken back."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from broadsheet.conf.init.files import (
    PlannedFile,
    State,
    WantedFile,
    WantedFolder,
    make_folder,
    make_link,
    plan_file,
    write_files,
)
from broadsheet.conf.init.record import content_hash

STAMP = "20260217-093000"


def plan(path: Path, *, ours: bytes = b"", force: bool = False, keeps_edits: bool = False) -> PlannedFile:
    """What writing `new` to a path means; `ours` is what we wrote there the last time."""
    file = WantedFile(path, b"new", 0o640, keeps_edits=keeps_edits)
    return plan_file(file, {str(path): content_hash(ours)} if ours else {}, force=force)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file"


def put(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def test_states(path: Path) -> None:
    assert plan(path).state is State.NEW
    put(path, b"new", 0o640)
    assert plan(path).state is State.SAME
    path.chmod(0o644)
    assert plan(path).state is State.CHANGED  # open to more than it should be
    put(path, b"old")
    assert plan(path, ours=b"old").state is State.CHANGED
    assert plan(path, keeps_edits=True).state is State.CHANGED
    assert plan(path, ours=b"other").state is State.EDITED
    assert plan(path).state is State.EDITED
    assert plan(path, force=True).state is State.REPLACED


def test_files_are_written_with_their_modes_and_nothing_lies_beside_them(path: Path) -> None:
    with ExitStack() as undo:
        assert write_files([plan(path)], undo, stamp=STAMP) == []
        undo.pop_all()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_what_was_written_is_taken_back(path: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    put(changed, b"old", 0o604)
    with pytest.raises(RuntimeError), ExitStack() as undo:
        write_files([plan(path), plan(changed, force=True)], undo, stamp=STAMP)
        assert make_folder(WantedFolder(tmp_path / "data" / "deep", 0o750), undo)
        (tmp_path / "data" / "deep" / "what came into it").write_text("")
        assert make_link(tmp_path / "links" / "link", "../changed", undo)
        assert changed.read_bytes() == b"new" and path.exists()
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["changed"]
    assert changed.read_bytes() == b"old"
    assert changed.stat().st_mode & 0o777 == 0o604


def test_one_file_that_cannot_be_staged_keeps_all_from_being_written(path: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("no folder")
    with pytest.raises(OSError), ExitStack() as undo:  # noqa: PT011 (which one depends on who runs this)
        write_files([plan(path), PlannedFile(WantedFile(tmp_path / "blocked" / "x", b"", 0o600), State.NEW)], undo, stamp=STAMP)
    assert [each.name for each in tmp_path.iterdir()] == ["blocked"]


def test_file_changed_by_hand_is_kept_beside_the_new_one(path: Path) -> None:
    put(path, b"by hand", 0o600)
    with ExitStack() as undo:
        saved = write_files([plan(path, force=True)], undo, stamp=STAMP)
        undo.pop_all()
    assert saved == [path.with_name(f"file.{STAMP}.old")]
    assert saved[0].read_bytes() == b"by hand"
    assert saved[0].stat().st_mode & 0o777 == 0o600


def test_our_own_earlier_version_is_not_kept(path: Path) -> None:
    put(path, b"old")
    with ExitStack() as undo:
        assert write_files([plan(path, ours=b"old")], undo, stamp=STAMP) == []
        undo.pop_all()
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_file_left_alone_is_left_alone(path: Path) -> None:
    put(path, b"by hand")
    with ExitStack() as undo:
        assert write_files([plan(path)], undo, stamp=STAMP) == []
    assert path.read_bytes() == b"by hand"


def test_folder_that_is_there_gets_its_mode_and_keeps_what_lies_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "kept").write_text("")
    with ExitStack() as undo:
        assert not make_folder(WantedFolder(folder, 0o750), undo)
        assert folder.stat().st_mode & 0o777 == 0o750
    assert folder.stat().st_mode & 0o777 == 0o755
    assert (folder / "kept").exists()


def test_link_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    with ExitStack() as undo:
        assert not make_link(tmp_path / "link", "here", undo)
    assert (tmp_path / "link").readlink() == Path("elsewhere")
