// Before the terminal's own script: where its socket is, seen from this page, and why it was closed, for people to read.
"use strict";

const SIZES = [10, 12, 14, 16, 18, 20, 24, 28];
const KEPT = "jobd font size";

window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    this.addEventListener("open", async () => {
      await document.fonts.ready; // the terminal measures its cells with whatever font is there: so once more
      window.dispatchEvent(new Event("resize"));
      document.querySelector(".xterm-helper-textarea").focus();
    });
    this.addEventListener("close", (event) => {
      document.getElementById("why").textContent = event.reason || "The connection was lost.";
      document.getElementById("again").focus();
    });
  }
};

function resized(step) {
  const now = Number(localStorage.getItem(KEPT)) || 16;
  const next = SIZES[Math.min(SIZES.length - 1, Math.max(0, SIZES.indexOf(now) + step))] || 16;
  localStorage.setItem(KEPT, String(next));
  location.reload();
}

document.addEventListener("DOMContentLoaded", () => {
  const terminal = document.getElementById("terminal");
  const socket = new URL("socket", location.href);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket.search = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;
  terminal.dataset.fontSize = String(Number(localStorage.getItem(KEPT)) || 16);
  document.getElementById("smaller").addEventListener("click", () => resized(-1));
  document.getElementById("larger").addEventListener("click", () => resized(1));
});
