"""`axolotl link`: the coach's link and its QR. The one command that shows a secret."""

from __future__ import annotations

from axolotl_supervisor import address, units

from .installation import Installation, OperatorError

# Where systemd finds the credential AXOLOTL_COACH_KEY; what the running service was given comes first.
CREDENTIALS = (
    "run/credentials/axolotl-api-front.service", "etc/credstore", "run/credstore", "usr/local/lib/credstore",
    "usr/lib/credstore",
)  # fmt: skip


def link(installation: Installation, is_quiet: bool) -> int:
    """Prints it."""
    values = installation.settings()
    state = installation.place("/var/lib/axolotl")
    try:
        key = address.coach_key(values, state, [installation.root / folder for folder in CREDENTIALS])
    except FileNotFoundError:
        raise OperatorError(
            "there is no coach's key yet; the first start makes it: sudo systemctl enable --now axolotl.target"
        ) from None
    except PermissionError:
        raise OperatorError("the coach's key is for root alone; say: sudo axolotl link") from None
    front = units.load(installation.units, "axolotl-api-front.service", installation.overrides)
    result = address.coach_link(address.public_url(values, installation.program(front)), key)
    print(result)
    if not is_quiet:
        print("\n" + address.with_qr(result))
        if warning := address.warning(values):
            print(warning)
    return 0
