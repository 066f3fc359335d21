"""Raw answers, as real hosts send them, and what they mean."""

from __future__ import annotations

import pytest

from fleetdeploy.hosts.faults import Meaning, parse

FAULT = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
 xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
 xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/MSFT_WmiError"><s:Body><s:Fault>
<s:Code><s:Value>s:{side}</s:Value><s:Subcode><s:Value>w:{subcode}</s:Value></s:Subcode></s:Code>
<s:Reason><s:Text xml:lang="de-DE">{reason}</s:Text></s:Reason><s:Detail>{detail}</s:Detail>
</s:Fault></s:Body></s:Envelope>"""


def fault(detail: str, *, subcode: str = "InternalError", reason: str = "Grund", side: str = "Receiver") -> str:
    return FAULT.format(detail=detail, subcode=subcode, reason=reason, side=side)


def wsman(code: int, message: str = "") -> str:
    return f'<f:WSManFault Code="{code}" Machine="web01"><f:Message>{message}</f:Message></f:WSManFault>'


PROVIDER = (
    '<f:WSManFault Code="2150858883" Machine="web01"><f:Message><f:ProviderFault provider="microsoft.powershell">'
    '<f:WSManFault Code="995" Machine="web01"><f:Message>abgebrochen</f:Message></f:WSManFault>'
    "</f:ProviderFault></f:Message></f:WSManFault>"
)
WMI = (
    "<p:MSFT_WmiError><p:CIMStatusCode>27</p:CIMStatusCode><p:Message>zu viele Shells</p:Message>"
    "<p:MessageID>HRESULT 0x803381a5</p:MessageID><p:error_Code>2150859173</p:error_Code></p:MSFT_WmiError>"
)


@pytest.mark.parametrize(
    ("body", "status", "code", "meaning"),
    [
        pytest.param(fault(wsman(2150858793), subcode="TimedOut"), 500, 2150858793, Meaning.POLL_AGAIN, id="long poll"),
        pytest.param(fault(wsman(2150858843)), 500, 2150858843, Meaning.SHELL_GONE, id="shell gone"),
        pytest.param(fault(wsman(170)), 500, 170, Meaning.BUSY, id="busy"),
        pytest.param(fault(wsman(5), subcode="AccessDenied"), 500, 5, Meaning.LOGIN, id="access denied"),
        pytest.param(fault(wsman(1326)), 500, 1326, Meaning.LOGIN, id="bad password"),
        pytest.param(fault(wsman(2150859180)), 500, 2150859180, Meaning.REFUSED, id="remote shells off"),
        pytest.param(fault(wsman(2150858823)), 500, 2150858823, Meaning.TOO_BIG, id="envelope"),
        pytest.param(fault(wsman(2150859241)), 500, 2150859241, Meaning.BUSY, id="commands per shell"),
        pytest.param(
            fault(WMI, subcode="QuotaLimit"), 500, 2150859173, Meaning.BUSY, id="wmi quota, which pypsrp drops"
        ),
        pytest.param(fault(PROVIDER), 500, 995, Meaning.SHELL_GONE, id="nested provider fault"),
        pytest.param(fault("", subcode="QuotaLimit"), 500, None, Meaning.BUSY, id="subcode alone"),
        pytest.param(fault(wsman(424242)), 500, 424242, Meaning.UNKNOWN, id="unknown number"),
        pytest.param("<html><body>Service Unavailable</body></html>", 503, None, Meaning.BUSY, id="503 that is xml"),
        pytest.param("<HTML><BODY><hr>Service Unavailable", 503, None, Meaning.BUSY, id="503 of http.sys"),
        pytest.param("", 401, None, Meaning.LOGIN, id="401 without body"),
        pytest.param("", 400, None, Meaning.SHELL_GONE, id="broken sealing"),
        pytest.param("", 413, None, Meaning.TOO_BIG, id="413"),
        pytest.param("", 500, None, Meaning.UNKNOWN, id="500 without body"),
        pytest.param('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 500, None, Meaning.UNKNOWN, id="no entities"),
    ],
)
def test_meaning(body: str, status: int, code: int | None, meaning: Meaning) -> None:
    found = parse(body, status)
    assert (found.code, found.meaning) == (code, meaning)


def test_text_is_the_deepest_message_else_the_reason() -> None:
    assert parse(fault(PROVIDER)).text == "abgebrochen"
    assert parse(fault(WMI)).text == "zu viele Shells"
    assert parse(fault("", reason="nur der Grund")).text == "nur der Grund"


def test_bytes_with_a_mark_are_read() -> None:
    assert parse(b"\xef\xbb\xbf" + fault(wsman(170)).encode()).code == 170
