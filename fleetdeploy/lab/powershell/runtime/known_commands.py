"""Names of commands a Windows Server has and the lab may not: refused, while all other unknown names are errors.

So that a script never sees CommandNotFoundException for something that exists in reality.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERBS = _words(
    """
    add approve assert backup block checkpoint clear close compare complete compress confirm connect convert
    convertfrom convertto copy debug deny disable disconnect dismount edit enable enter exit expand export
    find foreach format get grant group hide import initialize install invoke join limit lock measure merge
    mount move new open optimize out ping pop protect publish push read receive redo register remove rename
    repair request reset resize resolve restart restore resume revoke save search select send set show skip
    sort split start step stop submit suspend switch sync tee test trace unblock undo uninstall unlock
    unprotect unpublish unregister update use wait watch where write
    """
)
# Nouns of the modules of Windows PowerShell 5.1 and of Windows Server that scripts of operators use.
_NOUNS = _words(
    """
    acl adcomputer addomain addtype adgroup adobject aduser alias appxpackage archive authenticodesignature
    binarymilog bitlockervolume bitstransfer breakpoint certificate certificatestorelocation childitem
    childprocess cimassociatedinstance cimclass ciminstance cimmethod cimsession cimsessionoption clipboard
    clixml cluster clusternode cmsmessage command computer computerinfo computerrestore computersecurechannel
    connection consolefile content controlpanelitem convertfrom counter credential csv culture custom date
    debug debugjob default diagnosticinput disk dnsclient dnsclientcache dnsclientserveraddress dnsname
    dnsserverresourcerecord dscconfiguration dscdebug dscresource engineevent error event eventlog eventsource
    eventsubscriber executionpolicy expression file filecatalog filehash firewallrule formatdata gridview guid
    help history hnsendpoint hnsnetwork host hotfix html iissite information iscsitarget item itemproperty
    itempropertyvalue jearole job json language list localgroup localgroupmember localuser location log
    mailbox mailmessage member members membership module modulemanifest mpcomputerstatus mppreference
    netadapter netadapterstatistics netconnection netconnectionprofile netfirewalladdressfilter
    netfirewallportfilter netfirewallprofile netfirewallrule netipaddress netipconfiguration netipinterface
    netlbfoteam netneighbor netroute nettcpconnection nettransportfilter netudpendpoint null object
    objectevent odbcdsn operation output outputfile package packageprovider packagesource pagefile partition
    path pfxcertificate pfxdata physicaldisk printer process processmitigation progress psbreakpoint
    pscallstack psdebug psdrive pshostprocess pshostprocessinfo psmodulepath psprovider psrepository psscript
    psscriptfileinfo pssession pssessionconfiguration pssessionconfigurationfile pssessionoption
    pssessiontarget pssnapin pstransportoption psworkflow random restmethod runspace runspacedebug
    scheduledjob scheduledtask scheduledtaskaction scheduledtaskinfo scheduledtaskprincipal
    scheduledtasksettingsset scheduledtasktrigger scriptfileinfo sddlstring securestring selfsignedcertificate
    service sleep smbconnection smbmapping smbopenfile smbsession smbshare smbshareaccess storagepool
    storagesubsystem strictmode string stringdata table temporaryfile timespan timezone tlsciphersuite
    traceidentifier tracesource transaction transcript type typedata uiculture unique uptime variable verb
    verbose virtualdisk vm vmhost vmswitch volume warning webapplication webapppool webapppoolstate webbinding
    webconfiguration webconfigurationproperty webrequest webserviceproxy website websitestate
    webvirtualdirectory wide windowsedition windowsfeature windowsoptionalfeature windowsupdatelog winevent
    winsystemlocale winuserlanguagelist wmievent wmiinstance wmimethod wmiobject wsmanaction wsmancredssp
    wsmaninstance wsmanquickconfig wsmansessionoption xml
    """
)
_PROGRAMS = _words(
    """
    arp attrib bcdedit bitsadmin cacls certreq certutil chkdsk choice cipher clip cmd cmdkey comp compact
    convert cscript curl defrag diskpart dism dnscmd driverquery eventcreate expand explorer fc find findstr
    finger forfiles fsutil ftp getmac gpresult gpupdate hostname icacls iisreset ipconfig klist label logman
    logoff makecab mmc mode more mountvol mpcmdrun msg msiexec msinfo32 net net1 netdom netsh netstat nltest
    notepad nslookup openfiles pathping ping pktmon pnputil powercfg powershell powershell_ise print qappsrv
    qprocess query quser qwinsta rasdial reg regedit regsvr32 replace robocopy route rundll32 sc schtasks scp
    services sfc sftp shutdown sort ssh ssh-keygen subst svchost systeminfo takeown tar taskkill tasklist
    timeout tracert tree typeperf tzutil verifier vssadmin w32tm wbadmin wecutil wevtutil where whoami winmgmt
    winrm winrs wmic wscript wusa xcopy
    auditpol bcdboot bootcfg change control csvde dcdiag doskey dsadd dsget dsmod dsquery dsrm eventvwr ksetup ktpass
    ldifde lodctr mstsc nbtstat ntdsutil perfmon relog repadmin resmon rpcping secedit setspn setx taskmgr tracerpt
    tscon tsdiscon tskill unlodctr waitfor winver
    """
)
_ALIASES = _words(
    """
    % ? ac asnp cat cd chdir clc clear clhy cli clp cls clv cnsn compare copy cp cpi cpp curl cvpa dbp del
    diff dir dnsn ebp echo epal epcsv epsn erase etsn exsn fc fhx fl foreach ft fw gal gbp gc gcb gci gcim
    gcls gcm gcs gdr ghy gi gin gjb gl gm gmo gp gps gpv group gsn gsnp gsv gtz gu gv gwmi h help history icim
    icm iex ihy ii ipal ipcsv ipmo ipsn irm ise iwmi iwr kill lp ls man md measure mi mkdir more mount move mp
    mv nal ndr ni nmo npssc nsn nv ogv oh oss pause popd prompt ps pushd pwd r rbp rcim rcjb rcsn rd rdr ren
    ri rjb rm rmdir rmo rni rnp rp rsn rsnp rujb rv rvpa rwmi sajb sal saps sasv sbp sc scb select set shcm si
    pumd configuration cd.. cd\\
    sl sleep sls sort sp spjb spps spsv start stz sujb sv swmi tabexpansion2 tee trcm type wget where wjb
    write
    """
)


# Parameters of the cmdlets of Windows PowerShell 5.1: on a cmdlet that does not declare one, it is refused.
KNOWN_PARAMETERS = _words(
    """
    allowredirection applicationname codedomprovider compilerparameters configurationname connectionuri containerid
    enablenetworkaccess fullyqualifiedmodule hidecomputername ignorewarnings indisconnectedsession jobname
    outputassembly outputtype parametername parametertype port referencedassemblies runasadministrator sessionname
    showcommandinfo throttlelimit transcript usessl usetransaction usingnamespace vmid vmname
    accessmode action add after alias allmatches amended append applicationbase argumentlist asbytestream
    ascustomobject asgroup asjob aspaintext assecurestring assemblyname asstring attributes audit
    authentication authenticode average binarypathname body bytes casesensitive category certificate
    certificatethumbprint childpath cimsession class classname clobber codesigning command computername
    condition confirm container contains content contenttype context count credential culture database date
    delimiter dependentservices depth descending description destination detailed directory disksize
    displayerror displayname domain drive edit encoding end environmentvariable exactly exclude
    excludedifferent excludeproperty excludetypeinformation expandproperty expression facility file filename
    filepath filter filterhashtable filterxml filterxpath first follow followsymlink force foregroundcolor
    format from full functionality group groupby groupname hardware hash header hidden hour id identifier
    ignorecase ignorewhitespace include includechain includeequal includetypeinformation includeusername index
    infile inputobject inputstream instance instanceid interval isvalid itemtype job keeplineend keyonly
    language last leaf leafbase line list listavailable listlog listprovider literalname literalpath logname
    maxevents maximum maximumredirection mediatype membertype message method millisecond minimum minute module
    month name namespace newer newest newname noclobber noelement noenumerate nonewline nonewwindow noprofile
    noqualifier notcontains notmatch notypeinformation noun off oldest onlycreate operationtimeoutsec option
    outfile outputbufferlimit parameter parent passthru passwd password path pathtype pattern position
    privateuri process property propertyname protocolversion providername proxy psdrive psprovider qualifier
    query queryonly quiet raw readcount readonly recurse redirectstandarderror redirectstandardinput
    redirectstandardoutput relative replace requiredservices resolve resourceuri retry root scope second
    session sessionoption sessionvariable setseed showwindow simplematch since skip skiplast source stable
    startuptype static status stream sum syncwindow system tail targetobject timeout timeoutsec
    timestampserver to totalcount transferencoding ttl type typename uformat unique unixtimeseconds until
    updateinterval uri use useculture usecurrentuser usedefaultcredentials user useragent useuniversaltime
    value valueonly variable verb verbosity version visibility wait whatif width windowstyle word
    workingdirectory wrap xml xpath year
    """
)


def exists_on_windows(key: str) -> bool:
    """Whether a real server surely (or very likely) knows the command of that lower-case name."""
    if key in _ALIASES or (len(key) == 2 and key[0].isalpha() and key[1] == ":"):
        return True
    if key.endswith((".exe", ".com", ".cmd", ".bat", ".msc", ".vbs")):
        stem = key.rsplit("\\", 1)[-1].rsplit(".", 1)[0]
        return stem in _PROGRAMS or "\\" in key
    if key in _PROGRAMS:
        return True
    verb, dash, noun = key.partition("-")
    if not dash:
        return "\\" in key and ":" in key
    return (verb in _VERBS and noun in _NOUNS) or noun in _listed().get(verb, ())


_FUNCTIONS = _words(r"cd.. cd\ clear-host get-verb help importsystemmodules mkdir more oss pause prompt tabexpansion2")


def is_builtin_function(key: str) -> bool:
    """Whether a session has a function of that lower-case name from the start (the drive letters are some, too)."""
    return key in _FUNCTIONS or (len(key) == 2 and key[0].isalpha() and key[1] == ":")


@lru_cache(maxsize=1)
def _listed() -> dict[str, frozenset[str]]:
    """verb -> nouns of the commands that a server's own modules bring."""
    found = {}
    for line in resources.files(__package__).joinpath("server_commands.txt").read_text(encoding="ascii").splitlines():
        verb, _, nouns = line.partition(" ")
        found[verb] = _words(nouns)
    return found
