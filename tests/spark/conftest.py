"""One cluster, and one session on it, for all tests of this folder."""

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from segue.adapters.spark.session import opened
from tests.spark.cluster import SETTINGS, Cluster, environment, running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A master and two workers."""
    before = dict(os.environ)
    os.environ.update(environment())
    with running() as cluster:
        yield cluster
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def spark(cluster: Cluster) -> Iterator[SparkSession]:
    """A session on the cluster."""
    with opened(cluster.master, SETTINGS) as session:
        yield session
