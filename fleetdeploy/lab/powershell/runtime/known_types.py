"""Names of .NET types that exist on Windows whether the lab simulates them or not: refused, never "not found".

PowerShell tries a name as written and with `System.` before it. Source: the reference of .NET Framework 4.8, public
types of the namespace System in mscorlib, System and System.Core, and the namespaces of the Framework's assemblies.
"""

from __future__ import annotations

_NAMESPACES = """
activities addin codedom collections componentmodel configuration data deployment device diagnostics directoryservices
drawing dynamic enterpriseservices globalization identitymodel io json linq management media messaging net numerics
printing reflection resources runtime security servicemodel serviceprocess speech text threading timers transactions
web windows workflow xaml xml
"""
_TYPES = """
accessviolationexception action activationcontext activator aggregateexception appcontext appdomain appdomaininitializer
appdomainmanager appdomainsetup appdomainunloadedexception applicationexception applicationid applicationidentity
argiterator argumentexception argumentnullexception argumentoutofrangeexception arithmeticexception array arraysegment
arraytypemismatchexception assemblyloadeventargs assemblyloadeventhandler asynccallback attribute attributetargets
attributeusageattribute badimageformatexception base64formattingoptions bitconverter boolean buffer byte
cannotunloadappdomainexception char charenumerator clscompliantattribute comparison console consolecanceleventargs
consolecanceleventhandler consolecolor consolekey consolekeyinfo consolemodifiers consolespecialkey contextboundobject
contextmarshalexception contextstaticattribute convert converter crossappdomaindelegate datamisalignedexception
datetime datetimekind datetimeoffset dayofweek dbnull decimal delegate dividebyzeroexception dllnotfoundexception
double duplicatewaitobjectexception entrypointnotfoundexception enum environment environmentvariabletarget eventargs
eventhandler exception executionengineexception fieldaccessexception filestyleuriparser
flagsattribute formatexception formattablestring ftpstyleuriparser func gc gccollectionmode gcnotificationstatus
genericuriparser genericuriparseroptions gopherstyleuriparser guid httpstyleuriparser iappdomainsetup iasyncresult
icloneable icomparable iconvertible icustomformatter idisposable iequatable iformatprovider iformattable
indexoutofrangeexception insufficientexecutionstackexception insufficientmemoryexception int16 int32 int64 intptr
invalidcastexception invalidoperationexception invalidprogramexception invalidtimezoneexception iobservable iobserver
iprogress iserviceprovider lazy ldapstyleuriparser loaderoptimization loaderoptimizationattribute localdatastoreslot
marshalbyrefobject math memberaccessexception methodaccessexception midpointrounding missingfieldexception
missingmemberexception missingmethodexception modulehandle mtathreadattribute multicastdelegate
multicastnotsupportedexception netpipestyleuriparser nettcpstyleuriparser newsstyleuriparser
nonserializedattribute notfinitenumberexception notimplementedexception notsupportedexception nullable
nullreferenceexception object objectdisposedexception obsoleteattribute operatingsystem operationcanceledexception
outofmemoryexception overflowexception paramarrayattribute platformid platformnotsupportedexception predicate progress
random rankexception resolveeventargs resolveeventhandler runtimefieldhandle runtimemethodhandle runtimetypehandle
sbyte serializableattribute single stackoverflowexception stathreadattribute string stringcomparer stringcomparison
stringsplitoptions systemexception threadstaticattribute timeoutexception timespan timezone timezoneinfo
timezonenotfoundexception tuple type typeaccessexception typecode typedreference typeinitializationexception
typeloadexception typeunloadedexception uint16 uint32 uint64 uintptr unauthorizedaccessexception
unhandledexceptioneventargs unhandledexceptioneventhandler uri uribuilder uricomponents uriformat uriformatexception
urihostnametype uriidnscope urikind uriparser uripartial uritemplate valuetype version void weakreference
"""
NAMESPACES = frozenset(_NAMESPACES.split())
"""First parts of a name behind `System.`."""
SYSTEM_TYPES = frozenset(_TYPES.split())
"""Types of the namespace System."""
_ROOTS = ("system.", "microsoft.", "windows.")


def may_exist(name: str) -> bool:
    """Could a Windows host know this name? `name` is lower case, without type arguments and array brackets."""
    if name.startswith(_ROOTS):
        return True
    first, dot, _ = name.partition(".")
    return first in NAMESPACES if dot else name.partition("`")[0] in SYSTEM_TYPES
