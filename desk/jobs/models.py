"""Rows of work: one leased row for each job."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", _("待执行")
    RUNNING = "running", _("执行中")
    DONE = "done", _("已完成")
    DEAD = "dead", _("多次失败，待人工处理")
    CANCELLED = "cancelled", _("已取消")


class Job(models.Model):
    """Work to be done at least once by the handler of its kind.

    ``lane`` keeps kinds of work from waiting for one another: a worker does one job
    of a lane at a time. ``key`` makes enqueueing the same work twice harmless.
    """

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    lane = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    priority = models.IntegerField(default=0)
    state = models.CharField(max_length=20, choices=JobState, default=JobState.QUEUED)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    progress = models.CharField(max_length=300, blank=True)
    error_zh = models.TextField(blank=True)
    error_en = models.TextField(blank=True)

    class Meta:
        ordering = ("-priority", "due_at", "pk")
        indexes = (models.Index(fields=("state", "due_at"), name="job_due"),)
        constraints = (
            models.CheckConstraint(
                name="job_state_known", condition=models.Q(state__in=JobState.values)
            ),
            models.CheckConstraint(
                name="job_running_is_leased",
                condition=(
                    models.Q(state="running", lease_until__isnull=False) & ~models.Q(lease_owner="")
                )
                | (~models.Q(state="running") & models.Q(lease_owner="")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
