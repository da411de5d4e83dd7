"""The link that `make run` and `axolotl link` show leads where the QR leads: api-front alone knows where that is."""

from __future__ import annotations

import os
import subprocess
import urllib.parse
from pathlib import Path

import pytest
from axolotl_kit.coach import Coach
from axolotl_kit.stack import Stack
from axolotl_supervisor import address
from axolotl_supervisor.settings_file import SettingsError

# A machine whose phones are on 10.0.0.0/24, and which has a bridge of virtual machines, too.
NETWORK = """
ip link set lo up
ip link add lan0 type veth peer name lan1
ip link add virbr0 type veth peer name virbr0-nic
ip address add 10.0.0.5/24 dev lan0
ip address add 192.168.122.1/24 dev virbr0
for one in lan0 lan1 virbr0 virbr0-nic; do ip link set "$one" up; done
"""

# Many a campus' guest network.
NETWORK_WITHOUT_IPV4 = """
ip link set lo up
ip link add lan0 type veth peer name lan1
ip address add 2001:db8:7::5/64 dev lan0 nodad
for one in lan0 lan1; do ip link set "$one" up; done
"""


def front(stack: Stack) -> Path:
    return stack.layout.executables / "api-front"


def test_the_link_and_the_qr_have_one_address(stack: Stack, coach: Coach) -> None:
    qr = coach.create_session(expected_devices=2)["pairing_url"]
    link = address.coach_link(address.public_url(stack.settings, front(stack)), stack.coach_key)
    assert urllib.parse.urlsplit(link)[:2] == urllib.parse.urlsplit(qr)[:2]
    assert urllib.parse.urlsplit(link).port == stack.port


def address_in(network: str, stack: Stack) -> subprocess.CompletedProcess[str]:
    """The address for phones on a machine with that network, which is shown on stderr."""
    inside = f'{network}\nip address show >&2\nexec "$@"'
    return subprocess.run(
        ["unshare", "--net", "--", "bash", "-euc", inside, "network", front(stack), "--print-address"],
        capture_output=True, text=True, timeout=30, env={"PATH": os.environ["PATH"], "LOCAL_PORT": "5151"},
    )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network of its own")
@pytest.mark.parametrize("route", ["", "ip route add default via 10.0.0.1"])
def test_a_bridge_of_virtual_machines_is_not_where_the_phones_are(stack: Stack, route: str) -> None:
    told = address_in(f"{NETWORK}\n{route}", stack)
    assert told.stdout == "https://10.0.0.5:5151\n", told.stderr
    assert "192.168.122.1" in told.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network of its own")
def test_a_network_without_ipv4_has_an_address_for_phones(stack: Stack) -> None:
    told = address_in(NETWORK_WITHOUT_IPV4, stack)
    assert told.stdout == "https://[2001:db8:7::5]:5151\n", told.stderr
    assert "inet6 fe80:" in told.stderr, "which no browser takes"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"AXOLOTL_PUBLIC_URL": "https://rig.example/"}, "https://rig.example"),
        ({"AXOLOTL_BIND_ADDRESS": "192.0.2.7", "REQUIRE_HTTPS": "no"}, "http://192.0.2.7:5050"),
        ({"AXOLOTL_BIND_ADDRESS": "2001:db8::7", "LOCAL_PORT": "5151"}, "https://[2001:db8::7]:5151"),
    ],
)
def test_what_the_operator_says_holds(stack: Stack, values: dict[str, str], expected: str) -> None:
    assert address.public_url(values, front(stack)) == expected


def test_settings_that_the_service_refuses_are_refused_in_its_words(stack: Stack) -> None:
    with pytest.raises(SettingsError, match=r"AXOLOTL_PUBLIC_URL must be an address such as https://rig.example"):
        address.public_url({"AXOLOTL_PUBLIC_URL": "rig.example"}, front(stack))
