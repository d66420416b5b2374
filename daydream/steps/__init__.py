"""The six steps of maintenance, one line each; the order is the night's."""

from daydream.contracts.step import StepSpec
from daydream.steps import docs, legacy_cleanup, log_review, report, sentry_query, task_cleanup, trust

STEPS: tuple[StepSpec, ...] = (
    StepSpec(
        "maintain", "legacy_cleanup", "Legacy Code Cleanup", legacy_cleanup.make, share=4, rules=trust.LEGACY
    ),
    StepSpec("maintain", "log_review", "Log Analysis", log_review.make, share=3, rules=trust.LOGS),
    StepSpec("maintain", "sentry_query", "Sentry Review", sentry_query.make, share=1, rules=trust.SENTRY),
    StepSpec("maintain", "task_cleanup", "Task Management", task_cleanup.make, share=2, rules=trust.TASKS),
    StepSpec("maintain", "docs", "Documentation", docs.make, share=2, rules=trust.DOCS),
    StepSpec("maintain", "report", "Report", report.make, share=1),
)
