"""Which addresses and URLs webhooks may be sent to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.settings import Settings
from app.webhooks.egress_policy import (
    PUBLIC,
    EgressPolicy,
    all_allowed,
    is_allowed,
    parse_address,
    parse_networks,
)
from app.webhooks.endpoint_rules import EndpointUrl, UrlFault, read_endpoint_url
from app.webhooks.sending import reach_of

TRYING = EgressPolicy(private=True)

# The first and last address of each range, and for each its neighbours outside.
REFUSED = """
0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.0.0.1
127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0
192.0.0.255 192.0.2.0 192.0.2.255 192.88.99.1 192.168.0.0 192.168.255.255 198.18.0.0
198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 239.255.255.255
240.0.0.0 255.255.255.255 168.63.129.16 100.100.100.200 :: ::1 ::2 ::127.0.0.1 ::8.8.8.8
::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808
64:ff9b:1::a00:1 100::1 2001::1 2001:0:53aa:64c:0:7f:f5ff:fffe 2001:2::1 2001:10::1 2001:20::1
2001:1ff:ffff::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1 3fff::1 3fff:fff:ffff::1 3ffe::1
5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1 4000::1
1fff:ffff::1 2a00:1450:4001:80b::5efe:7f00:1 2a00:1450:4001:80b:200:5efe:7f00:1
"""
PUBLIC_ONES = """
1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255
192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
223.255.255.255 168.63.129.17 2000::1 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111
2a00:1450:4001:80b::200e 3fff:1000::1
"""


@pytest.mark.parametrize("text", REFUSED.split())
def test_what_is_not_of_the_public_internet_is_refused(text: str) -> None:
    assert not is_allowed(ipaddress.ip_address(text), PUBLIC)


@pytest.mark.parametrize("text", PUBLIC_ONES.split())
def test_the_public_internet_is_allowed_up_to_the_last_address_before_a_special_range(
    text: str,
) -> None:
    assert is_allowed(ipaddress.ip_address(text), PUBLIC)


@given(st.ip_addresses())
def test_nothing_python_calls_special_is_allowed(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = not address.is_global or address.is_multicast or address.is_reserved
    assert not (special and is_allowed(address, PUBLIC))


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_allowed_by_being_written_in_an_ipv6_one(
    address: ipaddress.IPv4Address,
) -> None:
    number = int(address)
    written = [
        ipaddress.IPv6Address(prefix | number)
        for prefix in (0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96, 0x64FF9B0001 << 80)
    ]
    written.append(ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1))
    written.append(ipaddress.IPv6Address(0x20010000 << 96 | (number ^ 0xFFFFFFFF)))
    assert not any(is_allowed(one, reach) for one in written[2:] for reach in (PUBLIC, TRYING))
    assert not any(is_allowed(one, PUBLIC) for one in written)


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "10.1.2.3", "172.17.0.2", "192.168.0.1", "::1", "fd12::1"]
)
def test_for_trying_this_machine_and_private_networks_are_allowed(text: str) -> None:
    assert is_allowed(ipaddress.ip_address(text), TRYING)


@pytest.mark.parametrize(
    "text",
    ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1", "0.0.0.1"],
)
def test_not_even_for_trying_is_where_clouds_tell_secrets_allowed(text: str) -> None:
    assert not is_allowed(ipaddress.ip_address(text), TRYING)


def test_an_operators_own_networks_are_refused_beside_the_special_ones() -> None:
    settings = Settings(webhooks_refused_networks="8.8.8.0/24, 2606:4700::/32")
    reach = reach_of(settings)
    assert not all_allowed(["8.8.8.8"], reach)
    assert not all_allowed(["2606:4700::1111"], reach)
    assert all_allowed(["8.8.4.4"], reach)
    assert reach_of(Settings()) == PUBLIC


@pytest.mark.parametrize("text", ["8.8.8.8/24", "example.com", "8.8.8.0/33"])
def test_settings_that_name_no_networks_stop_the_process_at_its_start(text: str) -> None:
    with pytest.raises(ValidationError):
        Settings(webhooks_refused_networks=text)
    with pytest.raises(ValueError, match=r"."):
        parse_networks(text)


def test_one_address_that_is_refused_spoils_all_of_a_name() -> None:
    assert all_allowed(["8.8.8.8", "2606:4700::1111"], PUBLIC)
    assert not all_allowed(["8.8.8.8", "127.0.0.1"], PUBLIC)
    assert not all_allowed(["2606:4700::1111", "fe80::1%eth0"], PUBLIC)


@pytest.mark.parametrize(
    "text", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "fe80::1%1", "[::1]"]
)
def test_odd_forms_are_no_addresses(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", UrlFault.MALFORMED),
        ("example.com/hook", UrlFault.MALFORMED),
        ("//example.com/hook", UrlFault.MALFORMED),
        ("https:example.com", UrlFault.MALFORMED),
        ("https:///hook", UrlFault.MALFORMED),
        (" https://example.com/", UrlFault.MALFORMED),
        ("https://example.com/\n", UrlFault.MALFORMED),
        ("https://example.com/a b", UrlFault.MALFORMED),
        ("https://example.com\\@8.8.8.8/", UrlFault.MALFORMED),
        ("https://bücher.example/", UrlFault.MALFORMED),
        ("https://１２７.0.0.1/", UrlFault.MALFORMED),
        ("https://127。0。0。1/", UrlFault.MALFORMED),
        ("https://example.com:port/", UrlFault.MALFORMED),
        ("https://[::1/", UrlFault.MALFORMED),
        ("https://0177.0.0.1/", UrlFault.MALFORMED),
        ("http://example.com/", UrlFault.NOT_HTTPS),
        ("ftp://example.com/", UrlFault.NOT_HTTPS),
        ("file:///etc/passwd", UrlFault.NOT_HTTPS),
        ("https://me@example.com/", UrlFault.HAS_CREDENTIALS),
        ("https://me:secret@example.com/", UrlFault.HAS_CREDENTIALS),
        ("https://@example.com/", UrlFault.HAS_CREDENTIALS),
        ("https://example.com@127.0.0.1/", UrlFault.HAS_CREDENTIALS),
        ("https://example.com/#part", UrlFault.HAS_FRAGMENT),
        ("https://example.com/#", UrlFault.HAS_FRAGMENT),
        ("https://localhost/", UrlFault.HOST_NOT_ALLOWED),
        ("https://LocalHost/", UrlFault.HOST_NOT_ALLOWED),
        ("https://a.localhost/", UrlFault.HOST_NOT_ALLOWED),
        ("https://printer.local/", UrlFault.HOST_NOT_ALLOWED),
        ("https://metadata.google.internal/", UrlFault.HOST_NOT_ALLOWED),
        ("https://intranet/", UrlFault.HOST_NOT_ALLOWED),
        ("https://example.com./", UrlFault.HOST_NOT_ALLOWED),
        ("https://127.0.0.1./", UrlFault.HOST_NOT_ALLOWED),
        ("https://a..example.com/", UrlFault.HOST_NOT_ALLOWED),
        ("https://-a.example.com/", UrlFault.HOST_NOT_ALLOWED),
        ("https://a_b.example.com/", UrlFault.HOST_NOT_ALLOWED),
        ("https://127%2e0%2e0%2e1/", UrlFault.HOST_NOT_ALLOWED),
        ("https://2130706433/", UrlFault.HOST_NOT_ALLOWED),
        ("https://0x7f000001/", UrlFault.HOST_NOT_ALLOWED),
        ("https://0x7f.0.0.0x1/", UrlFault.HOST_NOT_ALLOWED),
        ("https://017700000001/", UrlFault.HOST_NOT_ALLOWED),
        ("https://127.1/", UrlFault.HOST_NOT_ALLOWED),
        ("https://1.2.3.4.5/", UrlFault.HOST_NOT_ALLOWED),
        ("https://[fe80::1%25eth0]/", UrlFault.HOST_NOT_ALLOWED),
        ("https://[fe80::1%eth0]/", UrlFault.HOST_NOT_ALLOWED),
        (f"https://{'a' * 64}.example.com/", UrlFault.HOST_NOT_ALLOWED),
        (f"https://{'a.' * 130}com/", UrlFault.HOST_NOT_ALLOWED),
        ("https://127.0.0.1/", UrlFault.ADDRESS_NOT_ALLOWED),
        ("https://169.254.169.254/latest/meta-data/", UrlFault.ADDRESS_NOT_ALLOWED),
        ("https://[::1]/", UrlFault.ADDRESS_NOT_ALLOWED),
        ("https://[::ffff:127.0.0.1]/", UrlFault.ADDRESS_NOT_ALLOWED),
        ("https://[64:ff9b::8.8.8.8]/", UrlFault.ADDRESS_NOT_ALLOWED),
        ("https://example.com:80/", UrlFault.PORT_NOT_ALLOWED),
        ("https://example.com:25/", UrlFault.PORT_NOT_ALLOWED),
        ("https://example.com:0/", UrlFault.PORT_NOT_ALLOWED),
        ("https://example.com:1023/", UrlFault.PORT_NOT_ALLOWED),
        ("https://example.com:99999/", UrlFault.PORT_NOT_ALLOWED),
        ("https://example.com/" + "a" * 2048, UrlFault.TOO_LONG),
    ],
)
def test_a_url_that_webhooks_are_not_sent_to_is_refused_with_what_is_wrong(
    text: str, fault: UrlFault
) -> None:
    assert read_endpoint_url(text, PUBLIC) is fault


@pytest.mark.parametrize(
    ("text", "host", "port", "target", "host_header"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("HTTPS://Example.COM/Hook", "example.com", 443, "/Hook", "example.com"),
        ("https://example.com:443/?a=%20b", "example.com", 443, "/?a=%20b", "example.com"),
        ("https://h.example.com:8443/a@b", "h.example.com", 8443, "/a@b", "h.example.com:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", None),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
    ],
)
def test_a_good_url_is_taken_apart(
    text: str, host: str, port: int, target: str, host_header: str | None
) -> None:
    assert read_endpoint_url(text, PUBLIC) == EndpointUrl(
        scheme="https", host=host, port=port, target=target, host_header=host_header or host
    )


@pytest.mark.parametrize(
    "text", ["http://localhost:8000/", "http://127.0.0.1/", "https://[::1]:99/", "http://receiver/"]
)
def test_for_trying_a_url_may_be_plain_http_to_this_machine(text: str) -> None:
    assert isinstance(read_endpoint_url(text, TRYING), EndpointUrl)
    assert isinstance(read_endpoint_url(text, PUBLIC), UrlFault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("http://169.254.169.254/", UrlFault.ADDRESS_NOT_ALLOWED),
        ("http://0x7f.1/", UrlFault.HOST_NOT_ALLOWED),
        ("http://me@localhost/", UrlFault.HAS_CREDENTIALS),
        ("ftp://localhost/", UrlFault.NOT_HTTPS),
    ],
)
def test_for_trying_the_other_rules_still_hold(text: str, fault: UrlFault) -> None:
    assert read_endpoint_url(text, TRYING) is fault


@given(st.text() | st.text(alphabet="htps:/@.[]0127x%#?\\").map("https://".__add__))
def test_whatever_is_written_it_is_read_or_refused(text: str) -> None:
    read = read_endpoint_url(text, PUBLIC)
    if isinstance(read, EndpointUrl):
        address = parse_address(read.host)
        assert address is None or is_allowed(address, PUBLIC)
        assert read.scheme == "https"
