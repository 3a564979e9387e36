"""Which environment this is: a word for the badge, and whether it is a testnet. Contradictions are not guessed away."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from state.facts.sources import Sources
from state.facts.switches import switch
from state.files.surfaces import ENGINE_METADATA, RISK_SNAPSHOT
from state.files.values import mapping, text

# Everything the loader takes from the environment of the process.
ENVIRON_KEYS = ("HEDGE_ENV", "ENV", "BINANCE_TESTNET")

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})

# As writers call an account with money in it, and one without; any other word says neither.
LIVE_WORDS = frozenset({"live", "prod", "production", "mainnet", "real"})
PAPER_WORDS = frozenset({"paper", "dry_run", "dry-run", "dryrun", "sim", "simulated", "simulation", "demo"})
TESTNET_WORD = "testnet"
MONEYLESS_WORDS = PAPER_WORDS | {TESTNET_WORD, "dev", "development", "test", "testing", "staging", "sandbox", "local"}


class Environment(NamedTuple):
    """Badge word, testnet flag (None: unknown or contradictory), and what each witness says."""

    name: str | None
    testnet: bool | None
    witnesses: dict[str, bool]


def find_environment(sources: Sources) -> Environment:
    """Ask the state and the process environment; all witnesses have to agree."""
    witnesses = _witnesses(sources)
    said = set(witnesses.values())
    testnet = said.pop() if len(said) == 1 else None
    nothing = "no state file and no environment variable says whether this is a testnet"
    sources.unknown.known("meta.testnet", testnet, "the witnesses contradict each other" if witnesses else nothing)
    name = _name(sources)
    unnamed = "neither HEDGE_ENV nor ENV is set, and no state file names one"
    sources.unknown.known("meta.environment", name, find_contradiction(sources) or unnamed)
    return Environment(name, testnet, witnesses)


def find_contradiction(sources: Sources) -> str | None:
    """What the reader and the executor call the environment, where it cannot be both; None where it can.

    HEDGE_ENV names the badge, and is meant to be the executor's word. ENV may be of another process: it contradicts
    where one of the two is a testnet, or where it makes light of an executor that trades with money.
    """
    environ, engine = sources.environ, engine_environment(sources) or ""
    for variable, named in (("HEDGE_ENV", text(environ.get("HEDGE_ENV"))), ("ENV", text(environ.get("ENV")))):
        if not named or not engine or named.lower() == engine.lower():
            continue
        renamed = variable == "ENV" and text(environ.get("HEDGE_ENV")) is not None
        is_testnet = engine.lower() == TESTNET_WORD and not renamed
        if variable == "HEDGE_ENV" or is_testnet or _makes_light(sources):
            return f"{variable} says {named}, {ENGINE_METADATA} says {engine}"
    return None


def _makes_light(sources: Sources) -> bool:
    """Whether ENV is a word for no money beside an executor that names itself by one for money."""
    named = (sources.environ.get("ENV") or "").strip().lower()
    # `prod-eu1` and `live_2` are words for money with a place or a number behind them.
    words = set(re.split(r"[^a-z]+", (engine_environment(sources) or "").lower()))
    return named in MONEYLESS_WORDS and bool(words & LIVE_WORDS) and not words & MONEYLESS_WORDS


def _name(sources: Sources) -> str | None:
    """Nothing, rather than a word that plays money down."""
    named = text(sources.environ.get("HEDGE_ENV"))
    if named is None and _makes_light(sources):
        return None
    return named or text(sources.environ.get("ENV")) or engine_environment(sources)


def engine_environment(sources: Sources) -> str | None:
    """The environment the executor says it runs in."""
    return text(sources.data(ENGINE_METADATA).get("env"))


def _witnesses(sources: Sources) -> dict[str, bool]:
    """Who says what. Overrides that are not active are a default, and prove nothing about the exchange."""
    overrides = switch(mapping(sources.data(RISK_SNAPSHOT).get("risk_config_meta")).get("testnet_overrides_active"))
    said: dict[str, bool | None] = {"BINANCE_TESTNET": _binance(sources.environ)}
    if overrides:
        said[f"{RISK_SNAPSHOT} testnet_overrides_active"] = True
    # Only the exact word speaks; any other environment says nothing about the exchange's testnet.
    for witness, name in (("ENV", sources.environ.get("ENV")), (ENGINE_METADATA, engine_environment(sources))):
        if (name or "").strip().lower() == TESTNET_WORD:
            said[witness] = True
    if said.get("ENV") and _makes_light(sources):
        said[ENGINE_METADATA] = False
    return {name: value for name, value in said.items() if value is not None}


def _binance(environ: Mapping[str, str]) -> bool | None:
    value = (environ.get("BINANCE_TESTNET") or "").strip().lower()
    return True if value in TRUE_WORDS else False if value in FALSE_WORDS else None
