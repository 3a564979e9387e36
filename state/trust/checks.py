"""Reconciliation: every pair of figures that must agree, whichever file they come from, in the order of the page."""

from state.facts.sources import Sources
from state.trust.aum_checks import check_aum
from state.trust.book_checks import book_checks
from state.trust.comparison import Check
from state.trust.copies import check_copies
from state.trust.nav_checks import Facts, nav_checks
from state.trust.ratio_checks import ratio_checks


def run_checks(sources: Sources, facts: Facts) -> list[Check]:
    """All of them."""
    return [
        *nav_checks(sources, facts),
        check_aum(sources, facts),
        *book_checks(sources, facts),
        *ratio_checks(sources, facts),
        check_copies(sources),
    ]
