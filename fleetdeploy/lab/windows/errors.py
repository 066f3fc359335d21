"""What operations of the simulated Windows raise: Win32 codes and file errors that map to .NET exceptions.

Decides the English words and the numbers. Must not know PowerShell: how an error becomes an ErrorRecord is the
interpreter's part. Look next: ``files.py`` and ``scm.py``, which raise them.
"""

from __future__ import annotations

from enum import Enum

WIN32_MESSAGES: dict[int, str] = {
    2: "The system cannot find the file specified",
    3: "The system cannot find the path specified",
    5: "Access is denied",
    6: "The handle is invalid",
    32: "The process cannot access the file because it is being used by another process",
    87: "The parameter is incorrect",
    109: "The pipe has been ended",
    112: "There is not enough space on the disk",
    123: "The filename, directory name, or volume label syntax is incorrect",
    193: "%1 is not a valid Win32 application",
    1051: "A stop control has been sent to a service that other running services are dependent on",
    1052: "The requested control is not valid for this service",
    1053: "The service did not respond to the start or control request in a timely fashion",
    1054: "A thread could not be created for the service",
    1056: "An instance of the service is already running",
    1057: "The account name is invalid or does not exist, or the password is invalid for the account name specified",
    1058: "The service cannot be started, either because it is disabled or because it has no enabled devices "
    "associated with it",
    1059: "Circular service dependency was specified",
    1060: "The specified service does not exist as an installed service",
    1061: "The service cannot accept control messages at this time",
    1062: "The service has not been started",
    1066: "The service has returned a service-specific error code",
    1067: "The process terminated unexpectedly",
    1068: "The dependency service or group failed to start",
    1069: "The service did not start due to a logon failure",
    1070: "After starting, the service hung in a start-pending state",
    1072: "The specified service has been marked for deletion",
    1073: "The specified service already exists",
    1075: "The dependency service does not exist or has been marked for deletion",
    1077: "No attempts to start the service have been made since the last boot",
    1078: "The name is already in use as either a service name or a service display name",
    1115: "A system shutdown is in progress",
    1326: "The user name or password is incorrect",
    1330: "The password for this account has expired",
    1385: "Logon failure: the user has not been granted the requested logon type at this computer",
}


class Win32Error(Exception):
    """A Win32 call failed with ``code``; ``message`` is the system's text without the final full stop."""

    def __init__(self, code: int, message: str | None = None) -> None:
        self.code = code
        self.message = message if message is not None else WIN32_MESSAGES.get(code, f"Unknown error (0x{code:x})")
        super().__init__(code, self.message)

    def __str__(self) -> str:
        return self.message


class MachineDown(BaseException):
    """The machine on which this script ran has lost power: the script is no more.

    A BaseException, since nothing in a script may catch it; whoever runs scripts ends them as stopped.
    """


class FileErrorKind(Enum):
    """Kinds of file failure: (.NET exception type, HRESULT, text as in .NET Framework; ``{0}`` is the path)."""

    NOT_FOUND = ("System.IO.FileNotFoundException", 0x80070002, "Could not find file '{0}'.")
    NO_DIRECTORY = ("System.IO.DirectoryNotFoundException", 0x80070003, "Could not find a part of the path '{0}'.")
    NO_DRIVE = ("System.IO.DriveNotFoundException", 0x80070003, "Could not find the drive '{0}'.")
    DENIED = ("System.UnauthorizedAccessException", 0x80070005, "Access to the path '{0}' is denied.")
    DENIED_DIRECTORY = ("System.IO.IOException", 0x80070005, "Access to the path '{0}' is denied.")
    SHARING = (
        "System.IO.IOException",
        0x80070020,
        "The process cannot access the file '{0}' because it is being used by another process.",
    )
    SHARING_UNNAMED = (
        "System.IO.IOException",
        0x80070020,
        "The process cannot access the file because it is being used by another process.\r\n",
    )
    DISK_FULL = ("System.IO.IOException", 0x80070070, "There is not enough space on the disk.\r\n")
    EXISTS = ("System.IO.IOException", 0x80070050, "The file '{0}' already exists.")
    MOVE_EXISTS = ("System.IO.IOException", 0x800700B7, "Cannot create a file when that file already exists.\r\n")
    NOT_EMPTY = ("System.IO.IOException", 0x80070091, "The directory is not empty.\r\n")
    IS_A_FILE = ("System.IO.IOException", 0x8007010B, "The directory name is invalid.\r\n")
    OTHER_VOLUME = (
        "System.IO.IOException",
        0x80131620,
        "Source and destination path must have identical roots. Move will not work across volumes.",
    )
    TOO_LONG = (
        "System.IO.PathTooLongException",
        0x800700CE,
        "The specified path, file name, or both are too long. The fully qualified file name must be less than 260 "
        "characters, and the directory name must be less than 248 characters.",
    )
    BAD_PATH = ("System.ArgumentException", 0x80070057, "Illegal characters in path.")
    BAD_FORMAT = ("System.NotSupportedException", 0x80131515, "The given path's format is not supported.")
    CLOSED = ("System.ObjectDisposedException", 0x80131622, "Cannot access a closed file.")
    NO_READ = ("System.NotSupportedException", 0x80131515, "Stream does not support reading.")
    NO_WRITE = ("System.NotSupportedException", 0x80131515, "Stream does not support writing.")


class FileError(Exception):
    """A file operation failed.

    Attributes:
        kind: what went wrong; ``kind.value[0]`` is the .NET exception type.
        path: the full path concerned.
        hresult: the exception's HResult as an unsigned number (0x80070020 for a sharing violation).
    """

    def __init__(self, kind: FileErrorKind, path: str = "") -> None:
        self.kind = kind
        self.path = path
        self.dotnet_type, self.hresult, text = kind.value
        self.message = text.format(path)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message
