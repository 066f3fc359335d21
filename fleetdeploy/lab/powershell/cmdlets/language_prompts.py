"""Cmdlets that ask the person at the client: Read-Host, Get-Credential. How the client is asked: ``dotnet/host_ui``.

A client without a user interface makes them fail; one with it keeps them waiting until it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.dotnet import host_ui
from fleetdeploy.lab.powershell.values import DictionaryBase, NetError, PSCredential

CAPTION = "Windows PowerShell credential request"
MESSAGE = "Enter your credentials."
"""resources/CredentialAttributeStrings of Windows PowerShell 5.1."""


def _asked(ctx: CmdletContext, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except NetError as failure:
        ctx.fail(
            "HostFunctionNotImplemented",
            "NotImplemented",
            failure.exception.type_name,
            failure.exception.message,
            terminating=True,
        )
        raise


@cmdlet("Read-Host")
class ReadHost(Cmdlet):
    parameters = (
        Param("Prompt", position=0, remaining=True, allow_null=True),
        Param("AsSecureString", "switch"),
    )

    def begin(self, ctx: CmdletContext) -> None:
        secure = bool(self.get("AsSecureString"))
        text = self.get("Prompt")
        if text is None:
            ctx.write(_asked(ctx, host_ui.read_secure if secure else host_ui.read_line))
            return
        words = [text] if isinstance(text, str) or not hasattr(text, "__iter__") else list(text)
        name = " ".join(word for word in map(convert.to_string, words) if word)
        field = host_ui.Field(name, "System.Security.SecureString" if secure else "System.String")
        answers = _asked(ctx, lambda: host_ui.prompt("", "", [field]))
        if isinstance(answers, DictionaryBase):
            for value in answers.values():
                ctx.write(value)


@cmdlet("Get-Credential")
class GetCredential(Cmdlet):
    default_set = "CredentialSet"
    parameters = (
        Param("Credential", "object", position=0, sets=("CredentialSet",), not_null=True),
        Param("Message", "string", sets=("MessageSet",), mandatory=True, not_null_or_empty=True),
        Param("UserName", "string", position=0, sets=("MessageSet",), not_null_or_empty=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        given = self.get("Credential")
        if isinstance(given, PSCredential):
            ctx.write(given)
            return
        user = self.get("UserName") if given is None else convert.to_string(given)
        message = self.get("Message") or MESSAGE
        ctx.write(_asked(ctx, lambda: host_ui.prompt_for_credential(CAPTION, message, user or "", "")))
