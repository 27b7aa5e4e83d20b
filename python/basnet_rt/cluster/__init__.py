"""Corpora on a Ray cluster: the same results as the commands on one machine, from many machines.

This implements `--ray` of `basnet-rt extract`, `localize` and `tune`, and of `basnet-train run` and
`sweep`; docs/scale.md describes what happens when machines fail.
"""

from basnet_rt.cluster.extraction import extract, feature_store
from basnet_rt.cluster.localization import FeatureAddress, Plan, localize
from basnet_rt.cluster.manifest import Listed, read_manifest
from basnet_rt.cluster.place import Place
from basnet_rt.cluster.pool import SetAside, WorkerPool
from basnet_rt.cluster.records import RecordPlace, read_records
from basnet_rt.cluster.session import Workers, connected
from basnet_rt.cluster.tuning import choosing_on

__all__ = [
    "FeatureAddress",
    "Listed",
    "Place",
    "Plan",
    "RecordPlace",
    "SetAside",
    "WorkerPool",
    "Workers",
    "choosing_on",
    "connected",
    "extract",
    "feature_store",
    "localize",
    "read_manifest",
    "read_records",
]
