"""A command with a sandbox, to be killed by tests: prints who is who in it as JSON, then waits."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from gateway.lab.channel import Sender
from gateway.lab.sandbox import Sandbox


def program(sender: Sender) -> None:
    """Leave one of everything: a process of its own session, an interface, a mount, a file."""
    subprocess.run(["ip", "link", "add", "victim0", "type", "veth", "peer", "name", "victim1"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "victim", "/mnt"], check=True)
    Path("/run/lab/victim").touch()
    daemon = subprocess.Popen(["setsid", "sleep", "300"])
    sender.send("ready", {"program": os.getpid(), "daemon": daemon.pid})
    time.sleep(300)


def main() -> None:
    """Start the sandbox and report; ``keep`` as an argument leaves it up."""
    with Sandbox(program) as box:
        kind, _ = next(box.messages())
        namespace = Path(f"/proc/{box.init}/ns/pid").readlink()
        facts = {"kind": kind, "warden": box.warden, "init": box.init, "namespace": str(namespace)}
        if "keep" in sys.argv:
            box.keep()
        print(json.dumps({"command": os.getpid(), **facts}), flush=True)  # noqa: T201 - what the test reads
        if "keep" not in sys.argv:
            time.sleep(300)


if __name__ == "__main__":
    main()
