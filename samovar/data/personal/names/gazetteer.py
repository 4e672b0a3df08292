"""First and last names in Latin letters, and words that are names only sometimes.

The names are those that the package Faker draws from (of some forty countries); the ordinary words among them were
found by counting words in small letters in English books of the public domain.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from samovar.core.extras import require

_FIRST_OF_GREEK = "Ͱ"
_FIRST = ("first_names", "first_names_male", "first_names_female", "first_names_nonbinary")
_LAST = ("last_names", "last_names_male", "last_names_female")

ORDINARY = frozenset(
    """said my will an man little can made may don us young long ever friend love lady hope till king doctor case son true among
    else less sister bishop tone reason red rose marry drew general pleasant tea judge early chance rich worth hall floor squire
    duke comfort queen line stone joy noble green baby journey carry bell bent captain fancy darling river heaven peace sad sky
    lawyer wood woods innocent mad liberty bill justice summer lot brown faith miles earnest cap haven governor brain grace dean
    odd brandy unknown harm spring hung shade add mark chin winter fate precious beat storm art bird silver lies elder hill gray
    prince gay patience mercy le press royal price golden angel mile deacon owe joke rock constant rush ah park blessing sing sole
    lane mist roll forest sunshine destiny dawn merry harsh porter charity diamond lean infant hunt wash rusty trace pink doll
    velvet autumn page north fed rosy treasure grant cannon dusty star sunny ray manly branch job shan prudence sincere per lucky
    tore tiny wolf male frank gun baron hence fairy west victory penny echo junior roar banks arch mercer bliss council author
    chase purity harmony ward ham cherry minor nail ale sherry mare blaze wing bunk shepherd rob major ties peer icy heath graves
    pearl mate stormy fleet ole clay whit miracle loan jail garrison scarlet earl butler ante ally saint link cash dove cord
    china kick jewel cliff orange greet garret cherish caprice ridge pepper bush princess ivory villa moody misty eve bee serenity
    loyal ivy handy baker anon steward hunter creed vere nat lone blossom mills meadow maxim marvel marquis gale era august windy
    violet sandy rod pastor parley martial essence dock bonny in on so no do he she it me at by or to of and the this that with from
    has had was are not but all any one two new old good day days art best black white blue cook cooper fisher fox gardener hand
    hardy holiday house land law lord low mason moon moore more most much music nice night nurse potter power pope sharp short
    small smart snow south stark steel strong sweet swift taylor town turner walker wall waters weaver webb wells west wise worth
    world wright yates april june july bishop chase cross day dale field fields flowers ford french gates glass grove guy harper
    head hicks high holder horn key knight lake last lay long lynch marsh may meadows miller paul pack parker pass pitt poole rice
    rivers root rowe rush sage sands savage school sharpe shaw singer smith song speed stable street tanner temple terry tell
    train tree valentine vance very wade wagner ware wash way weeks wheel wilder window winner wong wooden wolfe worker yard yes""".split()
)

PLACES = frozenset(
    """jordan georgia chad israel paris sydney austin madison victoria florence charlotte houston dallas brooklyn kenya india china
    cuba malta london england holland ireland scotland wales america africa asia australia austria brazil canada france germany
    italy japan mexico russia spain sweden norway denmark finland poland ukraine washington lincoln jackson hamilton cleveland
    denver phoenix alexandria virginia carolina dakota montana nevada savannah boston berlin vienna rome milan geneva lourdes
    santiago san santa lima quito salvador guyana monaco andorra valencia florida chelsea essex kent devon lancaster york
    windsor winchester jamaica barbados trinidad tonga samoa guam togo mali niger benin gabon congo angola zambia cameroon ivory
    bahrain kuwait oman yemen iran iraq turkey syria lebanon cyprus greece albania serbia croatia latvia lithuania estonia hungary
    romania bulgaria moldova armenia tunisia morocco algeria libya egypt sudan ethiopia somalia uganda rwanda burundi tanzania
    malawi mozambique botswana namibia lesotho madagascar mauritius maldives nepal bhutan bangladesh myanmar thailand vietnam
    laos cambodia malaysia singapore indonesia philippines taiwan korea mongolia fiji kiribati nauru tuvalu palau peru chile
    argentina uruguay paraguay bolivia ecuador colombia venezuela panama nicaragua honduras guatemala belize haiti bermuda iceland
    luxembourg belgium switzerland portugal slovenia slovakia czech netherlands europe kenosha""".split()
)

NO_NAMES = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october
    november december street st avenue ave road rd drive lane ln boulevard blvd court place square terrace way highway circle trail
    apt suite floor box inc ltd llc corp corporation company co group gmbh ag plc bank university college school institute hospital
    church museum hotel airport station department ministry university association foundation society club team union party league
    the a an and or but if of in on at to for from with by as is was are were be been i you he she it we they my your his her its
    our their this that these those who what when where why how which please hi hello dear thanks thank yes no not do does did can
    could will would should may might must shall have has had let also user bot sir madam mr mrs ms miss dr prof am pm ok usa uk
    us eu new north south east west old great saint mount lake river port fort cape island islands bay beach city county state
    republic kingdom united national international global first second third english french german spanish italian russian chinese
    japanese american british european god internet google microsoft amazon apple facebook twitter windows linux python java
    systems services solutions technologies software media data energy health capital partners consulting management industries
    email phone address name date number card account re fw subject sent cc attn regards sincerely best""".split()
)


@cache
def first_names() -> Mapping[str, int]:
    """First names in small letters, single words, each with the number of countries whose list has it."""
    return _names(_FIRST)


@cache
def last_names() -> Mapping[str, int]:
    """Last names, likewise."""
    return _names(_LAST)


def _names(attributes: tuple[str, ...]) -> Mapping[str, int]:
    package = require("faker.providers.person", extra="data")
    found: Counter[str] = Counter()
    for module_info in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module_info.name}").Provider
        found.update(set[str]().union(*(_words(getattr(provider, attribute, ())) for attribute in attributes)))
    return found


def _words(names: Any) -> set[str]:
    if isinstance(names, property):  # of locales that compute their lists
        return set()
    return {name.lower() for name in names if len(name) > 1 and name[0] < _FIRST_OF_GREEK and name.isalpha()}
