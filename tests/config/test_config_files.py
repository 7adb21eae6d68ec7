"""Which files are read: drop-ins decide what runs, so nobody else may have written them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobd.config import examine, load
from jobd.errors import ConfigError

DROP_IN = "[daemon]\nname = 'other'\n"


@pytest.fixture
def main(tmp_path: Path) -> Path:
    path = tmp_path / "jobd.toml"
    path.write_text("[daemon]\nname = 'main'\n")
    (tmp_path / "jobd.d").mkdir(mode=0o755)
    return path


def drop_in(main: Path, name: str = "own.toml", content: str = DROP_IN, mode: int = 0o644) -> Path:
    path = main.parent / "jobd.d" / name
    path.write_text(content)
    path.chmod(mode)
    return path


def refusal(main: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(main, environ={})
    return str(caught.value)


def test_a_drop_in_of_our_own_is_read(main: Path) -> None:
    drop_in(main)
    assert load(main, environ={}).daemon.name == "other"


@pytest.mark.parametrize("name", [".hidden.toml", "own.toml~", "own.toml.dpkg-old", "README"])
def test_what_editors_and_packages_leave_is_passed_over(main: Path, name: str) -> None:
    drop_in(main, name, "not toml")
    assert load(main, environ={}).daemon.name == "main"


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o602])
def test_a_drop_in_that_others_may_write_is_refused(main: Path, mode: int) -> None:
    path = drop_in(main, mode=mode)
    assert refusal(main) == f"{path}: others may write it: chmod go-w"


def test_a_directory_that_others_may_write_is_refused(main: Path) -> None:
    drop_in(main)
    (main.parent / "jobd.d").chmod(0o777)
    assert "jobd.d: others may write it" in refusal(main)


def test_a_link_a_fifo_and_a_directory_are_refused_without_waiting(main: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text(DROP_IN)
    directory = tmp_path / "jobd.d"
    (directory / "a.toml").symlink_to(tmp_path / "elsewhere.toml")
    os.mkfifo(directory / "b.toml")
    (directory / "c.toml").mkdir()
    found = refusal(main).splitlines()
    assert [line.partition(": ")[2] for line in found] == [
        "is a symbolic link",
        "is not a regular file",
        "is not a regular file",
    ]


def test_a_linked_drop_in_directory_is_refused(tmp_path: Path, main: Path) -> None:
    (tmp_path / "jobd.d").rename(tmp_path / "real.d")
    (tmp_path / "jobd.d").symlink_to(tmp_path / "real.d")
    assert "is not a directory that can be read" in refusal(main)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_drop_in_of_another_user_is_refused(main: Path) -> None:
    os.chown(drop_in(main), 65534, 65534)
    assert "belongs to another user" in refusal(main)


def test_a_name_that_says_more_than_a_name_is_refused(main: Path) -> None:
    drop_in(main, "a b\n.toml")
    message = refusal(main)
    assert "letters, digits, dot, dash" in message
    assert "\n" not in message


def test_a_file_of_a_gigabyte_is_refused_unread(main: Path) -> None:
    with drop_in(main).open("r+b") as file:
        file.truncate(2**31)
    with main.open("r+b") as file:
        file.truncate(2**31)
    assert [problem.problem for problem in examine(main, environ={}).problems] == ["is larger than 1024 KiB"] * 2


def test_a_main_file_that_is_none_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.toml")
    assert "is not a regular file" in refusal(tmp_path / "fifo.toml")
    assert "is not a regular file" in refusal(tmp_path)


def test_text_that_is_not_utf8_has_its_place(main: Path) -> None:
    main.write_bytes(b"[daemon]\r\nname = '\xc3\xa4 \xff'\r\n")
    assert refusal(main) == f"{main}:2:11: is not UTF-8 text"


def test_all_unreadable_files_are_reported_at_once(main: Path) -> None:
    main.write_text("a = \n")
    drop_in(main, "1.toml", "b = \n")
    drop_in(main, "2.toml", mode=0o666)
    assert len(refusal(main).splitlines()) == 3
