"""The fault table: every prepared fault, in the order of the chain."""

from __future__ import annotations

from tests.diagnostics import (
    faults_of_agents,
    faults_of_certificates,
    faults_of_clinics,
    faults_of_computers,
    faults_of_modules,
    faults_of_readers,
)
from tests.diagnostics.row import Row

_TABLES = (
    faults_of_computers,
    faults_of_readers,
    faults_of_modules,
    faults_of_certificates,
    faults_of_clinics,
    faults_of_agents,
)
ROWS: tuple[Row, ...] = tuple(row for table in _TABLES for row in table.TABLE.rows)
