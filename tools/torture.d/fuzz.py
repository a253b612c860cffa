"""libFuzzer and AddressSanitizer make inputs for everything that reads bytes from outside"""
import os
import pathlib
import re
import shutil
import subprocess

import report

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / 'tools/relayfuzz/corpus'
NUMBERS = [
    report.Number('seconds', 0, 170, 'how long each target gets inputs; 0 runs those that are kept'),
]
PLANTS = {
    'record': 'a record is lost between a dump and its load',
    'memory': 'a byte is written behind a block, where four comparisons held before',
}
FINDINGS = {'record': 'something else', 'memory': 'heap-buffer-overflow'}
# Not a target, but what shows that a fault of memory is found.
PLANTED = 'planted'
SANITIZED = [
    '--configuration', 'release', '--scratch-path', '.build/fuzz', '-Xswiftc',
    '-sanitize=fuzzer,address', '-Xswiftc', '-DRELAY_FUZZ', '-Xswiftc', '-enable-testing', '-Xcxx',
    '-fsanitize=fuzzer-no-link,address', '-Xswiftc', '-use-ld=lld']
# What libFuzzer may give an input: seconds, bytes, MiB of memory.
LIMITS = ['-timeout=20', '-max_len=4096', '-rss_limit_mb=3000']
PLANT_SECONDS = 60


def torture(run: report.Run) -> None:
    """Runs the inputs that are kept, or has libFuzzer make more of them."""
    if run.plant is None:
        run.summary = fuzz(run) if run.number('seconds') else replay(run)
    elif run.plant == 'record':
        replay(run, {'RELAY_FUZZ_PLANT': 'record'})
    elif run.options.short:
        raise report.LeftOut('it takes a build with AddressSanitizer: the long form does that')
    else:
        feed(run, built(run), PLANTED, PLANT_SECONDS)


def replay(run: report.Run, environment: dict[str, str] | None = None) -> str:
    """Runs all inputs that are kept, in the program of the tests."""
    program = ROOT / '.build/debug/relayfuzz'
    if not program.exists():
        raise report.LeftOut('there is no .build/debug/relayfuzz: swift build makes it')
    inputs = 0
    for target in targets():
        files = len(list((CORPUS / target).iterdir()))
        inputs += files
        result = subprocess.run(
            [program, target, CORPUS / target], capture_output=True, text=True, errors='replace',
            timeout=300, env={**os.environ, 'SWIFT_BACKTRACE': 'enable=no', **(environment or {})})
        run.expect(
            result.returncode == 0 and f'{files} inputs' in result.stdout,
            f'{target}: ends with {result.returncode}: {tail(result.stdout + result.stderr)}')
    return f'{inputs} inputs that are kept, for {len(targets())} targets'


def targets() -> list[str]:
    """Everything that is fed."""
    return sorted(path.name for path in CORPUS.iterdir() if path.name != PLANTED)


def tail(text: str) -> str:
    """What a program said last, or what it calls broken."""
    said = [line for line in text.splitlines() if 'broken' in line or 'ERROR' in line]
    return (said or [text[-300:]])[0][:600]


def built(run: report.Run) -> pathlib.Path:
    """Builds relayfuzz with libFuzzer and AddressSanitizer: some minutes, the first time."""
    command = ['swift', 'build', *SANITIZED, '--product', 'relayfuzz']
    result = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise report.Stop(f'relayfuzz is not built: {result.stdout[-1500:]}')
    run.step('relayfuzz is built')
    return ROOT / '.build/fuzz/release/relayfuzz'


def fuzz(run: report.Run) -> str:
    """Each target for so long."""
    program = built(run)
    total = 0
    for target in targets():
        count = feed(run, program, target, run.number('seconds'))
        run.step(f'{target}: {count} runs')
        total += count
    return f'{total} runs of {len(targets())} targets without a finding'


def feed(run: report.Run, program: pathlib.Path, target: str, seconds: int) -> int:
    """Has libFuzzer feed a target; the number of inputs. What was found stays beside the torture."""
    found = run.place / target
    found.mkdir()
    result = subprocess.run(
        [program, target, *LIMITS, f'-max_total_time={seconds}', f'-seed={run.seed}',
         '-print_final_stats=1', f'-artifact_prefix={found}/', found, CORPUS / target],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
        env={**os.environ, 'SWIFT_BACKTRACE': 'enable=no', 'ASAN_OPTIONS': 'detect_leaks=0'})
    counted = re.search(r'stat::number_of_executed_units: +([0-9]+)', result.stdout)
    if result.returncode != 0:
        kept = keep(found, target)
        run.wrong(f'{target}: {tail(result.stdout)}; the input is {kept}')
    return int(counted[1]) if counted else 0


def keep(found: pathlib.Path, target: str) -> str:
    """Puts the inputs that libFuzzer stopped at where the torture does not remove them."""
    kept = ROOT / '.build/fuzz/found'
    kept.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in ('crash', 'timeout', 'oom', 'leak'):
        for path in found.glob(f'{kind}-*'):
            paths.append(kept / f'{target}-{path.name}')
            shutil.copy(path, paths[-1])
    return ', '.join(map(str, paths)) or 'not kept'


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
