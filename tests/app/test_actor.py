"""Who asks, and where from: the CI's user and job if there is one."""

from __future__ import annotations

import getpass
import os
import socket

import pytest

from fleetdeploy.app.workspace import current_actor

GITHUB = {
    "GITHUB_ACTOR": "octo",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "a/b",
    "GITHUB_RUN_ID": "7",
}
GITLAB = {"GITLAB_USER_LOGIN": "lab", "CI_JOB_URL": "https://gitlab/job/9"}


@pytest.mark.parametrize(
    ("env", "user", "job"),
    [
        ({}, getpass.getuser(), ""),
        (GITHUB, "octo", "https://github.com/a/b/actions/runs/7"),
        (GITLAB, "lab", "https://gitlab/job/9"),
        (GITHUB | {"FLEETDEPLOY_ACTOR": "eva"}, "eva", "https://github.com/a/b/actions/runs/7"),
        ({"BUILD_URL": "https://jenkins/job/1"}, getpass.getuser(), "https://jenkins/job/1"),
        ({"FLEETDEPLOY_ACTOR": "", "GITHUB_ACTOR": "octo", "GITHUB_RUN_ID": "7"}, "octo", ""),
    ],
)
def test_the_actor(env: dict[str, str], user: str, job: str) -> None:
    actor = current_actor("because", env)
    assert (actor.user, actor.job_url, actor.reason) == (user, job, "because")
    assert (actor.machine, actor.pid) == (socket.gethostname(), os.getpid())


def test_neither_a_login_nor_half_a_character_reaches_the_hosts() -> None:
    env = {"BUILD_URL": "https://eva:hunter2@jenkins/job/1", "FLEETDEPLOY_ACTOR": "J\udcfcrgen"}
    actor = current_actor("na\udcefve", env)
    assert (actor.user, actor.job_url, actor.reason) == ("J?rgen", "https://jenkins/job/1", "na?ve")
