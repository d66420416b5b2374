"""Run every benchmark that needs nothing but this checkout; those that need data of yours say how to call them.

`python -m bench [REPOSITORY]`: with a git repository, also what is measured on a real one.
"""

import subprocess
import sys

ALONE = (
    *(
        "commit",
        "syscalls",
        "resume",
        "builds",
        "upkeep_nights",
        "upkeep_kills",
        "logs_faults",
        "logs_incidents",
    ),
    *(
        "logs_judged",
        "logs_reading",
        "dreams_store",
        "dreams_ensemble",
        "dreams_legality",
        "dreams_replies",
        "trials_sandbox",
        "trials_timing",
        "crash",
    ),
)
WITH_A_REPOSITORY = (
    "startup",
    "stops",
    "orchestration",
    "incremental",
    "upkeep_truth",
    "upkeep_peers",
    "logs_callsites",
    "dreams_nights",
    "dreams_learning",
)


def main() -> int:
    """Run them one after the other; the exit code is 1 where one failed."""
    repository = sys.argv[1:2]
    calls = [[f"bench.{name}"] for name in ALONE]
    calls += [[f"bench.{name}", *repository] for name in WITH_A_REPOSITORY if repository]
    failed = []
    for call in calls:
        print(f"\n=== python -m {' '.join(call)}", flush=True)
        if subprocess.run([sys.executable, "-m", *call], check=False).returncode:
            failed.append(call[0])
    if not repository:
        print(
            f"\nnot run, they need a repository: {', '.join(WITH_A_REPOSITORY)} (python -m bench REPOSITORY)"
        )
    print(
        "\nnot run, they need a folder of repositories: python -m bench.repositories FOLDER, bench.upkeep_history,\n"
        "bench.upkeep_suites, bench.dreams_fifty, bench.trials_inputs, bench.trials_funnel, bench.trials_judges;\n"
        "or of data: bench.logs_grouping, bench.logs_speed, bench.logs_hdfs, bench.logs_quiet, bench.sentry_contract"
    )
    print(f"\nfailed: {', '.join(failed) or 'none'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
