"""The table: any number of rows, few of them at hand, and only what changed is painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from jobd.dashboard.lists.columns import Column, fit, sized
from jobd.dashboard.looks import Eye, Tone
from jobd.dashboard.widgets.table import Table

Row = tuple[int, str]
COLUMNS: tuple[Column[Row], ...] = (
    Column(title="N", cell=lambda row, eye: str(row[0]), width=4, right=True),
    Column(title="WORD", cell=lambda row, eye: (row[1], Tone.GOOD), width=8, grow=1),
)


class Painted(Table[Row]):
    """Remembers what it asked to be painted."""

    def __init__(self, columns: Sequence[Column[Row]] = COLUMNS) -> None:
        super().__init__(columns, key=lambda row: row[0], markable=True)
        self.regions: list[Region] = []

    def refresh(self, *regions: Region, **more: Any) -> Any:
        self.regions += regions
        return super().refresh(*regions, **more)


class Shown(App[None]):
    def __init__(self, columns: Sequence[Column[Row]] = COLUMNS) -> None:
        super().__init__()
        self.table = Painted(columns)
        self.opened: list[Row] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_table_opened(self, event: Table.Opened[Row]) -> None:
        self.opened.append(event.row)


def rows(*numbers: int) -> list[Row]:
    return [(number, f"word {number}") for number in numbers]


def text(app: Shown) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def test_what_is_chosen_stays_chosen_wherever_its_row_goes() -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(rows(1, 2, 3))
        await pilot.press("j")
        assert app.table.row == (2, "word 2")
        app.table.show(rows(7, 8, 9, 1, 2, 3))
        assert app.table.row == (2, "word 2")
        assert app.table.at == 4
        app.table.show(rows(7, 8))  # it is gone: the place is kept as far as there is one
        assert app.table.at == 1


async def test_marks_belong_to_rows_and_survive_new_rows() -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(rows(1, 2, 3))
        await pilot.press("space", "space")
        app.table.show(rows(9, 3, 2, 1))
        assert [row[0] for row in app.table.marked] == [1, 2]
        assert text(app).count("◆") == 2


async def test_ten_million_rows_are_walked_like_ten() -> None:
    class Endless(Sequence[Row]):
        touched: set[int] = set()  # noqa: RUF012 - one instance

        def __len__(self) -> int:
            return 10_000_000

        def __getitem__(self, index: Any) -> Any:
            self.touched.add(index)
            return (index, f"word {index}")

    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(Endless())
        await pilot.press("G")
        while app.table.scroll_y != app.table.max_scroll_y:
            await pilot.pause()
        assert "word 9999999" in text(app)
        assert len(Endless.touched) < 100


async def test_only_the_cell_that_changed_is_painted() -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(rows(1, 2, 3))
        await pilot.pause()
        app.table.regions.clear()
        app.table.show(rows(1, 2, 3))
        assert app.table.regions == []
        app.table.show([(1, "word 1"), (2, "other"), (3, "word 3")])
        (painted,) = app.table.regions
        assert painted.y == 2
        assert painted.x > 4  # the number before it stays
        await pilot.pause()
        assert "other" in text(app)


@pytest.mark.parametrize("width", [20, 40, 60])
async def test_a_narrow_terminal_cuts_words_and_no_lines(width: int) -> None:
    app = Shown()
    async with app.run_test(size=(width, 6)) as pilot:
        app.table.show([(1, "أهلا وسهلا 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字 long"), (2, "b")])
        await pilot.pause()
        assert all(cell_len(line) <= width for line in text(app).splitlines())


async def test_enter_and_a_second_click_open_a_row() -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(rows(1, 2, 3))
        await pilot.press("enter")
        await click(pilot, 2)
        await click(pilot, 2)
        await pilot.pause()
        assert app.opened == [(1, "word 1"), (2, "word 2")]


async def click(pilot: Pilot[Any], y: int) -> None:
    await pilot.click(Table, offset=(3, y))
    await pilot.pause()


def test_what_is_least_needed_goes_first_and_the_rest_fills_the_line() -> None:
    columns: tuple[Column[Row], ...] = (
        Column(title="A", cell=lambda row, eye: "", width=10),
        Column(title="B", cell=lambda row, eye: "", width=10, keep=2),
        Column(title="C", cell=lambda row, eye: "", width=10, keep=1, grow=1),
        Column(title="D", cell=lambda row, eye: "", width=10, grow=3),
    )
    assert [column.title for column, _ in fit(columns, 80)] == ["A", "B", "C", "D"]
    assert [column.title for column, _ in fit(columns, 40)] == ["A", "B", "D"]
    assert [column.title for column, _ in fit(columns, 25)] == ["A", "D"]
    assert sum(width + 2 for _, width in fit(columns, 80)) - 2 == 80


def test_what_would_be_cut_borrows_of_what_does_not_use_its_part() -> None:
    columns: tuple[Column[Row], ...] = (
        Column(title="JOB", cell=lambda row, eye: "", width=10, grow=1),
        Column(title="TOOK", cell=lambda row, eye: "", width=10),
        Column(title="NOTE", cell=lambda row, eye: "", width=10, grow=1),
    )

    def widths(**longest: int) -> list[int]:
        return [width for _, width in fit(columns, 64, longest)]

    assert widths() == [25, 10, 25]
    assert widths(JOB=8, NOTE=20) == [25, 10, 25], "nothing is cut: nothing moves"
    assert widths(JOB=8, NOTE=30) == [20, 10, 30]
    assert widths(JOB=8, NOTE=90) == [10, 10, 40], "no column gets narrower than its least"
    assert widths(JOB=22, NOTE=90) == [22, 10, 28]
    assert widths(JOB=90, NOTE=90) == [25, 10, 25]


async def test_a_text_that_was_cut_is_shown_whole_and_nothing_jumps_back() -> None:
    columns: tuple[Column[Row], ...] = (
        Column(title="ID", cell=lambda row, eye: str(row[0]), width=4, grow=1),
        Column(title="NOTE", cell=lambda row, eye: row[1], width=10, grow=1),
    )
    app = Shown(columns)
    async with app.run_test(size=(60, 10)) as pilot:
        app.table.show([(1, "short")])
        await pilot.pause()
        first = app.table.fitted
        app.table.show([(1, "a text that is longer than half of this line")])
        await pilot.pause()
        wide = app.table.fitted
        assert "a text that is longer than half of this line" in text(app)
        app.table.show([(1, "short")])
        await pilot.pause()
        assert app.table.fitted == wide != first


CELLS = ("plain", "漢字漢字漢字", "\x1b[31mred", ("a" * 50, Tone.BAD), (("ab", Tone.DIM), ("cd", Tone.BAD)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("width", [1, 4, 7, 30])
def test_a_cell_is_exactly_as_wide_as_its_column_and_holds_no_orders(cell: Any, width: int) -> None:
    whole = "".join(bit for bit, _ in sized(cell, width))
    assert cell_len(whole) == width
    assert whole.isprintable()


def test_an_eye_for_ascii_sees_no_other_characters() -> None:
    assert Eye.open(ascii=True).pick("█", "#") == "#"
