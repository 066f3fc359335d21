"""$Host.UI of a remote runspace: prompts that go to the client and wait for its answer, and lines shown there.

What asks the client is the runspace's ``client_host`` (the protocol gives it, ``lab/wsman/prompts.py``). A client that
said that it has no user interface gets the HostException that every prompt ends in (recorded), and lines written for
its screen vanish. Prompts with an answer of an unknown form are NotSimulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.dotnet.remoting_host import INTERNAL_HOST
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import NetObject, PSCredential, SecureString, define

HOST_EXCEPTION = "System.Management.Automation.Host.HostException"
NO_INTERACTION = (
    "A command that prompts the user failed because the host program or the command type does not support user "
    "interaction. "
)
NO_PROMPT = f"{NO_INTERACTION}The host was attempting to request confirmation with the following message: "
NO_INPUT = (
    f"{NO_INTERACTION}Try a host program that supports user interaction, such as the Windows PowerShell Console or "
    "Windows PowerShell ISE, and remove prompt-related commands from command types that do not support user "
    "interaction, such as Windows PowerShell workflows."
)
"""resources/HostInterfaceExceptionsStrings of Windows PowerShell 5.1."""


class ClientHost(Protocol):
    """The client's side of $Host."""

    @property
    def has_ui(self) -> bool: ...

    def ask(self, method: str, arguments: Sequence[Any]) -> Any:
        """Call a method of the client's host and wait for its value; None also when the pipeline is stopped."""

    def tell(self, method: str, arguments: Sequence[Any]) -> None:
        """Call a method that returns nothing."""


class HostUi(NetObject):
    """InternalHostUserInterface."""


class Choice(NetObject):
    """ChoiceDescription."""

    def __init__(self, label: str, help_message: str = "") -> None:
        self.label = label
        self.help_message = help_message


class Field(NetObject):
    """FieldDescription; ``type_name`` is the full name of what is asked for."""

    def __init__(self, name: str, type_name: str = "System.String") -> None:
        self.name = name
        self.type_name = type_name


def no_input() -> NoReturn:
    throw(HOST_EXCEPTION, NO_INPUT)


def no_prompt(message: str) -> NoReturn:
    throw(HOST_EXCEPTION, NO_PROMPT + message)


def client() -> ClientHost | None:
    """The client's host where it has a user interface, else None."""
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    found: ClientHost | None = getattr(current().runspace, "client_host", None)
    return found if found is not None and found.has_ui else None


def _answer(method: str, arguments: Sequence[Any]) -> Any:
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    host = client()
    assert host is not None  # noqa: S101 - asked before
    value = host.ask(method, arguments)
    current().check_stop()
    return value


def read_line() -> Any:
    if client() is None:
        no_input()
    return _answer("ReadLine", ())


def read_secure() -> Any:
    if client() is None:
        no_input()
    value = _answer("ReadLineAsSecureString", ())
    return SecureString(value) if isinstance(value, str) else value


def prompt(caption: str, message: str, fields: Sequence[Field]) -> Any:
    """A Hashtable of the answers by field name."""
    if client() is None:
        no_prompt(message)
    return _answer("Prompt", (caption, message, list(fields)))


def prompt_for_choice(caption: str, message: str, choices: Sequence[Choice], default: int) -> Any:
    if client() is None:
        no_prompt(message)
    return _answer("PromptForChoice", (caption, message, list(choices), default))


def prompt_for_credential(caption: str, message: str, user: str, target: str) -> Any:
    if client() is None:
        no_prompt(message)
    value = _answer("PromptForCredential1", (caption, message, user, target))
    if value is not None and not isinstance(value, PSCredential):
        raise NotSimulated("a client that answers a prompt for credentials with something else")
    return value


# -- the tables -------------------------------------------------------------------------------------------------------

HOST_UI = define("System.Management.Automation.Internal.Host.InternalHostUserInterface", py=HostUi)
CHOICE = define("System.Management.Automation.Host.ChoiceDescription", py=Choice, closed=True)
FIELD = define("System.Management.Automation.Host.FieldDescription", py=Field)

INTERNAL_HOST.prop("UI", "object", lambda host: HostUi())

CHOICE.ctor("(string label)", "(string label, string helpMessage)")(Choice)
CHOICE.prop("Label", "string", lambda choice: choice.label)


def _set_help(choice: Choice, text: str) -> None:
    choice.help_message = text


CHOICE.prop("HelpMessage", "string", lambda choice: choice.help_message, _set_help)
FIELD.ctor("(string name)")(Field)
FIELD.prop("Name", "string", lambda field: field.name)


def _choices(value: Any) -> list[Choice]:
    items = [value] if isinstance(value, (Choice, str)) else list(value)
    return [item if isinstance(item, Choice) else Choice(convert.to_string(item)) for item in items]


@HOST_UI.method("ReadLine()")
def _read_line(_: HostUi) -> Any:
    return read_line()


@HOST_UI.method("ReadLineAsSecureString()")
def _read_secure(_: HostUi) -> Any:
    return read_secure()


@HOST_UI.method("PromptForChoice(string caption, string message, object choices, int defaultChoice)")
def _prompt_for_choice(_: HostUi, caption: str, message: str, choices: Any, default: int) -> Any:
    return prompt_for_choice(caption, message, _choices(choices), default)


@HOST_UI.method("Prompt(string caption, string message, object descriptions)")
def _prompt(_: HostUi, caption: str, message: str, descriptions: Any) -> Any:
    items = [descriptions] if isinstance(descriptions, Field) else list(descriptions)
    return prompt(caption, message, items)


@HOST_UI.method("PromptForCredential(string caption, string message, string userName, string targetName)")
def _prompt_for_credential(_: HostUi, caption: str, message: str, user: str, target: str) -> Any:
    return prompt_for_credential(caption, message, user, target)


def _line(method: str, remote: str) -> None:
    """A method that shows a line on the client's screen, if it has one."""

    @HOST_UI.method(f"{method}(string value)")
    def show(_: HostUi, text: str) -> Any:
        host = client()
        if host is not None:
            host.tell(remote, (text,))
        return NOTHING


for _method, _remote in (
    ("Write", "Write1"),
    ("WriteLine", "WriteLine2"),
    ("WriteErrorLine", "WriteErrorLine"),
    ("WriteDebugLine", "WriteDebugLine"),
    ("WriteVerboseLine", "WriteVerboseLine"),
    ("WriteWarningLine", "WriteWarningLine"),
):
    _line(_method, _remote)


@HOST_UI.method("WriteLine()")
def _empty_line(_: HostUi) -> Any:
    host = client()
    if host is not None:
        host.tell("WriteLine1", ())
    return NOTHING
