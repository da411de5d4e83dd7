"""Builds the fuzz targets and runs each for its share of the time: `make fuzz` calls this.

What makes a target crash is kept in `Tests/Fuzz/regressions/<target>/`, to be committed with the repair: every later
run begins with it. What widens the coverage is kept beside the build, so that a run goes on where the last one ended.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests" / "Support"))

from seeds import SEEDS  # noqa: E402

BUILD = REPOSITORY / ".build" / "fuzz"
CORPUS = REPOSITORY / ".build" / "fuzz-corpus"
REGRESSIONS = Path(__file__).resolve().parent / "regressions"
#: Release, as it runs: there an index out of bounds is caught by the address sanitizer only.
BUILD_COMMAND = (
    *("swift", "build", "--configuration", "release", "--scratch-path", str(BUILD), "--no-color-diagnostics"),
    *("--product", "axolotl-fuzz", "-Xswiftc", "-enable-testing"),
    # GNU's gold cannot link what the address sanitizer makes of Swift.
    *("-Xswiftc", "-sanitize=fuzzer,address", "-Xswiftc", "-use-ld=lld"),
)
#: One input may take this long, and the process this much memory, before it counts as a fault.
INPUT_SECONDS = 5
MEMORY_MB = 1024
#: Symbolizers read the debug information of every library first, which takes minutes.
ENVIRONMENT = {"ASAN_OPTIONS": "symbolize=0:detect_leaks=1", "SWIFT_BACKTRACE": "enable=no"}


@dataclass(frozen=True)
class Result:
    """How one target's run ended."""

    target: str
    inputs: int
    coverage: int
    corpus: int
    crashes: list[Path]
    output: str
    ended_well: bool


def build() -> None:
    """Builds the targets; the sources' own faults are the compiler's to tell."""
    subprocess.run(BUILD_COMMAND, cwd=REPOSITORY, env=os.environ | {"AXOLOTL_FUZZ": "1"}, check=True)


def run(target: str, seconds: int) -> Result:
    """Replays what was found before, then looks for more until the time is over."""
    corpus, seeds, found = CORPUS / target, CORPUS / f"{target}-seeds", REGRESSIONS / target
    for folder in (corpus, seeds, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]()):
        (seeds / f"seed-{number:03}").write_bytes(seed)
    before = set(found.iterdir())
    options = [
        f"-max_total_time={seconds}",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-use_value_profile=1",
    ]
    program = BUILD / "release" / "axolotl-fuzz"
    ended = subprocess.run(
        [str(program), target, *options, *map(str, (corpus, seeds, found))],
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds + 120,
    )
    output = ended.stdout.decode(errors="replace")
    return Result(
        target,
        inputs=_last(r"stat::number_of_executed_units:\s*(\d+)", output),
        coverage=_last(r"\bcov: (\d+)", output),
        corpus=_last(r"\bcorp: (\d+)", output),
        crashes=sorted(set(found.iterdir()) - before),
        output=output,
        ended_well=ended.returncode == 0,
    )


def _report(output: str) -> str:
    """What the oracle or the sanitizer says, without libFuzzer's counting before it."""
    begin = re.search(r"^.*(Fatal error|ERROR: )", output, re.MULTILINE)
    return output[begin.start() :][:4000] if begin else output[-4000:]


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def main() -> int:
    """Runs all targets; 1 if one of them found something, or ran nothing."""
    total = int(os.environ.get("FUZZ_SECONDS") or 90)
    build()
    share = max(1, -(-total // len(SEEDS)))
    print(f"{'target':<12}{'seconds':>8}{'inputs':>12}{'edges':>8}{'corpus':>8}  found")
    failed = False
    for target in SEEDS:
        result = run(target, share)
        names = ", ".join(str(path.relative_to(REPOSITORY)) for path in result.crashes) or "nothing"
        print(f"{target:<12}{share:>8}{result.inputs:>12}{result.coverage:>8}{result.corpus:>8}  {names}", flush=True)
        if not result.ended_well or result.inputs == 0:
            failed = True
            print(_report(result.output), file=sys.stderr)
            print(
                f"{target} failed. Repair what it found, and commit the input with the repair. To run it once more:\n"
                f"  ASAN_OPTIONS=symbolize=0 .build/fuzz/release/axolotl-fuzz {target} FILE",
                file=sys.stderr,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
