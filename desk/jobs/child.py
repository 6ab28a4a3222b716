"""One job in a process of its own: ``python -m desk.jobs.child PARENT JOB OWNER``.

Exit code 0: the job is settled (done, or failed and written down); 3: the lease was
lost; anything else: the process broke and the worker writes that down.
"""

from __future__ import annotations

import os
import sys
import traceback

from desk.jobs.leash import end_with_parent

EXIT_LOST = 3


def run(job_id: int, owner: str) -> int:
    """Run the handler of one leased job and settle it; returns the exit code."""
    from django.conf import settings
    from django.utils import timezone
    from django.utils.module_loading import import_string

    from desk.jobs import queue
    from desk.jobs.models import Job
    from desk.jobs.work import Handler, Later, Work

    job = Job.objects.get(pk=job_id)
    handler: Handler = import_string(settings.JOB_HANDLERS[job.kind])
    work = Work(job.payload, lambda text: queue.report(job_id=job_id, owner=owner, text=text))
    try:
        handler(work)
    except Later as later:
        settled = queue.postpone(
            job_id=job_id, owner=owner, until=timezone.now() + later.delay, text=later.zh
        )
    except Exception as error:  # noqa: BLE001 - the entry of this process: written to the row
        traceback.print_exc()
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        kind = type(error).__name__
        settled = queue.fail(
            job_id=job_id,
            owner=owner,
            now=timezone.now(),
            en=en or f"The job broke off ({kind}: {error}).",
            zh=zh or f"任务意外中断（{kind}: {error}）。",
        )
    else:
        settled = queue.finish(job_id=job_id, owner=owner, now=timezone.now())
    return 0 if settled else EXIT_LOST


def main(argv: list[str]) -> int:
    """Tie this process to its worker, set Django up and run the job."""
    end_with_parent(int(argv[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    return run(int(argv[2]), argv[3])


if __name__ == "__main__":
    sys.exit(main(sys.argv))
