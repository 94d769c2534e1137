"""What is in deploy/ fits together and fits the programs."""
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "../..")
DEPLOY = os.path.join(TOP, "deploy")
sys.path[:0] = [os.path.join(TOP, "tests/integration"), os.path.join(TOP, "tests/lab")]

from daemon import BIN      # noqa: E402
from doors import make_pki  # noqa: E402


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture(name="objects", scope="module")
def manifests():
    """{(kind, name): object} of all that kustomize applies."""
    folder = os.path.join(DEPLOY, "kubernetes")
    names = yaml.safe_load(read(folder, "kustomization.yaml"))["resources"]
    assert sorted(names + ["kustomization.yaml"]) == sorted(os.listdir(folder))
    listed = [thing for name in names for thing in yaml.safe_load_all(read(folder, name))]
    found = {(thing["kind"], thing["metadata"]["name"]): thing for thing in listed}
    assert len(found) == len(listed)
    return found


@pytest.fixture(name="pod")
def pod_template(objects):
    return objects["StatefulSet", "caad"]["spec"]["template"]


def container(pod, name):
    return next(part for part in pod["spec"]["containers"] if part["name"] == name)


# ------------------------------------------------------------------ configurations

def accepted(text, folder):
    """caad takes the configuration, its certificates and its store being here."""
    folder.mkdir()
    pki = make_pki(str(folder))
    files = {"cert": pki.cert("server"), "key": pki.key("server"), "client_ca": pki.cert("ca")}
    for key, path in files.items():
        text = re.sub(rf"\b{key}: [^,}}\s]+", f"{key}: {path}", text)
    text = text.replace("sqlite:/var/lib/caad/", f"sqlite:{folder}/")
    path = folder / "under-test.yaml"
    path.write_text(text)
    return subprocess.run([os.path.join(BIN, "caad"), "--check-config", "--config", str(path)],
                          capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", sorted(name for name in os.listdir(DEPLOY)
                                        if name.endswith(".yaml")))
def test_caad_accepts_every_example(name, tmp_path):
    done = accepted(read(DEPLOY, name), tmp_path / name)
    assert done.returncode == 0, done.stderr


def test_caad_accepts_the_configuration_on_kubernetes(objects, tmp_path):
    text = objects["ConfigMap", "caad"]["data"]["caad.yaml"]
    done = accepted(text, tmp_path / "good")
    assert done.returncode == 0, done.stderr
    # and would not accept just anything
    assert accepted(text + "no_such_key: 1\n", tmp_path / "bad").returncode == 2


def test_the_products_are_the_same_everywhere(objects):
    lists = [yaml.safe_load(text)["products"] for text in (
        read(DEPLOY, "caad.yaml"), read(DEPLOY, "caad-cluster.yaml"),
        objects["ConfigMap", "caad"]["data"]["caad.yaml"])]
    assert lists[0] == lists[1] == lists[2]


@pytest.mark.skipif(not shutil.which("unbound-checkconf", path="/usr/sbin:/usr/bin:/sbin"),
                    reason="needs unbound-checkconf")
def test_unbound_accepts_its_configuration_on_kubernetes(objects, tmp_path):
    path = tmp_path / "unbound.conf"
    path.write_text(objects["ConfigMap", "caad-unbound"]["data"]["unbound.conf"])
    program = shutil.which("unbound-checkconf", path="/usr/sbin:/usr/bin:/sbin")
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ----------------------------------------------------------------------- manifests

def test_caad_asks_the_unbound_beside_it(objects):
    config = yaml.safe_load(objects["ConfigMap", "caad"]["data"]["caad.yaml"])
    unbound = objects["ConfigMap", "caad-unbound"]["data"]["unbound.conf"]
    address = re.search(r"interface: (\S+)\s+port: (\d+)", unbound)
    assert config["resolver"]["servers"] == [":".join(address.groups())]


def test_every_port_is_one_that_caad_listens_on(objects, pod):
    config = yaml.safe_load(objects["ConfigMap", "caad"]["data"]["caad.yaml"])
    urls = [door["url"] for door in config["listen"]] + [config["metrics"]["listen"]]
    listening = {int(url.rpartition(":")[2]) for url in urls if not url.startswith("ipc:")}
    ports = {port["name"]: port["containerPort"] for port in container(pod, "caad")["ports"]}
    assert set(ports.values()) == listening
    for port in objects["Service", "caad"]["spec"]["ports"]:
        assert ports[port["targetPort"]] == port["port"]
    allowed = {port["port"] for rule in objects["NetworkPolicy", "caad"]["spec"]["ingress"]
               for port in rule["ports"]}
    assert allowed == listening
    assert int(pod["metadata"]["annotations"]["prometheus.io/port"]) in listening
    for probe in "startupProbe", "readinessProbe", "livenessProbe":
        assert container(pod, "caad")[probe]["httpGet"]["port"] in ports
    exposed = re.search(r"^EXPOSE (.*)$", read(DEPLOY, "Dockerfile"), re.M).group(1)
    assert {int(port) for port in exposed.split()} == listening


def test_every_selector_finds_the_pods(objects, pod):
    labels = pod["metadata"]["labels"].items()
    for chosen in (objects["Service", "caad"]["spec"]["selector"],
                   objects["StatefulSet", "caad"]["spec"]["selector"]["matchLabels"],
                   objects["PodDisruptionBudget", "caad"]["spec"]["selector"]["matchLabels"],
                   objects["NetworkPolicy", "caad"]["spec"]["podSelector"]["matchLabels"]):
        assert chosen and chosen.items() <= labels


def test_every_volume_and_account_is_there(objects, pod):
    said = read(DEPLOY, "kubernetes/caad.yaml").partition("apiVersion")[0]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    mounts = {mount["name"] for part in pod["spec"]["containers"] for mount in part["volumeMounts"]}
    assert mounts == set(volumes)
    for volume in volumes.values():
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in objects
        if "secret" in volume:
            assert volume["secret"]["secretName"] in said
    for variable in container(pod, "caad")["env"]:
        assert variable["valueFrom"]["secretKeyRef"]["name"] in said
    assert ("ServiceAccount", pod["spec"]["serviceAccountName"]) in objects


def test_nothing_runs_with_more_than_it_needs(pod):
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["automountServiceAccountToken"] is False
    for part in pod["spec"]["containers"]:
        own = part["securityContext"]
        assert own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert part["resources"]["limits"]["memory"]


# --------------------------------------------------------------- image and package

def test_the_image_is_this_version_and_this_user(pod):
    version = re.search(r"project\(caad VERSION (\S+)", read(TOP, "CMakeLists.txt")).group(1)
    assert container(pod, "caad")["image"].endswith(f":{version}")
    number = str(pod["spec"]["securityContext"]["runAsUser"])
    dockerfile = read(DEPLOY, "Dockerfile")
    assert f"USER {number}:{number}\n" in dockerfile and f"--uid {number} " in dockerfile
    assert read(DEPLOY, "debian/changelog").startswith(f"caad ({version}) ")


def test_the_image_is_built_with_what_scripts_packages_installs():
    build = read(DEPLOY, "Dockerfile").partition("\nFROM debian:12-slim\n")[0]
    wanted = re.search(r"--no-install-recommends \\\n(.*?)&&", build, re.S).group(1)
    listed = re.search(r'^build="(.*?)"', read(TOP, "scripts/packages"), re.S | re.M).group(1)
    extra = {"clang-format", "git", "libcmocka-dev"}
    assert set(wanted.replace("\\", " ").split()) == set(listed.split()) - extra
