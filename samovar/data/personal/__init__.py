"""Personal and confidential data: found, told apart by kind, and masked or given stand-ins."""

from __future__ import annotations

from samovar.data.personal.basic import CARD, EMAIL, PHONE, mask_personal
from samovar.data.personal.checksums import luhn_holds

__all__ = ["CARD", "EMAIL", "PHONE", "luhn_holds", "mask_personal"]
