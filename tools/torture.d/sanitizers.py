"""all tests under AddressSanitizer and under ThreadSanitizer, with the programs that they start"""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

import report

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(__file__).resolve().parent / 'shared'
NUMBERS = [
    report.Number('address', 1, 1, 'whether AddressSanitizer is used'),
    report.Number('thread', 1, 1, 'whether ThreadSanitizer is used'),
    report.Number('programs', 0, 1, 'whether tests of whole programs are run'),
    report.Number('minutes', 30, 60, 'how long the tests of one module may take'),
]
PLANTS = {
    'use-after-free': 'a test reads memory that it has given back',
    'race': 'two threads of a test add to one number',
}
FINDINGS = {'use-after-free': 'heap-use-after-free', 'race': 'race'}
# Those of whole programs, behind those of their parts: tests that start relayd and relayctl.
OF_PROGRAMS = ['RelayctlTests', 'RelaybenchTests', 'RelayClientTests', 'EndToEndTests']
# What these tests are about is not the same under a sanitizer, or not there.
LEFT_OUT = {
    'TidyTests': 'they read the sources',
    'memory': 'a sanitizer has memory of its own beside each block',
    'preload': 'AddressSanitizer has to be the first library, and so has what makes a disk fail',
    'threads': 'ThreadSanitizer has a thread of its own',
}
SKIPPED = {
    'ConnectionMemoryTests': 'memory', 'AttackMemoryTests': 'memory', 'AllocationTests': 'memory',
    'SlowReaderTests': 'memory', 'UploadTests': 'memory', 'DiskFaultTests': 'preload',
    'SnapshotFaultTests': 'preload', 'AccountTests/idleMemory': 'memory',
    'RelaydOptionTests/loops': 'threads',
}


@dataclasses.dataclass(frozen=True)
class Sanitizer:
    """How one is built, and told what to do."""

    name: str
    plant: str
    variable: str
    options: str
    # Why tests are left out under it.
    reasons: frozenset[str]

    def flags(self, run: report.Run) -> list[str]:
        """What SwiftPM is told beside where to build."""
        flags = [f'--sanitize={self.name}', '--scratch-path', f'.build/{self.name}']
        if self.name == 'thread':
            flags += ['-Xlinker', str(mutex(run))]
        return flags

    @property
    def bundle(self) -> pathlib.Path:
        """The tests; the programs are beside it."""
        return ROOT / f'.build/{self.name}/debug/relayPackageTests.xctest'


SANITIZERS = [
    # Swift's runtime never gives back what it knows of types, so leaks are not looked for.
    Sanitizer('address', 'use-after-free', 'ASAN_OPTIONS', 'detect_leaks=0',
              frozenset({'memory', 'preload'})),
    # A program ends with threads that nobody waits for: the kernel ends them.
    Sanitizer('thread', 'race', 'TSAN_OPTIONS', 'exitcode=0:report_thread_leaks=0',
              frozenset({'memory', 'threads'})),
]


def mutex(run: report.Run) -> pathlib.Path:
    """What tells ThreadSanitizer of Mutex, at a path that stays, or all is linked anew."""
    made = ROOT / '.build/mutex.o'
    made.parent.mkdir(exist_ok=True)
    # Swift's calling convention is clang's alone: the one that comes with Swift.
    swift = pathlib.Path(os.path.realpath(shutil.which('swiftc') or 'swiftc'))
    command = [swift.with_name('clang'), '-O1', '-fPIC', '-c', SHARED / 'mutex.c', '-o', made]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise report.Stop(f'mutex.c is not compiled: {result.stderr[-500:]}')
    return made


def build(run: report.Run, sanitizer: Sanitizer) -> None:
    """Builds tests and programs: some minutes, the first time."""
    command = ['swift', 'build', '--build-tests', *sanitizer.flags(run)]
    result = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise report.Stop(f'{sanitizer.name}: it is not built: {result.stdout[-1500:]}')
    run.step(f'{sanitizer.name}: built')


def modules(run: report.Run) -> list[str]:
    """The modules of tests, parts of the programs first."""
    names = sorted(path.name for path in (ROOT / 'Tests').glob('*Tests'))
    parts = [name for name in names if name not in [*OF_PROGRAMS, *LEFT_OUT]]
    return parts + (OF_PROGRAMS if run.number('programs') else [])


def perform(
    run: report.Run, sanitizer: Sanitizer, module: str, plant: str = '',
) -> tuple[int, int]:
    """Runs the tests of a module; how many passed, and how many findings there are."""
    logs = run.place / f'{sanitizer.name}-{module}'
    logs.mkdir()
    # Programs that tests start as another user write reports, too; without a place for them they end.
    run.place.chmod(0o711)
    logs.chmod(0o777)
    options = f'{sanitizer.options}:log_path={logs}/report'
    skipped = [
        word for name, reason in SKIPPED.items() if reason in sanitizer.reasons
        for word in ('--skip', name)]
    environment = {
        **os.environ, sanitizer.variable: options, 'SWIFT_BACKTRACE': 'enable=no',
        'RELAY_PLANTED_FAULT': plant}
    with open(logs / 'output', 'w', encoding='utf8') as output:
        try:
            code = subprocess.run(
                [sanitizer.bundle, '--testing-library', 'swift-testing', '--filter',
                 rf'^{module}\.', *skipped],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, timeout=60 * run.number('minutes')).returncode
        except subprocess.TimeoutExpired:
            code = None
    text = re.sub(r'\x1b\[[0-9;]*m', '', (logs / 'output').read_text(errors='replace'))
    found = findings(logs)
    for finding in found:
        run.wrong(f'{sanitizer.name}: {module}: {finding}')
    failed = [line.strip() for line in text.splitlines() if 'recorded an issue' in line]
    for line in [] if plant else failed:
        run.wrong(f'{sanitizer.name}: {module}: {line}')
    run.expect(
        code == 0 or bool(failed) or bool(found),
        f'{sanitizer.name}: the tests of {module} end with {code}: {text[-500:]}')
    passed = re.search(r'Test run with (\d+) tests?', text)
    return int(passed[1]) if passed else 0, len(found)


def findings(logs: pathlib.Path) -> list[str]:
    """What a sanitizer reported of all processes: the kind, and the first place of ours in it."""
    found = []
    for path in sorted(logs.glob('report.*')):
        for text in path.read_text(errors='replace').split('==================\n'):
            head = re.search(r'(?:ERROR|WARNING): (\w+Sanitizer: [^\n]+)', text)
            place = re.search(rf'{re.escape(str(ROOT))}/(\S+)', text)
            if head:
                found.append(f'{head[1]} at {place[1] if place else "no place of ours"}')
    return found


def torture(run: report.Run) -> None:
    """All tests, under one sanitizer after the other."""
    if run.options.short:
        raise report.LeftOut('it takes two builds of its own: the long form does that')
    total = 0
    for sanitizer in SANITIZERS:
        if run.plant is not None:
            if sanitizer.plant == run.plant:
                build(run, sanitizer)
                perform(run, sanitizer, 'SystemTests', plant=run.plant)
            continue
        if not run.number(sanitizer.name):
            continue
        build(run, sanitizer)
        for module in modules(run):
            passed, found = perform(run, sanitizer, module)
            run.step(f'{sanitizer.name}: {module}: {passed} tests, {found} findings')
            total += passed
    run.summary = f'{total} tests without a finding'


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
