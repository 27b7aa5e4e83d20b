"""Manifests, compose file and dashboard: valid by schema, and true of the program that they run.

Not run: Kubernetes, Docker Compose, Prometheus and Grafana themselves.
"""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml
from service_process import BUILD, FAKE, REPOSITORY

DEPLOY = REPOSITORY / "deploy"
KUBERNETES = "1.31"
MANIFESTS = [
    (path.name, document)
    for path in (DEPLOY / "kubernetes/service.yaml", DEPLOY / "kubernetes/redis.yaml")
    for document in yaml.safe_load_all(path.read_text())
]
BY_KIND = {document["kind"]: document for name, document in MANIFESTS if name == "service.yaml"}
COMPOSE = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
CONTAINER_FILE = (DEPLOY / "image/Containerfile").read_text()


@pytest.fixture(scope="module")
def schemas():
    """The schemas of Kubernetes, by the package that carries them."""
    return pytest.importorskip("kubernetes_validate", reason="of the development extra")


@pytest.fixture(scope="module")
def usage() -> str:
    """The options that the program says it has."""
    done = subprocess.run([str(BUILD / FAKE), "--help"], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("file", "document"),
    MANIFESTS,
    ids=lambda value: value.get("kind") if isinstance(value, dict) else value,
)
def test_a_manifest_is_valid_by_kubernetes_schema(schemas, file, document):
    schemas.validate(document, KUBERNETES, strict=True)


def test_a_wrong_manifest_would_be_found(schemas):
    wrong = json.loads(json.dumps(BY_KIND["Deployment"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
    with pytest.raises(schemas.ValidationError):
        schemas.validate(wrong, KUBERNETES, strict=True)


def options_given() -> list[str]:
    (container,) = BY_KIND["Deployment"]["spec"]["template"]["spec"]["containers"]
    command = re.search(r"^CMD (\[.*\])$", CONTAINER_FILE, re.MULTILINE)
    assert command is not None
    replicas = [COMPOSE["services"][f"replica-{i}"]["command"] for i in (1, 2, 3)]
    return [*container["args"], *json.loads(command[1]), *(w for words in replicas for w in words)]


def test_every_option_that_is_given_exists(usage):
    names = {word.partition("=")[0] for word in options_given()}
    assert len(names) >= 6
    assert {name for name in names if f"  {name} " not in usage} == set()


def test_a_pod_drains_before_it_is_killed_and_is_not_root():
    pod = BY_KIND["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    grace = next(int(a.partition("=")[2]) for a in container["args"] if a.startswith("--grace="))
    assert pod["terminationGracePeriodSeconds"] >= grace + 10  # for states and last answers
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["readinessProbe"]["grpc"]["port"] == 50051
    assert "replicas" not in BY_KIND["Deployment"]["spec"]  # else each apply undoes the autoscaler


def test_budget_autoscaler_and_service_name_the_same_pods():
    labels = BY_KIND["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert BY_KIND["Service"]["spec"]["selector"] == labels
    assert BY_KIND["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    scaler = BY_KIND["HorizontalPodAutoscaler"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == BY_KIND["Deployment"]["metadata"]["name"]
    (metric,) = scaler["metrics"]
    adapter = yaml.safe_load((DEPLOY / "kubernetes/prometheus_adapter.yaml").read_text())
    (rule,) = adapter["rules"]["custom"]
    assert rule["name"]["as"] == metric["pods"]["metric"]["name"]


def test_compose_runs_three_hardened_replicas_that_share_a_durable_redis():
    services = COMPOSE["services"]
    replicas = [services[name] for name in services if name.startswith("replica-")]
    assert len(replicas) == 3
    for replica in replicas:
        assert (replica["read_only"], replica["cap_drop"]) == (True, ["ALL"])
        assert replica["user"] == "65532:65532"
    redis = services["redis"]["command"][2]
    assert "appendonly yes" in redis
    assert "appendfsync always" in redis
    scraped = yaml.safe_load((DEPLOY / "compose/prometheus.yaml").read_text())["scrape_configs"]
    targets = scraped[0]["static_configs"][0]["targets"]
    assert {target.partition(":")[0] for target in targets} <= set(services)
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / "compose" / source).exists(), volume


def test_the_dashboard_asks_for_metrics_that_the_service_has():
    source = (REPOSITORY / "service/src/metrics.cpp").read_text()
    there = set(re.findall(r'"(basnet_rt_\w+)"', source))
    dashboard = json.loads((DEPLOY / "compose/dashboard.json").read_text())
    texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    texts.append((DEPLOY / "kubernetes/prometheus_adapter.yaml").read_text())
    asked = {name for text in texts for name in re.findall(r"basnet_rt_\w+", text)}
    made = "basnet_rt_push_to_processed_mean_seconds"  # by the adapter
    parts = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked - {made}}
    assert parts <= there
    assert len(parts) > 10
