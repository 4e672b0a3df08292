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

_ORDINARY = """
add ah ale all ally among an and angel anon ante any april arch are art at august author autumn baby baker banks baron
beat bee bell bent best bill bird bishop black blaze blessing bliss blossom blue bonny brain branch brandy brown bunk
bush but butler by can cannon cap caprice captain carry case cash chance charity chase cherish cherry chin china clay
cliff comfort constant cook cooper cord council creed cross dale darling dawn day days deacon dean destiny diamond do
dock doctor doll don dove drew duke dusty earl early earnest echo elder else era essence eve ever fairy faith fancy
fate fed field fields fisher fleet floor flowers ford forest fox frank french friend from gale gardener garret
garrison gates gay general glass golden good governor grace grant graves gray green greet grove gun guy had hall ham
hand handy hardy harm harmony harper harsh has haven he head heath heaven hence hicks high hill holder holiday hope
horn house hung hunt hunter icy in infant innocent it ivory ivy jail jewel job joke journey joy judge july june junior
justice key kick king knight lady lake land lane last law lawyer lay le lean less liberty lies line link little loan
lone long lord lot love low loyal lucky lynch mad made major male man manly mare mark marquis marry marsh martial
marvel mason mate maxim may me meadow meadows mercer mercy merry mile miles miller mills minor miracle mist misty
moody moon moore more most much music my nail nat new nice night no noble north not nurse odd of old ole on one or
orange owe pack page park parker parley pass pastor patience paul peace pearl peer penny pepper per pink pitt pleasant
poole pope porter potter power precious press price prince princess prudence purity queen ray reason red rice rich
ridge river rivers roar rob rock rod roll root rose rosy rowe royal rush rusty sad sage said saint sands sandy savage
scarlet school serenity shade shan sharp sharpe shaw she shepherd sherry short silver sincere sing singer sister sky
small smart smith snow so sole son song south speed spring squire stable star stark steel steward stone storm stormy
street strong summer sunny sunshine sweet swift tanner taylor tea tell temple terry that the this ties till tiny to
tone tore town trace train treasure tree true turner two unknown us valentine vance velvet vere very victory villa
violet wade wagner walker wall ward ware was wash waters way weaver webb weeks wells west wheel whit white wilder will
window windy wing winner winter wise with wolf wolfe wong wood wooden woods worker world worth wright yard yates yes
young
"""
ORDINARY = frozenset(_ORDINARY.split())

_PLACES = """
africa albania alexandria algeria america andorra angola argentina armenia asia austin australia austria bahrain
bangladesh barbados belgium belize benin berlin bermuda bhutan bolivia boston botswana brazil brooklyn bulgaria
burundi cambodia cameroon canada carolina chad charlotte chelsea chile china cleveland colombia congo croatia cuba
cyprus czech dakota dallas denmark denver devon ecuador egypt england essex estonia ethiopia europe fiji finland
florence florida france gabon geneva georgia germany greece guam guatemala guyana haiti hamilton holland honduras
houston hungary iceland india indonesia iran iraq ireland israel italy ivory jackson jamaica japan jordan kenosha kent
kenya kiribati korea kuwait lancaster laos latvia lebanon lesotho libya lima lincoln lithuania london lourdes
luxembourg madagascar madison malawi malaysia maldives mali malta mauritius mexico milan moldova monaco mongolia
montana morocco mozambique myanmar namibia nauru nepal netherlands nevada nicaragua niger norway oman palau panama
paraguay paris peru philippines phoenix poland portugal quito romania rome russia rwanda salvador samoa san santa
santiago savannah scotland serbia singapore slovakia slovenia somalia spain sudan sweden switzerland sydney syria
taiwan tanzania thailand togo tonga trinidad tunisia turkey tuvalu uganda ukraine uruguay valencia venezuela victoria
vienna vietnam virginia wales washington winchester windsor yemen york zambia
"""
PLACES = frozenset(_PLACES.split())

_NO_NAMES = """
a account address ag airport also am amazon american an and apple april apt are as association at attn august ave
avenue bank bay be beach been best blvd bot boulevard box british but by can cape capital card cc chinese church
circle city club co college company consulting corp corporation could county court data date dear december department
did do does dr drive east email energy english eu european facebook february first floor for fort foundation french
friday from fw german global gmbh god google great group had has have he health hello her hi highway his hospital
hotel how i if in inc industries institute international internet is island islands it italian its january japanese
java july june kingdom lake lane league let linux llc ln ltd madam management march may media microsoft might ministry
miss monday mount mr mrs ms museum must my name national new no north not november number october of ok old on or our
partners party phone place plc please pm port prof python rd re regards republic river road russian saint saturday
school second sent september services shall she should sincerely sir society software solutions south spanish square
st state station street subject suite sunday systems team technologies terrace thank thanks that the their these they
third this those thursday to trail tuesday twitter uk union united university us usa user was way we wednesday were
west what when where which who why will windows with would yes you your
"""
NO_NAMES = frozenset(_NO_NAMES.split())

_OF_PLACES = "san santa são costa puerto los las el monte villa buena rio porto bad"
OF_PLACES = frozenset(_OF_PLACES.split())
"""What names of places begin with, however much the next word is a name."""

_THINGS = """
ag airport association ave avenue bank blvd boulevard capital church circle city club co college company consulting
corp corporation county court data department drive energy foundation gmbh group health highway hospital hotel inc
industries institute island islands lane league llc ln ltd management media museum partners party place plc rd road
school services society software solutions square st station street systems team technologies terrace trail union
university way
"""
THINGS = frozenset(_THINGS.split())
"""What follows a name that is a thing's: a street's, a company's."""


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
