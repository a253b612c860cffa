"""A real relayd on sample data, and nghttpx in front of it: HTTP/1.1 in, HTTP/2 on the Unix socket out."""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time


# Debian puts it where only root looks.
NGHTTPX = shutil.which("nghttpx") or "/usr/sbin/nghttpx"


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, what):
    """Waits until a port takes connections."""
    for _ in range(400):
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.025)
    raise RuntimeError(f"{what} does not listen on {port}")


@contextlib.contextmanager
def running(programs, orders):
    """Yields the base URL and a key; ends both processes afterwards."""
    programs = pathlib.Path(programs).resolve()
    # A short path: a Unix socket's has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="relay-conformance-", dir="/tmp") as directory:
        store, unix = f"{directory}/store", f"{directory}/relay.sock"
        relayctl = [programs / "relayctl"]
        subprocess.run(
            [*relayctl, "sample", "--store", store, "--orders", str(orders)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        key = json.loads(subprocess.run(
            [*relayctl, "keys", "create", "--store", store, "--account", "1", "--label", "conformance", "--json"],
            check=True, capture_output=True).stdout)["key"]
        port = free_port()
        with open(f"{directory}/log", "w") as log, contextlib.ExitStack() as stack:
            def start(command):
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                stack.callback(process.wait)
                stack.callback(process.terminate)
                return process

            relayd = start([programs / "relayd", "--store", store, "--socket", unix])
            for _ in range(400):
                if pathlib.Path(unix).exists():
                    break
                time.sleep(0.025)
            proxy = start([
                NGHTTPX, "--conf=/dev/null", "--workers=1", "--accesslog-file=/dev/null",
                # Methods and fields go through as they come: what is wrong is relayd's to refuse.
                f"--frontend=127.0.0.1,{port};no-tls", f"--backend=unix:{unix};;proto=h2"])
            wait_for(port, proxy, "nghttpx")
            yield f"http://127.0.0.1:{port}", key
            if relayd.poll() is not None:
                raise RuntimeError(f"relayd ended with {relayd.returncode} on the way")
