"""How large a form with files may be."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from review.attachments import LARGEST_FILE, MOST_FILES

MOST_BYTES = MOST_FILES * LARGEST_FILE + 1024 * 1024  # and the fields beside them


class WithinLimit(FileUploadHandler):
    """Refuses a form before any of it is read: whoever sends one need not be logged in."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Return nothing, so that the form is read. Raises RequestDataTooBig."""
        if content_length > MOST_BYTES:
            raise RequestDataTooBig("The files are larger than 50 MB together.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Return the bytes, for the next handler to keep."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Return nothing: the next handler has the file."""
