"""Commands and parameters that certainly came later, so that nobody has to ask whether a module brings them.

Sources: the reference pages of Microsoft.PowerShell.* for 5.1 held against those for 4.0, and "What's New" of 5.0 to
7.5; pages of the web cmdlets, ForEach-Object, ConvertFrom-Json and others for the parameters. A table, nothing else.
"""

from __future__ import annotations

from fleetdeploy.powershell_rules.findings import words

SINCE_5 = words("""
    clear-recyclebin get-clipboard set-clipboard get-computerinfo get-itempropertyvalue get-timezone set-timezone
    convert-string convertfrom-sddlstring convertfrom-string format-hex import-powershelldatafile new-guid
    new-temporaryfile write-information debug-job debug-runspace disable-runspacedebug enable-runspacedebug get-runspace
    get-runspacedebug wait-debugger enter-pshostprocess exit-pshostprocess get-pshostprocessinfo get-pssessioncapability
    new-psrolecapabilityfile register-argumentcompleter new-filecatalog test-filecatalog compress-archive
    expand-archive add-localgroupmember disable-localuser enable-localuser get-localgroup get-localgroupmember
    get-localuser new-localgroup new-localuser remove-localgroup remove-localgroupmember remove-localuser
    rename-localgroup rename-localuser set-localgroup set-localuser
""")
"""Not in 4.0."""

SINCE_6 = words("""
    test-json join-string remove-service get-uptime get-error convertfrom-markdown show-markdown get-markdownoption
    set-markdownoption get-experimentalfeature enable-experimentalfeature disable-experimentalfeature get-pssubsystem
    switch-process get-securerandom convertto-clixml convertfrom-clixml start-threadjob
""")
"""Not in any Windows PowerShell."""

_WEB = words("""
    skipcertificatecheck skiphttperrorcheck sslprotocol noproxy authentication token allowunencryptedauthentication
    preserveauthorizationonredirect skipheadervalidation resume maximumretrycount retryintervalsec form custommethod
    httpversion connectiontimeoutseconds operationtimeoutseconds allowinsecureredirect preservehttpmethodonredirect
    unixsocket
""")
_CSV = words("quotefields usequotes noheader includetypeinformation")

PARAMETERS_SINCE_6: dict[str, frozenset[str]] = {
    "invoke-webrequest": _WEB,
    "invoke-restmethod": _WEB | words("followrellink maximumfollowrellink responseheadersvariable statuscodevariable"),
    "foreach-object": words("parallel throttlelimit timeoutseconds asjob usenewrunspace"),
    "convertfrom-json": words("ashashtable depth noenumerate datekind"),
    "convertto-json": words("asarray enumsasstrings escapehandling"),
    "get-content": words("asbytestream"),
    "set-content": words("asbytestream"),
    "add-content": words("asbytestream"),
    "get-childitem": words("followsymlink"),
    "split-path": words("leafbase extension"),
    "join-path": words("additionalchildpath extension"),
    "select-string": words("noemphasis raw culture"),
    "sort-object": words("top bottom stable"),
    "select-object": words("caseinsensitive"),
    "get-unique": words("caseinsensitive"),
    "measure-object": words("allstats standarddeviation"),
    "get-date": words("asutc unixtimeseconds"),
    "start-sleep": words("duration"),
    "start-process": words("environment"),
    "start-job": words("workingdirectory"),
    "new-service": words("securitydescriptorsddl"),
    "set-service": words("credential force securitydescriptorsddl"),
    "get-random": words("shuffle"),
    "test-connection": words("""
        targetname ipv4 ipv6 resolvedestination traceroute ping mtusize tcpport timeoutseconds repeat detailed maxhops
    """),
    "tee-object": words("encoding"),
    "export-csv": _CSV,
    "convertto-csv": _CSV,
    "import-module": words("usewindowspowershell skipeditioncheck"),
}
"""Not in any Windows PowerShell: by command, lower-case."""

ALIASES_OF_PARAMETERS: dict[str, frozenset[str]] = {
    "get-service": words("servicename cn"),
    "start-service": words("servicename"),
    "stop-service": words("servicename"),
    "restart-service": words("servicename"),
    "set-service": words("servicename sn cn"),
    "get-process": words("processname pid cn"),
    "stop-process": words("processname"),
    "wait-process": words("pid processid processname"),
    "new-item": words("type"),
    "get-eventlog": words("ln cn"),
    "get-wmiobject": words("cn"),
    "get-ciminstance": words("cn"),
    "test-connection": words("cn ipaddress __server server destination ttl bs"),
    "invoke-command": words("cn command filepath pspath"),
    "test-netconnection": words("remoteaddress cn remoteport"),
    "get-hotfix": words("hfid cn"),
}
"""Other names of parameters (``[Alias()]``), which reference pages do not list; ``PSPath`` and ``LP`` are of all that
have -LiteralPath."""
