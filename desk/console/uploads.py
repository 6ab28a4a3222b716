"""Uploads go into a file without a name: whatever ends the process, nothing of them is left."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class NamelessUploadHandler(FileUploadHandler):
    """Keeps an upload in an unlinked file of the data folder until the request is answered."""

    _file: IO[bytes] | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with an empty file."""
        super().new_file(*args, **kwargs)
        folder = Path(settings.MARKSEAL_HOME) / "incoming"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the request holds it

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write a piece."""
        if self._file is None:
            return raw_data
        self._file.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Return the file, at its beginning."""
        held, self._file = self._file, None
        if held is None:
            return None
        held.seek(0)
        return UploadedFile(
            file=held,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        """Let go of what came."""
        held, self._file = self._file, None
        if held is not None:
            held.close()
