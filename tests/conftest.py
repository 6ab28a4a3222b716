"""Every test run has a data folder of its own; nobody's own data is ever touched.

Django's settings are loaded before this file (by pytest-django) but touch nothing on
disk, so their paths are put into the temporary folder here, before anything is opened.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="markseal-test-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["MARKSEAL_HOME"] = str(HOME)
os.environ.pop("MARKSEAL_SECRET_KEY_FILE", None)

from django.conf import settings  # noqa: E402 - after the environment is set

settings.MARKSEAL_HOME = HOME
_database = settings.DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["NAME"] = str(HOME / "markseal.sqlite3")
    _database.setdefault("TEST", {})["NAME"] = str(HOME / "test.sqlite3")
# Slow hashing is wanted of the product, not of a thousand test accounts.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
