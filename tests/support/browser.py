"""A real browser without a window: pages are opened, keys pressed, and what its terminal shows is read as text."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
NAMED = {"Enter": ("\r", 13), "Escape": ("", 27), "Tab": ("", 9), "ArrowDown": ("", 40)}
# The terminal in the page keeps itself to itself: its maker is watched, and the terminal kept where it can be asked.
WATCH = """
Object.defineProperty(Object.prototype, "fitAddon", { configurable: true, set(addon) {
  delete Object.prototype.fitAddon;
  this.fitAddon = addon;
  globalThis.shown = this.terminal;
}});
"""
TEXT = """(() => {
  const buffer = shown.buffer.active;
  return Array.from({ length: shown.rows }, (_, row) => buffer.getLine(buffer.viewportY + row).translateToString(true))
    .join("\\n");
})()"""
UNTIL = """new Promise((seen) => {
  const look = () => { if (%(text)s.includes(%(wanted)s)) seen(true); };
  shown.onWriteParsed(look);
  look();
})"""

FOCUSED = """new Promise((seen) => {
  const look = () => { if (document.activeElement.id === %(id)s) seen(true); };
  document.addEventListener("focusin", look);
  look();
})"""
SECONDS = 20.0


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session: str | None = None
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._waiting: dict[str, list[asyncio.Future[Any]]] = defaultdict(list)
        self.requests: list[str] = []
        """Every address that was asked for."""
        self.complaints: list[str] = []
        """What the console says: what the policy forbade, errors of scripts."""

    async def attach(self) -> None:
        """To a new tab."""
        target = await self.call("Target.createTarget", url="about:blank", newWindow=True, width=1280, height=800)
        found = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    async def call(self, method: str, **parameters: Any) -> Any:
        """The answer of the browser."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
        return await answer

    async def listen(self) -> None:
        """Until the browser ends."""
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                answer = self._answers.pop(said["id"])
                if "error" in said:
                    answer.set_exception(RuntimeError(said["error"]["message"]))
                else:
                    answer.set_result(said["result"])
            else:
                self._hear(said["method"], said["params"])

    async def open(self, url: str) -> None:
        """Until all of it has been loaded."""
        async with self.loading():
            await self.call("Page.navigate", url=url)

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """What is done in the block leads to another page: until all of it has been loaded."""
        loaded = self.next("Page.loadEventFired")
        yield
        async with asyncio.timeout(SECONDS):
            await loaded

    async def focus(self, id: str) -> None:
        """Until the page has given the focus to this element."""
        async with asyncio.timeout(SECONDS):
            await self.value(FOCUSED % {"id": json.dumps(id)})

    def next(self, event: str) -> asyncio.Future[Any]:
        """The next event of this name."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[event].append(future)
        return future

    async def value(self, script: str) -> Any:
        """Of an expression, or what its promise comes to."""
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def text(self) -> str:
        """What stands in the terminal."""
        return str(await self.value(TEXT))

    async def until(self, wanted: str, seconds: float = SECONDS) -> None:
        """Until the terminal shows this text."""
        try:
            async with asyncio.timeout(seconds):
                await self.value(UNTIL % {"text": TEXT, "wanted": json.dumps(wanted)})
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds:g} s: {wanted}\n{await self.text()}") from None

    async def press(self, *keys: str) -> None:
        for key in keys:
            text, code = NAMED.get(key, (key, ord(key.upper()) if len(key) == 1 else 0))
            facts = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
            await self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **facts)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def type(self, text: str) -> None:
        """Into whatever has the focus."""
        await self.call("Input.insertText", text=text)

    async def picture(self, path: Path) -> None:
        found = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))

    def _hear(self, event: str, facts: Any) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        elif event == "Network.webSocketCreated":
            self.requests.append(facts["url"])
        elif event == "Log.entryAdded":
            self.complaints.append(facts["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(facts["exceptionDetails"]))
        for future in self._waiting.pop(event, []):
            if not future.done():
                future.set_result(facts)


@asynccontextmanager
async def browser(directory: Path) -> AsyncIterator[Page]:
    """A tab of a new browser that finds no address but those of this machine."""
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={directory}", "--no-first-run",
        "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            address = await _address(process)
        async with aiohttp.ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            await page.attach()
            yield page
            listening.cancel()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Where its tools listen, as it says itself."""
    assert process.stderr is not None
    said = []
    async for line in process.stderr:
        said.append(line.decode(errors="replace"))
        if "DevTools listening on " in said[-1]:
            return said[-1].partition("DevTools listening on ")[2].strip()
    raise AssertionError("".join(said))
