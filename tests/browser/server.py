"""A Jupyter server for tests: on loopback, with a token and settings of its own, gone at the end."""
import json, os, secrets, shutil, socket, subprocess, sys, time
from pathlib import Path
from urllib.request import Request, urlopen

import psutil

# What every test starts with: JupyterLab has all cells in the page, asks nothing and fetches nothing.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
OPTIONS = [
    "--no-browser", "--ServerApp.answer_yes=True", "--ServerApp.allow_root=True",
    "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0",
    "--ServerApp.terminals_enabled=False", "--LabApp.extension_manager=readonly",
    "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
]


def free_port() -> int:
    "A port that nobody listens on."
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    "JupyterLab (and Notebook 7, if installed) that serves a copy of a folder of notebooks."

    def __init__(self, home: Path, notebooks: Path):
        self.home, self.root = home, home/"notebooks"
        self.token, self.port = secrets.token_hex(16), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        ignored = shutil.ignore_patterns(".ipynb_checkpoints", "runs", "data")
        shutil.copytree(notebooks, self.root, ignore=ignored)

    def environment(self) -> dict:
        "Our environment, with the user's Jupyter folders replaced; kernels are found beside this Python."
        folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython",
                   "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings",
                   "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER") and k != "MPLBACKEND"}
        calm = {"OMP_NUM_THREADS": "1"}                     # browser, server and kernel share the cores
        return calm | kept | {name: str(self.home/folder) for name, folder in folders.items()}

    def start(self, timeout: float = 60) -> "Server":
        "Start, and wait until the server answers."
        command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.port={self.port}",
                   f"--ServerApp.root_dir={self.root}", f"--IdentityProvider.token={self.token}"]
        self.log = self.home/"server.log"
        with self.log.open("w") as log:
            self.process = psutil.Popen(command, env=self.environment(), cwd=self.home, stdout=log,
                                        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        end = time.monotonic() + timeout
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"the Jupyter server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(.1)
        return self

    def api(self, path: str, method: str = "GET"):
        "Ask the server's REST interface."
        request = Request(f"{self.url}/api/{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")

    def answers(self) -> bool:
        "Does the server answer?"
        try: return bool(self.api("status"))
        except OSError: return False

    def reset(self) -> None:
        "No kernels, and JupyterLab's settings as at the start."
        for kernel in self.api("kernels"): self.api(f"kernels/{kernel['id']}", "DELETE")
        shutil.rmtree(self.home/"settings", ignore_errors=True)
        for name, values in SETTINGS.items():
            path = self.home/"settings"/"@jupyterlab"/f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def processes(self) -> list[psutil.Process]:
        "Kernels, and whatever they started."
        return self.process.children(recursive=True)

    def stop(self, timeout: float = 20) -> None:
        "Stop the server; complain about a kernel that outlives it."
        if self.process.poll() is not None: return
        children = self.processes()
        self.process.terminate()
        _, alive = psutil.wait_procs([self.process, *children], timeout)
        for process in alive: process.kill()
        assert not alive, f"still running after the server stopped: {alive}"
