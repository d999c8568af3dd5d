"""A headless Chromium spoken to over its pipe: JSON, nothing but the standard library."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *(
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--remote-debugging-pipe",
    ),
)


class Browser:
    def __init__(self, folder):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        words = shlex.join([CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank"])
        self.program = subprocess.Popen(
            ["bash", "-c", f"exec {words} 3<&{theirs_in} 4>&{theirs_out}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.stream_in = os.fdopen(ours_in, "rb", buffering=0)
        self.stream_out = os.fdopen(ours_out, "wb", buffering=0)
        self.events, self.rest, self.number, self.session = [], b"", 0, None

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.stream_out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def _read(self):
        while b"\0" not in self.rest:
            block = self.stream_in.read(1 << 16)
            assert block, "the browser has ended"
            self.rest += block
        text, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def open(self, path, width):
        """Open a file in a new page of this width, and wait until it is laid out."""
        self.session, self.events = None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        answer = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = answer["sessionId"]
        for domain in ("Page", "Log", "Network", "Runtime"):
            self.call(f"{domain}.enable")
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)
        self.call("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + 60
        while (
            self.ask("document.readyState") != "complete"
            or self.ask("location.protocol") != "file:"
        ):
            assert time.monotonic() < end, "the page was not laid out"
            time.sleep(0.05)

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def addresses(self):
        sent = [e["params"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return {one["request"]["url"] for one in sent}

    def complaints(self):
        kinds = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [event["params"] for event in self.events if event["method"] in kinds]

    def close(self):
        self.program.terminate()
        self.program.wait(timeout=30)
        self.stream_in.close()
        self.stream_out.close()
