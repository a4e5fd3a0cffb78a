"""gateway.config and gateway.passwords: what is read, and what every kind of mistake is told."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest

from engine.api import EngineLimits
from gateway.config import Limits, Settings, load_settings, split_address
from gateway.config_types import ConfigError
from gateway.passwords import hash_password, verify_password

CONFIG = Path(__file__).resolve().parents[2] / "config"
NAMES = ("demo.toml", "demo-market.toml", "demo-participants.toml")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the demo's three files, to be spoiled."""
    for name in NAMES:
        (tmp_path / name).write_text((CONFIG / name).read_text())
    return tmp_path


def spoil(files: Path, name: str, old: str, new: str) -> str:
    """Replaces text in one file, which has to be there, and returns what loading then says."""
    path = files / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_settings(files / "demo.toml")
    assert name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["demo.toml", "production.toml"])
def test_the_shipped_files_load(name: str) -> None:
    settings = load_settings(CONFIG / name)
    assert isinstance(settings, Settings)
    assert settings.data_directory.is_absolute()


@pytest.mark.parametrize("name", ["demo.toml", "production.toml"])
def test_every_key_of_the_shipped_process_files_has_a_comment(name: str) -> None:
    for line in (CONFIG / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            assert "#" in line, line


def test_the_production_market_is_the_rulebooks_listing_table() -> None:
    market = load_settings(CONFIG / "production.toml").market
    assert len(market.instrument) == 25  # 22 and three of Korea
    by_symbol = {item.symbol: item for item in market.instrument}
    assert by_symbol["COPPER-USD"].tick_size == 50_000
    assert by_symbol["EUR-USD"].min_quantity == 100 * 10**8
    # tick value in micro-USDC, the table's column tv
    for symbol, tick_value in (("AAPL-USD", 10), ("US100-USD", 500), ("CL-USD", 100), ("COPPER-USD", 50)):
        assert by_symbol[symbol].tick_size * by_symbol[symbol].lot_size == tick_value * 10**10
    assert market.defaults.min_notional_usdc == 10_000_000
    assert market.band_ppm.fx == 20_000


def test_limits_are_those_of_the_engine() -> None:
    assert msgspec.structs.asdict(Limits()) == asdict(EngineLimits())


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("demo.toml", "interval_s = 10", "interval = 10", "snapshot.interval: lacks its unit, write interval_s = 300"),
        ("demo.toml", "interval_s = 10", "interval_ms = 10", "snapshot.interval_ms: unknown key, write interval_s"),
        ("demo.toml", "durability", "durabilty", 'unknown key, write durability = "fsync"'),
        ("demo.toml", '"page-cache"', '"sometimes"', "journal.durability: invalid enum value 'sometimes'"),
        ("demo.toml", "[loop]", "[lop]", "lop: unknown key, write a table [loop]"),
        ("demo.toml", "interval_s = 10", 'interval_s = "10"', "snapshot.interval_s: expected `int`, got `str`"),
        ("demo.toml", "keep = 3", "keep = 0", "snapshot.keep: expected `int` >= 1"),
        ("demo.toml", 'market = "demo-market.toml"', "", "files.market: missing, write market ="),
        ("demo.toml", "127.0.0.1:0", "127.0.0.1", "listen.binary: '127.0.0.1' is no address"),
        ("demo.toml", "[loop]", "[tls]\ncertificate='c.pem'\nkey='k'\n[loop]", "c.pem does not exist: name a PEM file"),
        ("demo.toml", "[engine]", "[engine", "is not TOML"),
        ("demo-market.toml", '"0.01"', "0.01", 'expected decimal text in quotes, write "0.01"'),
        ("demo-market.toml", '"0.01"', '"0.00001"', "instrument[0] (AAPL-USD): tick_size x lot_size"),
        ("demo-market.toml", '"0.01"', '"1e-2"', "is not a plain decimal number"),
        ("demo-market.toml", '"0.01"', '"0.000000001"', "has more than eight decimals"),
        ("demo-market.toml", 'max_price = "1000"', 'max_price = "1000.005"', "max_price: must be a multiple"),
        ("demo-market.toml", 'max_price = "1000"', 'max_price = "200000"', "20000000 ticks, must be below 16,777,216"),
        ("demo-market.toml", "speed_bump_ms = 0", "speed_bump = 0", "instrument[0].speed_bump: lacks its unit"),
        ("demo-market.toml", 'asset_class = "equity"', 'asset_class = "stock"', "instrument[0].asset_class"),
        ("demo-market.toml", "id = 1", "id = 9", "instrument[0].id: 9 is above engine.limits.instruments_max = 8"),
        ("demo-participants.toml", "firm = 1", "firm = 7", "desk[0].firm: there is no [[firm]] with id 7"),
        ("demo-participants.toml", "node = 1", "node = 77", "session[0].node: there is no [[account]] with id 77"),
        ("demo-participants.toml", "id = 2", "id = 1", "firm[1].id: 1 is used twice"),
        ("demo-participants.toml", '"TAKER"\npassword', '"MAKER"\npassword', "'MAKER' is used twice"),
        ("demo-participants.toml", '"scrypt$', '"plain$', "session[0].password_hash: is no password hash"),
        ("demo-participants.toml", "weight_per_minute", "weight", "trader[0].weight: lacks its unit"),
    ],
)
def test_a_mistake_names_file_and_key_and_what_to_write(files: Path, name: str, old: str, new: str, says: str) -> None:
    assert says in spoil(files, name, old, new)


def test_a_named_file_that_is_absent(files: Path) -> None:
    (files / "demo-market.toml").unlink()
    with pytest.raises(ConfigError, match=r"demo-market\.toml: cannot be read: No such file"):
        load_settings(files / "demo.toml")


def test_all_unknown_keys_of_a_file_are_told_at_once(files: Path) -> None:
    (files / "demo.toml").write_text((files / "demo.toml").read_text().replace("keep = 3", "keeep = 3\ninterval = 4"))
    with pytest.raises(ConfigError) as caught:
        load_settings(files / "demo.toml")
    assert "snapshot.keeep" in str(caught.value)
    assert "snapshot.interval:" in str(caught.value)


@pytest.mark.parametrize(("text", "pair"), [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:7001", ("::1", 7001))])
def test_addresses(text: str, pair: tuple[str, int]) -> None:
    assert split_address(text) == pair


@pytest.mark.parametrize("text", ["7001", ":7001", "host:port", "host:70000"])
def test_bad_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        split_address(text)


def test_password_hashes_are_salted_and_verified() -> None:
    first, second = hash_password("s3cret"), hash_password("s3cret")
    assert first != second
    assert verify_password(b"s3cret", first)
    assert not verify_password(b"S3cret", first)
    with pytest.raises(ValueError, match="no password hash"):
        verify_password(b"s3cret", "md5$1$2$3$4$5")
    with pytest.raises(ValueError, match="out of range"):
        verify_password(b"s3cret", first.replace("scrypt$13", "scrypt$30"))


@pytest.mark.parametrize("password", ["", "elevenchars", "päss", " lead", "a\nb"])
def test_passwords_that_a_login_cannot_carry(password: str) -> None:
    with pytest.raises(ValueError, match=r"a password"):
        hash_password(password)
