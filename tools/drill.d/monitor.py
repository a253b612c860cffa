"""Debian's Prometheus with the configuration and the alerts of tools/monitoring, sixty times as fast."""
import json
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.request

MONITORING = pathlib.Path(__file__).resolve().parents[1] / 'monitoring'
# What a second is, a sixtieth of it, and so on: the copy has a second where the original has a minute.
FASTER = {'s': ('ms', 1000 / 60), 'm': ('s', 1), 'h': ('m', 1)}


def hastened(text: str) -> str:
    """A configuration, or rules, whose every duration is a sixtieth. Nothing else is changed."""
    def shorter(found: re.Match[str]) -> str:
        unit, factor = FASTER[found[2]]
        return f'{round(int(found[1]) * factor)}{unit}'
    return re.sub(r'(?<=[ \[])(\d+)([smh])\b', shorter, text)


class Prometheus:
    """A Prometheus that scrapes one relayd.

    `planted` are two texts: in the copy of the alerts the second takes the place of the first.
    """

    def __init__(
        self, place: pathlib.Path, port: int, relayd: str, planted: tuple[str, str] | None = None,
    ) -> None:
        self.base = f'http://127.0.0.1:{port}'
        self.log = place / 'prometheus.log'
        rules = hastened((MONITORING / 'alerts.yml').read_text())
        if planted is not None:
            assert planted[0] in rules
            rules = rules.replace(*planted)
        (place / 'alerts.yml').write_text(rules)
        settings = (MONITORING / 'prometheus.yml').read_text()
        settings = hastened(settings.replace(
            'scrape_interval: 15s', 'scrape_interval: 15s\n  evaluation_interval: 15s'))
        (place / 'prometheus.yml').write_text(settings.replace('127.0.0.1:9464', relayd))
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                ['prometheus', f'--config.file={place}/prometheus.yml',
                 f'--storage.tsdb.path={place}/prometheus', f'--web.listen-address=127.0.0.1:{port}',
                 '--log.level=warn'], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def end(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait()

    def _ask(self, path: str) -> dict:
        with urllib.request.urlopen(self.base + path, timeout=5) as answer:
            return json.load(answer)['data']

    def is_up(self) -> bool:
        """Whether its last scrape of relayd was answered."""
        try:
            targets = self._ask('/api/v1/targets')['activeTargets']
        except urllib.error.URLError:
            return False
        return [target['health'] for target in targets] == ['up']

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        alerts = self._ask('/api/v1/alerts')['alerts']
        return {one['labels']['alertname'] for one in alerts if one['state'] == 'firing'}


def wait_until(holds, seconds: float) -> bool:
    """Asks again and again, for so long; whether it came to hold."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
