"""Members that .NET Framework's types have and the lab's tables do not: refused, never taken for missing.

By name alone, over all types: a name that is real on one type is refused on every type whose table lacks it. That
can refuse too much, which is allowed, and keeps the lists short. Look next: ``members``, ``overloads``.
"""

from __future__ import annotations

_METHODS = """
add adddays addhours addmilliseconds addminutes addmonths addrange addseconds addticks addyears appendchar
asreadonly begingetresponse beginread beginwrite binarysearch clone clonenode convertall copy copyto copytoasync
createattribute createcdatasection createnavigator createnode createobjref createsubdirectory decrypt
downloadfile downloadfileasync encrypt endgetresponse endread endwrite ensurecapacity findinterfaces findlast
findlastindex findmembers flushasync foreach fromdaylight getaccesscontrol getarrayrank getattributenode
getbyindex getcharcount getcomponents getconstructor getconstructors getcustomattributes getdatetimeformats
getdecoder getdefaultmembers getencoder getenumerator getenumname getenumnames getenumunderlyingtype
getenumvalues getevents getfield getfields getgroupnumbers getinterface getinterfaces getkey getleftpart
getlength getlifetimeservice getlowerbound getmaxcharcount getmember getmembers getmethod getmethods
getnestedtypes getobjectdata getparameters getproperties getproperty gettypecode getupperbound
groupnamefromnumber groupnumberfromname importnode indexofany initialize initializelifetimeservice insertafter
insertat insertbefore invokemember isbaseof isdaylightsavingtime isdefined isenumdefined isequivalentto
isnormalized ispropersubsetof ispropersupersetof isreservedcharacter iswellformedoriginalstring lastindexof
makearraytype makebyreftype makegenerictype makerelative makerelativeuri maptoipv4 maptoipv6 normalize
ondeserialization openread openwrite peek prependchild read readasync readblock readlineasync readtoendasync
removeat removeattributenode removewhere replace replacechild save selectnodes setaccesscontrol setat
setattributenode setrange settype subtract supports symmetricexceptwith synchronized toarray tobinary toboolean
tobyte tochar todatetime todecimal todouble tofiletime toint16 toint32 toint64 tooffset tosbyte tosingle totype
touint16 touint32 touint64 trimexcess trueforall trytrim uploaddata uploadfile uploadstring validate write
writeasync writecontentto writelineasync writeto
appendjoin chars compareto ensurecapacity equals exceptwith exists find findall findindex
getdatetimeformats getgenericarguments getgenerictypedefinition gethashcode getlonglength getrange
gettype hasflag insertrange intersectwith isinstanceoftype isnormalized issubclassof issubsetof
issupersetof lastindexofany overlaps removerange result reverse setequals sort toarray tofiletimeutc
tolocaltime tolongdatestring tooadate tostring trimtosize trygetvalue unionwith wait waitone
"""
_STATIC_METHODS = """
abs acos adapter add addmemorypressure appendalllines asin asreadonly atan2 bigmul binarysearch cbrt ceiling
checkhostname checkschemename clamp collectioncount compare compareordinal compareto compiletoassembly concat
constrainedcopy convert convertall convertfromutf32 converttoutf32 copy cosh create createspecificculture
decrypt divide divrem doubletoint64bits empty encrypt endsindirectoryseparator equals exists find findall
findindex findlast findlastindex fixedsize floor foreach format frombase frombase64chararray frombinary
fromfiletime fromhex fromoacurrency fromoadate fromticks fromunixtime get getaccesscontrol getbits getbyte
getcultures getdirectoryroot getencodings getfullpath getgeneration getlastaccesstime getlastaccesstimeutc
getlogicaldrives getname getrelativepath gettempfilename gettypearray gettypecode gettypefromclsid
gettypefromhandle gettypefromprogid gettypehandle getunderlyingtype getunicodecategory greatestcommondivisor
hexescape hexunescape hosttonetworkorder ieeeremainder int64bitstodouble intern isdbnull isdefined ishexdigit
ishexencoding ishighsurrogate isinfinity isinterned islowsurrogate isnegativeinfinity ispositiveinfinity
ispunctuation isseparator issurrogate issurrogatepair issymbol join keepalive lastindexof log log10 log2 max
memorycopy min modpow multiply negate networktohostorder newguid parse parseexact pow readlines readonly
referenceequals reflectiononlygettype registerprovider remainder repeat round setaccesscontrol setbyte
setcurrentdirectory setlastaccesstime setlastaccesstimeutc singletoint32bits sinh sort subtract suppressfinalize
synchronized tanh tobase64chararray tobyte tochar todatetime todouble toint16 toint32 toint64 tooacurrency
toobject tosbyte tosingle tostring touint16 touint32 touint64 trimendingdirectoryseparator trueforall truncate
tryparse tryparseexact waitforfullgccomplete
"""
_PROPERTIES = """
address assembly assemblyqualifiedname attributes baseuri canreusetransform cantransformmultipleblocks captures
chars comparer containsgenericparameters currentencoding customattributes date day dayofweek dayofyear
declaringtype documenttype drivetype encoding formatprovider genericparameterattributes generictypearguments
guid handle haselementtype hostnametype hour idnhost implementation inputblocksize isabstract isansiclass
isautoclass isautolayout isbyref iscomobject iscontextful isfile isgenericparameter isgenerictypedefinition
isimport isipv4mappedtoipv6 isipv6linklocal isipv6multicast isipv6sitelocal isipv6teredo islayoutsequential
ismarshalbyref isnested isnestedpublic isnotpublic ispointer ispower issealed isserializable isspecialname
issynchronized isunc isvisible item matchtimeout maxcapacity membertype metadatatoken millisecond minute module
month name oftwo outputblocksize previoustext readtimeout righttoleft rootdirectory safefilehandle schemainfo
schemas scopeid second securityprotocol servicepack standalone structlayoutattribute timeofday type typehandle
typeinitializer userescaped version versioninfo volumelabel writetimeout xmlresolver year
"""
_EXCEPTION_PROPERTIES = """
actualvalue cancellationtoken commandinvocation commandname demanded errorcode errordata errorid errorinformation errors
errorsource errortype filename fusionlog innerexceptions itemname line linenumber lineposition messageid nativeerrorcode
objectname offset paramname parametername parametertype processname providerinfo response serializedremoteexception
serializedremoteinvocationinfo servicename sessionstatecategory socketerrorcode sourceuri status statuscode task
typename typespecified
"""
_STATIC_PROPERTIES = """
altdirectoryseparatorchar cachesize dbnull defaultbinder delimiter filterattribute filtername filternameignorecase
invalidpathchars missing null schemedelimiter urischemefile urischemeftp urischemegopher urischemehttp urischemehttps
urischememailto urischemenetpipe urischemenettcp urischemenews urischemenntp
"""

METHODS = frozenset(_METHODS.split())
"""Instance methods."""
STATIC_METHODS = frozenset(_STATIC_METHODS.split())
"""Static methods."""
PROPERTIES = frozenset(_PROPERTIES.split())
"""Instance properties."""
EXCEPTION_PROPERTIES = frozenset(_EXCEPTION_PROPERTIES.split())
"""Properties that some exception has; refused on each that was made without them."""
STATIC_PROPERTIES = frozenset(_STATIC_PROPERTIES.split())
"""Static properties and fields."""
